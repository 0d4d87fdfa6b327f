//! Callbacks of Tencent IM.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Payload, Query};
use qlive_rooms::FilterDecision;
use qlive_tencent::im::{ImCallback, verify_im_callback};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::forgery::count_forgery;
use crate::http::{ApiError, BODY_LIMIT, State};
use crate::metrics::CallbackVerdict;

/// The answer that Tencent IM expects. `ErrorCode` 1: the message is not delivered.
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

pub(crate) async fn im_notify(
    state: Data<State>,
    request: HttpRequest,
    query: Query<HashMap<String, String>>,
    body: Payload,
) -> Result<Json<ImAnswer>, ApiError> {
    let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let now = state.services.clock.now().secs();
    let is_genuine = state.im_callback_token.as_ref().is_some_and(|token| {
        field("SdkAppid") == state.sdk_app_id.to_string()
            && verify_im_callback(token, field("RequestTime"), field("Sign"), now)
    });
    if !is_genuine {
        return Err(count_forgery(&state, &request, "im"));
    }
    // Only now: the signature is in the query, so a forged callback costs no more than its check.
    let body = body.to_bytes_limited(BODY_LIMIT).await;
    let body = body.ok().and_then(Result::ok).ok_or(ApiError::TOO_LARGE)?;
    let body: Value = serde_json::from_slice(&body)
        .ok()
        .ok_or(ApiError::BAD_BODY)?;
    let callback = ImCallback::parse(field("CallbackCommand"), &body);
    let kind = im_callback_kind(&callback);
    let is_from_rest_api = field("OptPlatform") == "RESTAPI";
    let rooms = &state.services.rooms;
    let decision = rooms.handle_im_callback(callback, is_from_rest_api).await?;
    let (verdict, error_info, error_code) = match decision {
        FilterDecision::Allow => (CallbackVerdict::Accepted, "", 0),
        FilterDecision::Refuse => (CallbackVerdict::Refused, "not allowed", 1),
    };
    state.metrics.count_callback(kind, verdict);
    Ok(Json(ImAnswer {
        action_status: "OK",
        error_info,
        error_code,
    }))
}

/// The kind of a callback in the metrics.
fn im_callback_kind(callback: &ImCallback) -> &'static str {
    match callback {
        ImCallback::Unhandled(command) => {
            tracing::info!(command, "an IM callback that is not handled");
            "im unknown"
        }
        ImCallback::StateChange { .. } => "im state",
        ImCallback::MemberExit { .. } => "im exit",
        ImCallback::BeforeC2cMessage { .. } | ImCallback::BeforeGroupMessage { .. } => "im before",
        ImCallback::AfterC2cMessage { .. } => "im after",
    }
}
