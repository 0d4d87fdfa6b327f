//! Errors of config operations.

use qlive_store::{StoreError, TransactionError};

/// Why a config operation failed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The key is not made of 1 to 64 of the characters `A-Z`, `0-9` and `_`.
    #[error("a key is 1 to 64 of A-Z, 0-9 and _")]
    BadKey,
    /// The key cannot have this value; the text says what it can have.
    #[error("{0}")]
    BadValue(&'static str),
    /// The value is not the one that was to be replaced.
    #[error("the value has changed meanwhile")]
    Changed,
    /// No value is stored under the key.
    #[error("no such key")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for ConfigError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::BadKey | Self::BadValue(_) | Self::Changed | Self::Unknown => None,
        }
    }
}

impl From<diesel::result::Error> for ConfigError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}
