//! The error of a call to `api.weixin.qq.com`.

use serde_json::Value;

use crate::http::ResponseError;
use crate::json_fields::{integer, text};

/// Why a call to `api.weixin.qq.com` failed.
#[derive(Debug, thiserror::Error)]
pub enum WechatError {
    /// WeChat responded with an `errcode`. The message is for the log only.
    #[error("WeChat refused with {code}: {message}")]
    Refused { code: i64, message: String },
    /// No usable response was received.
    #[error(transparent)]
    NoUsableResponse(#[from] ResponseError),
}

/// Returns the response unless its `errcode` reports an error. A missing `errcode` means success,
/// as does 0.
pub(crate) fn check_errcode(response: Value) -> Result<Value, WechatError> {
    match integer(response.get("errcode")) {
        None | Some(0) => Ok(response),
        Some(code) => Err(WechatError::Refused {
            code,
            message: text(response.get("errmsg")),
        }),
    }
}
