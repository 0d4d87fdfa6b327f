//! The stage of a room: the host and the guests on the mic.

use qlive_rooms::Stage;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::wire::SeatAnswer;

#[derive(Serialize, ToSchema)]
pub(crate) struct StageAnswer {
    anchor_info: Anchor,
    owner: SeatAnswer,
    male: SeatAnswer,
    female: SeatAnswer,
    user_type: i32,
    /// Empty unless the caller is on stage.
    push_url: String,
    /// How many men applied, men there are, women applied, women there are. The host is not
    /// counted.
    num_list: [i64; 4],
    live_id: i64,
    group_id: String,
    room_name: String,
    presence: i64,
}

/// The host.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    nickname: String,
    face_url: String,
}

impl From<Stage> for StageAnswer {
    fn from(stage: Stage) -> Self {
        Self {
            anchor_info: Anchor {
                nickname: stage.host_nickname.clone(),
                face_url: stage.host_face_url,
            },
            owner: stage.owner.into(),
            male: stage.male.into(),
            female: stage.female.into(),
            user_type: stage.user_type,
            push_url: stage
                .push_url
                .map(|url| url.expose_secret().to_owned())
                .unwrap_or_default(),
            num_list: stage.num_list,
            live_id: stage.live.get(),
            group_id: stage.group,
            room_name: stage.host_nickname,
            presence: stage.visit.get(),
        }
    }
}
