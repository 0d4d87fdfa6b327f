//! Notices of WeChat Pay: their encrypted body and the request that delivers it.

use serde_json::{Value, json};

use crate::json::set;
use crate::state::SandboxState;
use crate::wechat_pay::encryption::encrypt_resource;

/// The body of a notice, with its resource encrypted.
pub(crate) fn notice_body(
    sandbox: &SandboxState,
    id: &str,
    event: &str,
    resource_type: &str,
    resource: &Value,
) -> String {
    let mut encrypted = encrypt_resource(sandbox, resource_type, &resource.to_string());
    set(&mut encrypted, "original_type", resource_type);
    json!({"id": id, "create_time": sandbox.clock.now().rfc3339(),
        "resource_type": "encrypt-resource", "event_type": event, "summary": "sandbox",
        "resource": encrypted})
    .to_string()
}

/// The HTTP request that delivers a notice with these headers.
pub(crate) fn notice_request(
    sandbox: &SandboxState,
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
) -> reqwest::RequestBuilder {
    let request = sandbox
        .http
        .post(url)
        .header("Content-Type", "application/json");
    headers
        .iter()
        .fold(request, |request, (name, value)| {
            request.header(*name, value)
        })
        .body(body)
}
