//! Wire types that several operations share.

use qlive_rooms::Person;
use qlive_types::Page;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::error::ApiError;
use crate::http::routes::BASE;
use crate::http::{FromParams, Params, State};

#[derive(IntoParams)]
pub(crate) struct PageInput {
    /// Counts from 1.
    #[param(value_type = Option<i64>)]
    pub(crate) page: Page,
}

impl FromParams for PageInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            page: params.page()?,
        })
    }
}

/// A page of a listing, with absolute links to its neighbours.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paged<T> {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

impl<T> Paged<T> {
    /// The page of the listing at `path` below the base path.
    pub(crate) fn new(state: &State, path: &str, page: Page, count: i64, results: Vec<T>) -> Self {
        let link = |number: i64| format!("{}{BASE}{path}?page={number}", state.public_url);
        let number = page.number();
        let more = page.offset() + Page::ROWS < count;
        Self {
            count,
            next: more.then(|| link(number + 1)),
            previous: (number > 1).then(|| link(number - 1)),
            results,
        }
    }
}

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
