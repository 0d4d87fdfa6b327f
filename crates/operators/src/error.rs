//! Errors of this crate.

use qlive_store::{EmptyOperatorName, StoreError, TransactionError};
use qlive_types::Moment;

/// Why something about operators failed. The texts are for the log and the terminal; the console
/// has texts of its own.
#[derive(Debug, thiserror::Error)]
pub enum OperatorsError {
    /// The name or the password is wrong, or the account is disabled or has no password yet.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// The code is wrong, was used before, or is too old.
    #[error("the code is wrong or was used before")]
    WrongCode,
    /// After too many misses nothing is tried until then.
    #[error("too many attempts; locked until {}", .0.utc())]
    Locked(Moment),
    /// The link does not exist, was used, or is too old.
    #[error("the link was used or is too old")]
    BadLink,
    /// The password is too short, too long, or the name.
    #[error(
        "a password has {min} to {max} characters and is not the name",
        min = Self::MIN_PASSWORD,
        max = Self::MAX_PASSWORD
    )]
    BadPassword,
    #[error("there is no such operator")]
    UnknownOperator,
    #[error("an operator has this name")]
    NameTaken,
    /// Without an owner nobody could invite operators.
    #[error("the last owner cannot be disabled or given another role")]
    LastOwner,
    /// An authenticator is needed for this, or one is set up already.
    #[error("the authenticator is not in that state")]
    AuthenticatorState,
    /// Only a session that began with a link sets up the first authenticator of an account.
    #[error("an authenticator is set up with an invitation; an owner can reset the login")]
    LinkNeeded,
    /// The role of the account may not do this. The attempt is in the audit log.
    #[error("the role of this operator may not do this")]
    NotAllowed,
    /// In the terminal: the action needs a code of the operator's authenticator.
    #[error("this needs a code of the operator's authenticator (--code)")]
    CodeNeeded,
    #[error(transparent)]
    EmptyName(#[from] EmptyOperatorName),
    /// A name has at most 100 characters.
    #[error("a name has at most 100 characters")]
    LongName,
    /// The password could not be hashed.
    #[error("hashing failed: {0}")]
    Hashing(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperatorsError {
    /// The shortest password, in characters.
    pub const MIN_PASSWORD: usize = 12;
    /// The longest, so that hashing it takes bounded time.
    pub const MAX_PASSWORD: usize = 128;
}

impl From<diesel::result::Error> for OperatorsError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl TransactionError for OperatorsError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
