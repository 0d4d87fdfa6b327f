//! Callbacks of CSS to the server under development.

use md5::{Digest as _, Md5};
use serde_json::Value;

use crate::callback::send_callback;
use crate::json::set;
use crate::state::SandboxState;

/// For how many seconds the signature of a callback is valid.
const SIGNATURE_SECS: i64 = 600;

/// Sends a callback, signed with the callback key. Returns `{"status", "answer"}`, or null when
/// nobody answered.
pub(crate) async fn send_stream_callback(sandbox: &SandboxState, mut body: Value) -> Value {
    let expires = sandbox.clock.now().secs() + SIGNATURE_SECS;
    let sign = Md5::new()
        .chain_update(&sandbox.config.live_callback_key)
        .chain_update(expires.to_string())
        .finalize();
    set(&mut body, "t", expires);
    set(&mut body, "sign", hex::encode(sign));
    let url = format!("{}live_notify/", sandbox.config.callback_base);
    send_callback(sandbox.http.post(url).json(&body)).await
}
