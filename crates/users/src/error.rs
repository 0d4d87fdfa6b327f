//! Errors of this crate.

use std::time::Duration;

use qlive_ledger::LedgerError;
use qlive_store::{StoreError, TransactionError};
use qlive_tencent::wechat::{WechatError, errcode};

/// Why an operation on a user failed. The texts are for the log; the server has texts for clients.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    #[error("no secret is configured for this app")]
    UnknownApp,
    #[error("WeChat does not accept the login code")]
    InvalidCode,
    #[error("WeChat blocks this user's login")]
    BlockedByWechat,
    #[error("WeChat refuses further logins of this user for now")]
    TooManyLogins,
    /// WeChat did not answer, or is busy: the same call may succeed later.
    #[error("WeChat is not available: {0}")]
    WechatUnavailable(String),
    /// WeChat answered an error that the user did not cause.
    #[error("WeChat failed: {0}")]
    WechatFailed(String),
    /// WeChat does not accept the stored session key any more; a new login code is needed.
    #[error("the WeChat session has expired")]
    SessionExpired,
    #[error("the encrypted user data cannot be decrypted")]
    DecryptFailed,
    #[error("no such user")]
    UnknownUser,
    #[error("WeChat rates the text as risky")]
    ContentRejected,
    /// WeChat could not check the text, for a reason that is not the text's.
    #[error("WeChat did not check the text: {0}")]
    ContentUnchecked(String),
    /// The user has caused too many checks of texts within a minute.
    #[error("too many texts of this user to check")]
    TooManyNameChecks,
    /// The other user does not want this from the caller.
    #[error("the other user blocks the caller")]
    Blocked,
    #[error("the user blocks as many users as one may")]
    TooManyBlocked,
    /// The user has sent the most reports that one may send within a day; the next one may be sent
    /// after this time.
    #[error("too many reports within a day")]
    TooManyReports(Duration),
    /// There is no such report, or it is closed.
    #[error("there is no such open report")]
    UnknownReport,
    /// Whoever asked for something may not be the one who does it.
    #[error("it needs another operator")]
    SameOperator,
    /// A withdrawal of the user has not ended.
    #[error("a withdrawal of the user has not ended")]
    OpenWithdrawal,
    /// The user was erased already.
    #[error("the user was erased")]
    Erased,
    /// A profile field is not valid; holds its name.
    #[error("{0} is not valid")]
    BadField(&'static str),
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for UsersError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self {
            Some(error)
        } else {
            None
        }
    }
}

impl From<diesel::result::Error> for UsersError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<LedgerError> for UsersError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => Self::Store(error),
            other => Self::Ledger(other),
        }
    }
}

impl From<WechatError> for UsersError {
    fn from(error: WechatError) -> Self {
        match error {
            WechatError::NoUsableResponse(cause) => Self::WechatUnavailable(cause.to_string()),
            WechatError::Refused {
                code: errcode::SYSTEM_BUSY,
                message,
            } => Self::WechatUnavailable(message),
            WechatError::Refused {
                code: errcode::INVALID_LOGIN_CODE | errcode::USED_LOGIN_CODE,
                ..
            } => Self::InvalidCode,
            WechatError::Refused {
                code: errcode::HIGH_RISK_USER,
                ..
            } => Self::BlockedByWechat,
            WechatError::Refused {
                code: errcode::RATE_LIMITED,
                ..
            } => Self::TooManyLogins,
            other @ WechatError::Refused { .. } => Self::WechatFailed(other.to_string()),
        }
    }
}

/// Why a call that needs an access token of WeChat failed.
#[derive(Debug, thiserror::Error)]
pub enum WechatCallError {
    /// There is no access token that WeChat accepts. The call was not sent, or WeChat did nothing
    /// because of the token.
    #[error("no access token: {0}")]
    NoToken(UsersError),
    /// The call was sent and failed.
    #[error(transparent)]
    Call(WechatError),
}

impl From<WechatCallError> for UsersError {
    fn from(error: WechatCallError) -> Self {
        match error {
            WechatCallError::NoToken(error) => error,
            WechatCallError::Call(error) => error.into(),
        }
    }
}
