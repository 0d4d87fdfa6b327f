//! Callbacks of Tencent IM to the server under development.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::callback::send_callback;
use crate::json::set;
use crate::state::SandboxState;

/// Sends a callback, signed with the callback token. Returns `{"status", "answer"}`, or null when
/// nobody answered. The time of the event is now unless `body` has an `EventTime`.
pub(crate) async fn send_im_callback(
    sandbox: &SandboxState,
    command: &str,
    mut body: Value,
) -> Value {
    let now = sandbox.clock.now();
    set(&mut body, "CallbackCommand", command);
    if body.get("EventTime").is_none() {
        set(&mut body, "EventTime", now.millis());
    }
    let time = now.secs().to_string();
    let sign = Sha256::new()
        .chain_update(&sandbox.config.im_callback_token)
        .chain_update(&time)
        .finalize();
    let url = format!("{}im_notify/", sandbox.config.callback_base);
    let sdk_app_id = sandbox.config.sdk_app_id.to_string();
    let query = [
        ("SdkAppid", sdk_app_id.as_str()),
        ("CallbackCommand", command),
        ("contenttype", "json"),
        ("ClientIP", "127.0.0.1"),
        ("OptPlatform", "Web"),
        ("Sign", &hex::encode(sign)),
        ("RequestTime", &time),
    ];
    send_callback(sandbox.http.post(url).query(&query).json(&body)).await
}
