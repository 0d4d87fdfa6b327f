//! What users do against each other: blocking and reporting.

use actix_web::web::{Data, Json};
use qlive_types::{LiveId, UserId};
use qlive_users::{NewReport, Profile, ReportKind};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::inputs::PageInput;
use crate::api::wire::{Done, Paged};
use crate::http::{ApiError, Call, Caller, FromParams, Params, Reader, State};

#[derive(ToSchema)]
pub(crate) struct BlockInput {
    #[schema(value_type = String)]
    user_id: UserId,
    /// 1 blocks the user, 0 lifts it.
    #[schema(value_type = i32)]
    block: bool,
}

impl FromParams for BlockInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: params.required_user_id()?,
            block: params.required_switch("block")?,
        })
    }
}

pub(crate) async fn block(
    state: Data<State>,
    Call(caller, input): Call<Caller, BlockInput>,
) -> Result<Json<Done>, ApiError> {
    let users = &state.services.users;
    users
        .set_block(caller.0, input.user_id, input.block)
        .await?;
    Ok(Json(Done::OK))
}

/// A user whom the caller blocks.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockedAnswer {
    user_id: String,
    nickname: String,
    face_url: String,
}

impl From<Profile> for BlockedAnswer {
    fn from(profile: Profile) -> Self {
        Self {
            user_id: profile.user.to_string(),
            nickname: profile.nickname,
            face_url: profile.face_url,
        }
    }
}

pub(crate) async fn get_blocked(
    state: Data<State>,
    Call(reader, input): Call<Reader, PageInput>,
) -> Result<Paged<BlockedAnswer>, ApiError> {
    let (count, blocked) = state
        .services
        .users
        .blocked_users(reader.0, input.page)
        .await?;
    let results = blocked.into_iter().map(Into::into).collect();
    let path = "qlive_user/block/";
    Ok(Paged::new(&state, path, input.page, count, results))
}

#[derive(ToSchema)]
pub(crate) struct ReportInput {
    #[schema(value_type = String)]
    user_id: UserId,
    /// `fraud`, `abuse`, `minor` (under age) or `other`.
    #[schema(value_type = String)]
    kind: ReportKind,
    /// The room where it happened.
    #[schema(value_type = Option<i64>)]
    live_id: Option<LiveId>,
    /// At most 500 characters.
    text: Option<String>,
}

impl FromParams for ReportInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let kind = ReportKind::parse(params.required_text("kind")?);
        Ok(Self {
            user_id: params.required_user_id()?,
            kind: kind.ok_or(ApiError::invalid("kind"))?,
            live_id: params.integer("live_id")?.map(LiveId::new),
            text: params.lines("text")?.map(str::to_owned),
        })
    }
}

pub(crate) async fn report(
    state: Data<State>,
    Call(caller, input): Call<Caller, ReportInput>,
) -> Result<Json<Done>, ApiError> {
    let new = NewReport {
        user: input.user_id,
        kind: input.kind,
        live: input.live_id,
        text: input.text.unwrap_or_default(),
    };
    state.services.users.report(caller.0, new).await?;
    Ok(Json(Done::OK))
}
