//! The error of a call to the IM REST API, and how to recover from it.

use crate::http::ResponseError;

/// Why a call to the IM REST API failed.
#[derive(Debug, thiserror::Error)]
pub enum ImError {
    /// IM responded with an error code (错误码). `info` is for the log only.
    #[error("IM refused with {code}: {info}")]
    Refused { code: i64, info: String },
    /// No usable response was received.
    #[error(transparent)]
    NoUsableResponse(#[from] ResponseError),
}

/// What can make a failed request succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Send the same request again later.
    RetryLater,
    /// Send the same request with a new UserSig of the administrator account.
    RenewUserSig,
    /// Import the account, then send the same request again.
    ImportAccount,
    /// Create the group, then send the same request again.
    CreateGroup,
    /// Nothing: the same request will be refused again.
    Impossible,
}

impl ImError {
    /// Returns what can make the request succeed. An unknown error code counts as permanent.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NoUsableResponse(_) => Recovery::RetryLater,
            Self::Refused { code, .. } => match code {
                60004 | 60005 | 70001 | 70003 => Recovery::RenewUserSig,
                60007 | 60008 | 60011 | 60018 | 60019 | 10002 | 10023 | 20004 | 20005 | 40006
                | 70169 | 70202 | 70500 | 90992 | 90994 | 90995 | 91000 => Recovery::RetryLater,
                70107 | 90012 | 90048 | 40003 => Recovery::ImportAccount,
                10010 => Recovery::CreateGroup,
                _ => Recovery::Impossible,
            },
        }
    }
}
