//! Callbacks of Tencent IM.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Payload, Query};
use qlive_rooms::FilterDecision;
use qlive_tencent::im::{ImCallback, verify_im_callback};
use qlive_tencent::parse_json;
use serde::Serialize;
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

impl ImAnswer {
    const fn new(decision: FilterDecision) -> Self {
        let (error_info, error_code) = match decision {
            FilterDecision::Allow => ("", 0),
            FilterDecision::Refuse => ("not allowed", 1),
        };
        Self {
            action_status: "OK",
            error_info,
            error_code,
        }
    }
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
    let body = body.ok().and_then(Result::ok).ok_or(ApiError::TOO_LARGE);
    let body = body.and_then(|body| parse_json(&body).ok_or(ApiError::BAD_BODY));
    let command = field("CallbackCommand");
    let body = match body {
        Ok(body) => body,
        // IM delivers the message when the answer is an error, so it must be refused explicitly.
        Err(_) if command.ends_with(".CallbackBeforeSendMsg") => {
            let verdict = CallbackVerdict::Unreadable;
            state.count_callback("im before", verdict);
            return Ok(Json(ImAnswer::new(FilterDecision::Refuse)));
        }
        Err(error) => return Err(error),
    };
    let callback = ImCallback::parse(command, &body);
    let kind = im_callback_kind(&callback);
    let is_from_rest_api = field("OptPlatform") == "RESTAPI";
    let rooms = &state.services.rooms;
    let decision = rooms.handle_im_callback(callback, is_from_rest_api).await?;
    let verdict = match decision {
        FilterDecision::Allow => CallbackVerdict::Accepted,
        FilterDecision::Refuse => CallbackVerdict::Refused,
    };
    state.count_callback(kind, verdict);
    Ok(Json(ImAnswer::new(decision)))
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
