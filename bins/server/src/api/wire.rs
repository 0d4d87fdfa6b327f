//! Wire types that several operations share.

use qlive_rooms::Person;
use serde::Serialize;
use utoipa::ToSchema;

/// `{"detail": "OK"}`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    detail: &'static str,
}

impl Done {
    pub(crate) const OK: Self = Self { detail: "OK" };
}

/// A person on stage, or `{}` for an empty seat.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SeatAnswer {
    Taken(PersonAnswer),
    Empty(Empty),
}

/// `{}`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Empty {}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonAnswer {
    play_url: String,
    nickname: String,
    area: String,
    age: i32,
    user_id: String,
    face_url: String,
}

impl From<Option<Person>> for SeatAnswer {
    fn from(person: Option<Person>) -> Self {
        match person {
            None => Self::Empty(Empty {}),
            Some(person) => Self::Taken(PersonAnswer {
                play_url: person.play_url,
                nickname: person.nickname,
                area: person.area,
                age: person.age,
                user_id: person.user.to_string(),
                face_url: person.face_url,
            }),
        }
    }
}
