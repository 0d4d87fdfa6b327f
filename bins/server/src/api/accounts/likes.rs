//! Likes between users.

use actix_web::web::{Data, Json};
use qlive_types::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::inputs::UserInput;
use crate::http::{ApiError, Call, Caller, FromParams, Params, Reader, State};

#[derive(ToSchema)]
pub(crate) struct LikeInput {
    #[schema(value_type = String)]
    user_id: UserId,
    #[schema(value_type = i32)]
    like_state: bool,
}

impl FromParams for LikeInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: params.required_user_id()?,
            like_state: params.required_switch("like_state")?,
        })
    }
}

/// `{"detail": "ok"}`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LikeDone {
    detail: &'static str,
}

pub(crate) async fn set_like(
    state: Data<State>,
    Call(caller, input): Call<Caller, LikeInput>,
) -> Result<Json<LikeDone>, ApiError> {
    state
        .services
        .users
        .set_like(caller.0, input.user_id, input.like_state)
        .await?;
    Ok(Json(LikeDone { detail: "ok" }))
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LikeAnswer {
    /// 1: the caller likes the user; 0: they do not.
    like_state: i32,
}

pub(crate) async fn get_like(
    state: Data<State>,
    Call(caller, input): Call<Reader, UserInput>,
) -> Result<Json<LikeAnswer>, ApiError> {
    let liked = state
        .services
        .users
        .is_liked(caller.0, input.user_id)
        .await?;
    Ok(Json(LikeAnswer {
        like_state: i32::from(liked),
    }))
}
