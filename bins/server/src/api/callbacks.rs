//! Callbacks of Tencent IM and CSS: verified first, then taken.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Data, Json, Query};
use qlive_rooms::Verdict;
use qlive_tencent::css::{LiveEvent, verify_callback as verify_live};
use qlive_tencent::im::{Callback, verify_callback as verify_im};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::State;
use crate::http::error::{ApiError, ErrorAnswer};

/// What Tencent IM expects. A refused message has `ErrorCode` 1.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImAnswer {
    #[serde(rename = "ActionStatus")]
    action_status: &'static str,
    #[serde(rename = "ErrorInfo")]
    error_info: &'static str,
    #[serde(rename = "ErrorCode")]
    error_code: i32,
}

/// Tencent IM tells who came and went, and asks what clients may say.
#[utoipa::path(post, path = "/wx/api/qlive/im_notify/", tag = "callbacks", request_body = Object,
    responses((status = 200, body = ImAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn im_notify(
    state: Data<State>,
    request: HttpRequest,
    query: Query<HashMap<String, String>>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<Json<ImAnswer>, ApiError> {
    let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let now = state.parts.clock.now().secs();
    let genuine = state.im_callback_token.as_ref().is_some_and(|token| {
        field("SdkAppid") == state.sdk_app_id.to_string()
            && verify_im(token, field("RequestTime"), field("Sign"), now)
    });
    if !genuine {
        return Err(forged(&state, &request, "im"));
    }
    let body = body.ok().ok_or(ApiError::TOO_LARGE)?;
    let body: Value = serde_json::from_slice(&body)
        .ok()
        .ok_or(ApiError::BAD_BODY)?;
    let callback = Callback::parse(field("CallbackCommand"), &body);
    let kind = match &callback {
        Callback::Unknown(command) => {
            tracing::info!(command, "an IM callback that we do not handle");
            "im unknown"
        }
        Callback::StateChange { .. } => "im state",
        Callback::MemberExit { .. } => "im exit",
        Callback::BeforeC2c { .. } | Callback::BeforeGroup { .. } => "im before",
        Callback::AfterC2c { .. } => "im after",
    };
    let verdict = state
        .parts
        .rooms
        .im_callback(callback, field("OptPlatform") == "RESTAPI")
        .await?;
    Ok(Json(match verdict {
        Verdict::Allow => {
            state.metrics.callback(kind, "taken");
            ImAnswer {
                action_status: "OK",
                error_info: "",
                error_code: 0,
            }
        }
        Verdict::Refuse => {
            state.metrics.callback(kind, "refused");
            ImAnswer {
                action_status: "OK",
                error_info: "not allowed",
                error_code: 1,
            }
        }
    }))
}

/// What CSS expects.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveAnswer {
    code: i32,
}

/// CSS tells that a stream started, stopped, or was photographed.
#[utoipa::path(post, path = "/wx/api/qlive/live_notify/", tag = "callbacks", request_body = Object,
    responses((status = 200, body = LiveAnswer), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn live_notify(
    state: Data<State>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<Json<LiveAnswer>, ApiError> {
    // What cannot be read cannot be genuine.
    let body: Option<Value> = body
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok());
    let now = state.parts.clock.now().secs();
    let key = state.live_callback_key.as_ref();
    let genuine = body.filter(|body| key.is_some_and(|key| verify_live(body, key, now)));
    let Some(body) = genuine else {
        return Err(forged(&state, &request, "live"));
    };
    let event = LiveEvent::parse(&body);
    let kind = match &event {
        LiveEvent::Started { .. } => "live start",
        LiveEvent::Stopped { .. } => "live stop",
        LiveEvent::Screenshot { .. } => "live screenshot",
        LiveEvent::Other(number) => {
            tracing::info!(number, "a stream event that we do not handle");
            "live unknown"
        }
    };
    state.parts.rooms.stream_event(event).await?;
    state.metrics.callback(kind, "taken");
    Ok(Json(LiveAnswer { code: 0 }))
}

/// Counts a callback that does not verify. Whoever sends many is told to slow down.
pub(super) fn forged(state: &State, request: &HttpRequest, kind: &str) -> ApiError {
    state.metrics.callback(kind, "forged");
    tracing::warn!(kind, "a callback does not verify");
    if state.limits.allows_forgery(request) {
        ApiError::FORGED
    } else {
        ApiError::TOO_MANY
    }
}
