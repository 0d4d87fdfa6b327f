//! The cloud API of CSS. Every action is accepted and remembered; no stream is really cut off.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::css::tc3::expected_authorization;
use crate::response::respond;
use crate::state::SandboxState;

/// By how many seconds the time of a request may differ from ours.
const MAX_SKEW_SECS: i64 = 300;

/// Tencent Cloud's error body.
fn cloud_error_body(code: &Value) -> Value {
    json!({"Response": {"Error": {"Code": code, "Message": "sandbox"}, "RequestId": "sandbox"}})
}

/// `POST /`: checks the signature and remembers the action.
pub(crate) async fn call_css(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let handle = || match accept_action(&sandbox, &request, &body) {
        Ok(answer) => answer,
        Err(code) => cloud_error_body(&json!(code)),
    };
    respond(&sandbox, &request, cloud_error_body, handle).await
}

fn accept_action(
    sandbox: &SandboxState,
    request: &HttpRequest,
    body: &[u8],
) -> Result<Value, &'static str> {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let now = sandbox.clock.now().secs();
    let time: i64 = header("X-TC-Timestamp").parse().unwrap_or(0);
    if (now - time).abs() > MAX_SKEW_SECS {
        return Err("AuthFailure.SignatureExpire");
    }
    let expected = expected_authorization(&sandbox.config, &header, body, time);
    if expected.as_deref() != Some(header("Authorization")) {
        return Err("AuthFailure.SignatureFailure");
    }
    let parameters: Value = serde_json::from_slice(body)
        .ok()
        .ok_or("InvalidParameter")?;
    let domain = parameters.get("DomainName").and_then(Value::as_str);
    if domain != Some(&sandbox.config.live_push_domain) {
        return Err("InvalidParameter.Domain");
    }
    let record = json!({"action": header("X-TC-Action"), "stream": parameters.get("StreamName"),
        "at": now, "asked": parameters});
    sandbox.records().streams.requests.push(record);
    Ok(json!({"Response": {"RequestId": "sandbox"}}))
}
