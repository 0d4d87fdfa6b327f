//! Listings: the live rooms, and the viewers of one room.

use actix_web::web::Data;
use qlive_rooms::LiveRoom;
use qlive_types::{Gender, LiveId, Page};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::wire::{JsonRows, SharedJson};
use crate::http::{ApiError, Call, FromParams, Params, Reader, State};

#[derive(IntoParams)]
pub(crate) struct LiveListInput {
    /// Counts from 1; a page has eight rows.
    #[param(value_type = Option<i64>, minimum = 1)]
    page: Page,
}

impl FromParams for LiveListInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            page: params.page()?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveRoomAnswer {
    id: i64,
    group_id: String,
    room_name: String,
    room_image: String,
    player: Players,
    /// All users in the room, the host and the guests on the mic included.
    audience_count: i64,
}

/// The avatars of the guests on the mic, or the image of an empty seat.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Players {
    boy: String,
    girl: String,
}

pub(crate) async fn get_livelist(
    state: Data<State>,
    Call(_reader, input): Call<Reader, LiveListInput>,
) -> Result<SharedJson<JsonRows<LiveRoomAnswer>>, ApiError> {
    let page = state.services.rooms.live_list(input.page).await?;
    let answer = |room: &LiveRoom| LiveRoomAnswer {
        id: room.live.get(),
        group_id: room.group.to_string(),
        room_name: room.name.clone(),
        room_image: room.image.clone(),
        player: Players {
            boy: room.boy.clone(),
            girl: room.girl.clone(),
        },
        audience_count: room.audience,
    };
    SharedJson::of(&page.rendered, || {
        Ok(JsonRows(page.rooms.iter().map(answer).collect()))
    })
}

#[derive(IntoParams)]
pub(crate) struct AudienceInput {
    #[param(value_type = i64)]
    live_id: LiveId,
    /// 1 male, 2 female.
    #[param(value_type = i32)]
    gender: Gender,
    #[param(value_type = Option<i64>, minimum = 1)]
    page: Page,
}

impl FromParams for AudienceInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.required_live_id()?,
            gender: params.required_gender()?,
            page: params.page()?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudienceAnswer {
    user_id: String,
    nickname: String,
    face_url: String,
    /// 0: watching, 1: applied for the mic.
    state: i32,
}

pub(crate) async fn get_users_info(
    state: Data<State>,
    Call(caller, input): Call<Reader, AudienceInput>,
) -> Result<JsonRows<AudienceAnswer>, ApiError> {
    let audience = state
        .services
        .rooms
        .audience(caller.0, input.live_id, input.gender, input.page)
        .await?;
    let answer = audience.into_iter().map(|viewer| AudienceAnswer {
        user_id: viewer.user.to_string(),
        nickname: viewer.nickname,
        face_url: viewer.face_url,
        state: i32::from(viewer.applied),
    });
    Ok(JsonRows(answer.collect()))
}
