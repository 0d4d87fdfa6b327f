//! The error of a call to the CSS cloud API.

use crate::http::ResponseError;

/// Why a call to the CSS cloud API failed.
#[derive(Debug, thiserror::Error)]
pub enum CssError {
    /// Tencent Cloud responded with an error code. The set of codes is open; see
    /// [`CssError::is_permanent`].
    #[error("CSS refused with {code}: {message}")]
    Refused { code: String, message: String },
    /// No usable response was received.
    #[error(transparent)]
    NoUsableResponse(#[from] ResponseError),
}

impl CssError {
    /// Returns whether the same request would be refused again.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        const TEMPORARY: [&str; 3] = [
            "InternalError",
            "RequestLimitExceeded",
            "FailedOperation.CallOtherSvrFailed",
        ];
        match self {
            Self::NoUsableResponse(_) => false,
            Self::Refused { code, .. } => !TEMPORARY.iter().any(|prefix| code.starts_with(prefix)),
        }
    }

    /// Returns whether the stream is not being pushed, so that there is nothing to cut or resume.
    pub(super) fn is_missing_stream(&self) -> bool {
        const CODES: [&str; 2] = [
            "FailedOperation.StreamNotExist",
            "FailedOperation.HasNotLivingStream",
        ];
        matches!(self, Self::Refused { code, .. } if CODES.contains(&code.as_str()))
    }
}
