//! The outcome of one attempt to deliver a row.

use qlive_tencent::css::CssError;
use qlive_tencent::im::{ImError, Recovery};

/// The outcome of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    Delivered,
    /// No call was needed, and why.
    Skipped(&'static str),
    /// IM or CSS refused the call, and a repeated one would be refused too.
    Refused(String),
    /// The call failed; a later one may succeed.
    Failed(String),
}

impl AttemptOutcome {
    /// The outcome of a call to IM.
    pub(crate) fn of_im(result: Result<(), ImError>) -> Self {
        match result {
            Ok(()) => Self::Delivered,
            Err(error) => match error.recovery() {
                Recovery::RetryLater | Recovery::RenewUserSig => Self::Failed(error.to_string()),
                Recovery::ImportAccount | Recovery::CreateGroup | Recovery::Impossible => {
                    Self::Refused(error.to_string())
                }
            },
        }
    }

    /// The outcome of a call to CSS.
    pub(crate) fn of_css(result: Result<(), CssError>) -> Self {
        match result {
            Ok(()) => Self::Delivered,
            Err(error @ CssError::Refused { .. }) if error.is_permanent() => {
                Self::Refused(error.to_string())
            }
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}
