//! Sending a callback and reading its answer.

use serde_json::{Value, json};

/// Sends a callback; returns its status and JSON answer, or null when nobody answered.
pub(crate) async fn send_callback(request: reqwest::RequestBuilder) -> Value {
    match request.send().await {
        Ok(response) => {
            let status = response.status().as_u16();
            let answer = response.json::<Value>().await.unwrap_or(Value::Null);
            json!({"status": status, "answer": answer})
        }
        Err(error) => {
            tracing::warn!(error = %error.without_url(), "a callback was not answered");
            Value::Null
        }
    }
}
