//! What can go wrong with an account.

use qlive_ledger::LedgerError;
use qlive_store::{Fallible, StoreError};

/// A refusal or failure of this crate. Texts are for the log; the server has its own for clients.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    #[error("no secret is configured for this app")]
    UnknownApp,
    #[error("WeChat does not accept the login code")]
    InvalidCode,
    #[error("WeChat blocks this user's login")]
    BlockedByWechat,
    #[error("WeChat: too many logins of this user")]
    TooOften,
    /// No answer: the same call may succeed later.
    #[error("WeChat gives no answer: {0}")]
    WechatSilent(String),
    /// An answer that is no user's fault.
    #[error("WeChat failed: {0}")]
    WechatFailed(String),
    /// The session key is not the present one: a fresh login code is needed.
    #[error("the session with WeChat is over")]
    SessionExpired,
    #[error("the encrypted data does not open")]
    DecryptFailed,
    #[error("no such user")]
    UnknownUser,
    #[error("WeChat finds the text risky")]
    ContentRejected,
    /// A profile field out of its bounds.
    #[error("{0} is out of bounds")]
    BadField(&'static str),
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fallible for UsersError {
    fn store(&self) -> Option<&StoreError> {
        if let Self::Store(fault) = self {
            Some(fault)
        } else {
            None
        }
    }
}

impl From<diesel::result::Error> for UsersError {
    fn from(fault: diesel::result::Error) -> Self {
        Self::Store(fault.into())
    }
}
