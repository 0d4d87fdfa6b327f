//! Broadcasts: a matchmaker starts and ends one.

use actix_web::web::{Data, Json};
use qlive_rooms::MatchmakerEnterOutcome;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::inputs::{NoInput, RoomInput};
use crate::api::wire::Done;
use crate::http::{ApiError, Call, Caller, Reader, State};

pub(crate) async fn live_end(
    state: Data<State>,
    Call(caller, input): Call<Caller, RoomInput>,
) -> Result<Json<Done>, ApiError> {
    state
        .services
        .rooms
        .end(caller.0, input.live_id, input.presence)
        .await?;
    Ok(Json(Done::OK))
}

/// `status` `failed`: the matchmaker is banned, and there are no other fields.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum MatchmakerAnswer {
    Live(Box<MatchmakerLive>),
    Banned(MatchmakerBanned),
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchmakerBanned {
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchmakerLive {
    status: &'static str,
    user_id: String,
    live_id: i64,
    nickname: String,
    face_url: String,
    push_url: String,
    play_url: String,
    group_id: String,
    presence: i64,
}

pub(crate) async fn matchmaker_enter(
    state: Data<State>,
    Call(caller, NoInput): Call<Reader, NoInput>,
) -> Result<Json<MatchmakerAnswer>, ApiError> {
    Ok(Json(
        match state.services.rooms.matchmaker_enter(caller.0).await? {
            MatchmakerEnterOutcome::Banned => {
                MatchmakerAnswer::Banned(MatchmakerBanned { status: "failed" })
            }
            MatchmakerEnterOutcome::Live {
                live,
                group,
                profile,
                push_url,
                play_url,
                visit,
            } => MatchmakerAnswer::Live(Box::new(MatchmakerLive {
                status: "ok",
                user_id: profile.user.to_string(),
                live_id: live.get(),
                nickname: profile.nickname,
                face_url: profile.face_url,
                push_url: push_url.expose_secret().to_owned(),
                play_url,
                group_id: group,
                presence: visit.get(),
            })),
        },
    ))
}
