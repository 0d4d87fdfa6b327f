//! Operations 10–12, 19, `invite_micro` and `decline_micro`: the mic.

use actix_web::web::{Data, Json};
use qlive_rooms::{Accepted, Presence};
use qlive_types::{Gender, LiveId, UserId};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::rooms::RoomInput;
use super::wire::Done;
use crate::http::error::{ApiError, ErrorAnswer};
use crate::http::{Call, Caller, FromParams, Params, State};

/// 10. Apply for the mic.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_room/apply_micro/", tag = "mic", request_body = RoomInput,
    security(("token" = [])),
    responses((status = 200, body = Done), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn apply_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .parts
        .rooms
        .apply(caller.0, input.live_id, input.presence)
        .await?;
    Ok(Json(Done::OK))
}

/// Won, or lost to somebody faster.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AcceptAnswer {
    Won(Box<AcceptWon>),
    Lost(AcceptLost),
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptWon {
    code: &'static str,
    play_url: String,
    push_url: String,
    nickname: String,
    area: String,
    age: i32,
    user_id: String,
    gender: i32,
    face_url: String,
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptLost {
    code: &'static str,
    error_msg: &'static str,
}

/// 11. Take the seat of one's gender. Two at once: exactly one wins.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_room/accept_micro/", tag = "mic", request_body = RoomInput,
    security(("token" = [])),
    responses((status = 200, body = AcceptAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn accept_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<AcceptAnswer>, ApiError> {
    Ok(Json(
        match state
            .parts
            .rooms
            .accept(caller.0, input.live_id, input.presence)
            .await?
        {
            Accepted::Lost => AcceptAnswer::Lost(AcceptLost {
                code: "failed",
                error_msg: "抢麦失败",
            }),
            Accepted::Won {
                profile,
                push_url,
                play_url,
            } => AcceptAnswer::Won(Box::new(AcceptWon {
                code: "success",
                play_url,
                push_url: push_url.expose_secret().to_owned(),
                nickname: profile.nickname,
                area: profile.area,
                age: profile.age,
                user_id: profile.user.to_string(),
                gender: profile.gender.number(),
                face_url: profile.face_url,
            })),
        },
    ))
}

#[derive(IntoParams)]
pub(crate) struct LeaveMicroInput {
    #[param(value_type = i64)]
    live_id: LiveId,
    /// Who leaves the mic.
    #[param(value_type = String)]
    user_id: UserId,
    /// His gender: 1 male, 2 female.
    #[param(value_type = i32)]
    gender: Gender,
    #[param(value_type = Option<i64>)]
    presence: Option<Presence>,
}

impl FromParams for LeaveMicroInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.live_id()?,
            user_id: params.required_user_id()?,
            gender: params.gender()?,
            presence: params.presence()?,
        })
    }
}

/// 12. Leave the mic, or put a guest down from it.
#[utoipa::path(get, path = "/wx/api/qlive/qlive_room/leave_micro/", tag = "mic", params(LeaveMicroInput),
    security(("token" = [])),
    responses((status = 200, body = Done), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn leave_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, LeaveMicroInput>,
) -> Result<Json<Done>, ApiError> {
    let LeaveMicroInput {
        live_id,
        user_id,
        gender,
        presence,
    } = input;
    state
        .parts
        .rooms
        .leave_micro(caller.0, live_id, user_id, gender, presence)
        .await?;
    Ok(Json(Done::OK))
}

/// 19. Withdraw an application, or turn an invitation down.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_room/refuse_micro/", tag = "mic", request_body = RoomInput,
    security(("token" = [])),
    responses((status = 200, body = Done), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn refuse_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .parts
        .rooms
        .refuse(caller.0, input.live_id, input.presence)
        .await?;
    Ok(Json(Done::OK))
}

#[derive(ToSchema)]
pub(crate) struct GuestInput {
    #[schema(value_type = i64)]
    live_id: LiveId,
    #[schema(value_type = String)]
    user_id: UserId,
}

impl FromParams for GuestInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.live_id()?,
            user_id: params.required_user_id()?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteAnswer {
    /// Seconds.
    expires_in: u64,
}

/// The host invites somebody present to the mic.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_room/invite_micro/", tag = "additions", request_body = GuestInput,
    security(("token" = [])),
    responses((status = 200, body = InviteAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn invite_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, GuestInput>,
) -> Result<Json<InviteAnswer>, ApiError> {
    let stands = state
        .parts
        .rooms
        .invite(caller.0, input.live_id, input.user_id)
        .await?;
    Ok(Json(InviteAnswer {
        expires_in: stands.as_secs(),
    }))
}

/// The host declines an application.
#[utoipa::path(post, path = "/wx/api/qlive/qlive_room/decline_micro/", tag = "additions", request_body = GuestInput,
    security(("token" = [])),
    responses((status = 200, body = Done), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn decline_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, GuestInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .parts
        .rooms
        .decline(caller.0, input.live_id, input.user_id)
        .await?;
    Ok(Json(Done::OK))
}
