//! The answer to a call before it is signed.

use serde_json::{Value, json};

/// An HTTP status and a body; null is an empty body.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    /// Success with a body.
    pub(crate) const fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// Success without a body.
    pub(crate) const fn no_content() -> Self {
        Self {
            status: 204,
            body: Value::Null,
        }
    }

    /// WeChat Pay's error body.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self {
            status,
            body: json!({"code": code, "message": "sandbox"}),
        }
    }

    /// The text that is sent and signed.
    pub(crate) fn body_text(&self) -> String {
        if self.body.is_null() {
            String::new()
        } else {
            self.body.to_string()
        }
    }
}
