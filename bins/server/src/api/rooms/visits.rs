//! Entering and leaving rooms.

use actix_web::web::{Data, Json};
use qlive_rooms::VisitNumber;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::stage::StageAnswer;
use crate::api::inputs::{NoInput, RoomInput};
use crate::api::wire::Done;
use crate::http::{ApiError, Call, Caller, FromParams, Leaver, Params, Reader, State};

pub(crate) async fn get_playurl(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<StageAnswer>, ApiError> {
    let stage = state.services.rooms.enter(caller.0, input.live_id).await?;
    Ok(Json(StageAnswer::from(stage)))
}

pub(crate) async fn leave_room(
    state: Data<State>,
    Call(caller, input): Call<Leaver, RoomInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .services
        .rooms
        .leave(caller.unless_banned()?, input.live_id, input.presence)
        .await?;
    Ok(Json(Done::OK))
}

#[derive(IntoParams)]
pub(crate) struct LogoutInput {
    /// `hide`: the app went to the background.
    reason: Option<String>,
    #[param(value_type = Option<i64>)]
    presence: Option<VisitNumber>,
}

impl FromParams for LogoutInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            reason: params.text("reason")?.map(str::to_owned),
            presence: params.visit()?,
        })
    }
}

pub(crate) async fn logout(
    state: Data<State>,
    Call(caller, input): Call<Leaver, LogoutInput>,
) -> Result<Json<Done>, ApiError> {
    let hidden = input.reason.as_deref() == Some("hide");
    state
        .services
        .rooms
        .log_out(caller.user(), input.presence, hidden)
        .await?;
    Ok(Json(Done::OK))
}

/// The room of the caller; `""`, 0, `""`, 0 when they are in none.
#[derive(Serialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserStateAnswer {
    live_room_name: String,
    live_id: i64,
    group_id: String,
    user_type: i32,
}

pub(crate) async fn get_user_state(
    state: Data<State>,
    Call(caller, NoInput): Call<Reader, NoInput>,
) -> Result<Json<UserStateAnswer>, ApiError> {
    let here = state.services.rooms.whereabouts(caller.0).await?;
    let answer = here.map(|here| UserStateAnswer {
        live_room_name: here.room_name,
        live_id: here.live.get(),
        group_id: here.group.to_string(),
        user_type: here.user_type,
    });
    Ok(Json(answer.unwrap_or_default()))
}
