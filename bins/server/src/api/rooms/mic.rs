//! The mic: applying, inviting, taking a seat and leaving it.

use actix_web::web::{Data, Json};
use qlive_rooms::{AcceptOutcome, VisitNumber};
use qlive_types::{Gender, LiveId, UserId};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::inputs::RoomInput;
use crate::api::wire::Done;
use crate::http::{ApiError, Call, Caller, FromParams, Params, State};

pub(crate) async fn apply_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .services
        .rooms
        .apply(caller.0, input.live_id, input.presence)
        .await?;
    Ok(Json(Done::OK))
}

/// Won, or lost to a user who took the seat first.
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

pub(crate) async fn accept_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<AcceptAnswer>, ApiError> {
    Ok(Json(
        match state
            .services
            .rooms
            .accept(caller.0, input.live_id, input.presence)
            .await?
        {
            AcceptOutcome::Lost => AcceptAnswer::Lost(AcceptLost {
                code: "failed",
                error_msg: "抢麦失败",
            }),
            AcceptOutcome::Won {
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
    /// The user who leaves the mic.
    #[param(value_type = String)]
    user_id: UserId,
    /// The gender of that user: 1 male, 2 female.
    #[param(value_type = i32)]
    gender: Gender,
    #[param(value_type = Option<i64>)]
    presence: Option<VisitNumber>,
}

impl FromParams for LeaveMicroInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.required_live_id()?,
            user_id: params.required_user_id()?,
            gender: params.required_gender()?,
            presence: params.visit()?,
        })
    }
}

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
        .services
        .rooms
        .leave_micro(caller.0, live_id, user_id, gender, presence)
        .await?;
    Ok(Json(Done::OK))
}

pub(crate) async fn refuse_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .services
        .rooms
        .refuse(caller.0, input.live_id, input.presence)
        .await?;
    Ok(Json(Done::OK))
}

#[derive(ToSchema)]
pub(crate) struct GuestInput {
    #[schema(value_type = i64)]
    pub(crate) live_id: LiveId,
    #[schema(value_type = String)]
    pub(crate) user_id: UserId,
}

impl FromParams for GuestInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.required_live_id()?,
            user_id: params.required_user_id()?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteAnswer {
    /// How long the invitation can be accepted, in seconds.
    expires_in: u64,
}

pub(crate) async fn invite_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, GuestInput>,
) -> Result<Json<InviteAnswer>, ApiError> {
    let expires_in = state
        .services
        .rooms
        .invite(caller.0, input.live_id, input.user_id)
        .await?;
    Ok(Json(InviteAnswer {
        expires_in: expires_in.as_secs(),
    }))
}

pub(crate) async fn decline_micro(
    state: Data<State>,
    Call(caller, input): Call<Caller, GuestInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .services
        .rooms
        .decline(caller.0, input.live_id, input.user_id)
        .await?;
    Ok(Json(Done::OK))
}
