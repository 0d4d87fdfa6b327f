//! What a client missed.

use actix_web::web::{Data, Json};
use qlive_types::LiveId;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::stage::StageAnswer;
use crate::http::{ApiError, Call, FromParams, Params, Reader, State};

#[derive(IntoParams)]
pub(crate) struct SyncInput {
    #[param(value_type = i64)]
    live_id: LiveId,
    /// The last `seq` that the client has seen; 0 when absent.
    since: Option<i64>,
}

impl FromParams for SyncInput {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            live_id: params.required_live_id()?,
            since: params.integer("since")?,
        })
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SyncAnswer {
    /// The number of the last message to the room's group.
    seq: i64,
    #[serde(flatten)]
    stage: StageAnswer,
    events: Vec<EventAnswer>,
}

/// A message to the room's group, as its `CloudCustomData` and text have it.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventAnswer {
    id: i64,
    seq: i64,
    broadcast_id: i64,
    /// Epoch milliseconds.
    at: i64,
    /// `{"type", "content"}`.
    #[schema(value_type = Object)]
    message: serde_json::Value,
}

pub(crate) async fn sync(
    state: Data<State>,
    Call(caller, input): Call<Reader, SyncInput>,
) -> Result<Json<SyncAnswer>, ApiError> {
    let sync = state
        .services
        .rooms
        .sync(caller.0, input.live_id, input.since.unwrap_or(0))
        .await?;
    let events = sync.events.into_iter().map(|event| EventAnswer {
        id: event.id,
        seq: event.seq,
        broadcast_id: event.broadcast.get(),
        at: event.at.millis(),
        message: event.message,
    });
    Ok(Json(SyncAnswer {
        seq: sync.seq,
        stage: sync.stage.into(),
        events: events.collect(),
    }))
}
