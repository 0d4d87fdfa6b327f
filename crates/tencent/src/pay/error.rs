//! The error of a call to WeChat Pay.

use super::merchant::SigningError;
use super::platform_keys::SignatureError;
use crate::http::ResponseError;

/// Why a call to WeChat Pay failed.
#[derive(Debug, thiserror::Error)]
pub enum PayError {
    /// WeChat Pay responded with an error code. The message is for the log only.
    #[error("WeChat Pay refused with {status} {code}: {message}")]
    Refused {
        status: u16,
        code: String,
        message: String,
    },
    /// No usable response was received, or its signature does not verify. WeChat Pay may have done
    /// what was requested.
    #[error(transparent)]
    NoUsableResponse(#[from] ResponseError),
}

impl From<SigningError> for PayError {
    fn from(error: SigningError) -> Self {
        Self::NoUsableResponse(ResponseError::Unsent(error.to_string()))
    }
}

impl From<SignatureError> for PayError {
    fn from(error: SignatureError) -> Self {
        Self::NoUsableResponse(ResponseError::Unverified(error.to_string()))
    }
}

impl PayError {
    /// Returns whether WeChat Pay has nothing under the requested number. Its documentation spells
    /// the code in several ways.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        const CODES: [&str; 6] = [
            "ORDER_NOT_EXIST",
            "ORDERNOTEXIST",
            "ORDER_NOT_EXISTS",
            "RESOURCE_NOT_EXISTS",
            "NOT_FOUND",
            "REFUND_NOT_EXISTS",
        ];
        matches!(self, Self::Refused { status: 404, code, .. } if CODES.contains(&code.as_str()))
    }

    /// Returns whether nothing was done and the same request would be refused again. That is not
    /// so for rate limits, an insufficient balance, system errors, and a wrong signature, which is
    /// our own configuration error.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        const TEMPORARY: [&str; 8] = [
            "SYSTEM_ERROR",
            "FREQUENCY_LIMITED",
            "FREQUENCY_LIMIT",
            "FREQUENCY_LIMIT_EXCEED",
            "RATELIMIT_EXCEEDED",
            "NOT_ENOUGH",
            "ALREADY_EXISTS",
            "OUT_TRADE_NO_USED",
        ];
        match self {
            // A wrong signature has status 401.
            Self::Refused {
                status: 400 | 403 | 404,
                code,
                ..
            } => !TEMPORARY.contains(&code.as_str()),
            Self::Refused { .. } | Self::NoUsableResponse(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> PayError {
        PayError::Refused {
            status,
            code: code.into(),
            message: String::new(),
        }
    }

    fn no_response() -> PayError {
        ResponseError::Transport("connection closed".into()).into()
    }

    #[test]
    fn only_a_lasting_refusal_is_permanent() {
        for (status, code) in [
            (400, "PARAM_ERROR"),
            (403, "USER_ACCOUNT_ABNORMAL"),
            (404, "MCH_NOT_EXISTS"),
            (400, "INVALID_REQUEST"),
        ] {
            assert!(refused(status, code).is_permanent(), "{status} {code}");
        }
        for (status, code) in [
            (500, "SYSTEM_ERROR"),
            (400, "SYSTEM_ERROR"),
            (429, "FREQUENCY_LIMITED"),
            (403, "FREQUENCY_LIMIT"),
            (403, "FREQUENCY_LIMIT_EXCEED"),
            (403, "RATELIMIT_EXCEEDED"),
            (403, "NOT_ENOUGH"),
            (400, "ALREADY_EXISTS"),
            (403, "OUT_TRADE_NO_USED"),
            (401, "SIGN_ERROR"),
        ] {
            assert!(!refused(status, code).is_permanent(), "{status} {code}");
        }
        assert!(!no_response().is_permanent());
    }

    #[test]
    fn all_spellings_of_the_missing_order_code_are_not_found() {
        for code in [
            "ORDER_NOT_EXIST",
            "ORDERNOTEXIST",
            "ORDER_NOT_EXISTS",
            "RESOURCE_NOT_EXISTS",
            "NOT_FOUND",
        ] {
            assert!(refused(404, code).is_not_found(), "{code}");
            assert!(!refused(400, code).is_not_found(), "{code}");
        }
        assert!(!refused(404, "MCH_NOT_EXISTS").is_not_found());
        assert!(!no_response().is_not_found());
    }
}
