//! Callbacks of Tencent CSS about streams.

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Data, Json};
use qlive_tencent::css::{StreamEvent, verify_css_callback};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::forgery::count_forgery;
use crate::http::{ApiError, State};
use crate::metrics::CallbackVerdict;

/// The answer that Tencent CSS expects.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveAnswer {
    code: i32,
}

pub(crate) async fn live_notify(
    state: Data<State>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<Json<LiveAnswer>, ApiError> {
    // The signature is a field of the body: one that cannot be read cannot be verified.
    let body = body.ok();
    let body: Option<Value> = body.and_then(|body| serde_json::from_slice(&body).ok());
    let now = state.services.clock.now().secs();
    let key = state.live_callback_key.as_ref();
    let genuine = body.filter(|body| key.is_some_and(|key| verify_css_callback(body, key, now)));
    let Some(body) = genuine else {
        return Err(count_forgery(&state, &request, "live"));
    };
    let event = StreamEvent::parse(&body);
    let kind = stream_event_kind(&event);
    state.services.rooms.handle_stream_event(event).await?;
    state.count_callback(kind, CallbackVerdict::Accepted);
    Ok(Json(LiveAnswer { code: 0 }))
}

/// The kind of an event in the metrics.
fn stream_event_kind(event: &StreamEvent) -> &'static str {
    match event {
        StreamEvent::Started { .. } => "live start",
        StreamEvent::Stopped { .. } => "live stop",
        StreamEvent::Screenshot { .. } => "live screenshot",
        StreamEvent::Judged(_) => "live judged",
        StreamEvent::Unhandled(number) => {
            tracing::info!(number, "a stream event that is not handled");
            "live unknown"
        }
    }
}
