//! Errors of config operations.

use qlive_store::{StoreError, TransactionError};

/// Why a config operation failed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The key is not made of 1 to 64 of the characters `A-Z`, `0-9` and `_`.
    #[error("a key is 1 to 64 of A-Z, 0-9 and _")]
    BadKey,
    /// The key cannot have this value; the text says what it can have.
    #[error(transparent)]
    BadValue(#[from] ValueFault),
    /// The value is not the one that was to be replaced.
    #[error("the value has changed meanwhile")]
    Changed,
    /// No value is stored under the key.
    #[error("no such key")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a key cannot have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueFault {
    #[error("a value takes at most 64 KiB")]
    TooLong,
    #[error("a text holds characters that may not be shown, or is an address that is not public")]
    BadText,
    #[error("this key holds a JSON array")]
    NoArray,
    #[error("this key holds a JSON array of texts, none of them empty")]
    NoWords,
    #[error("this key holds a JSON object")]
    NoObject,
    #[error("this key holds a decimal with at most four places")]
    NoRate,
    #[error("this key holds the public address of a picture, http or https")]
    NoAddress,
    #[error("only a key that holds a list can be added to")]
    NoList,
    #[error("EXCHANGE_RATE and HOST_RATE together are at most 1")]
    SharesAboveOne,
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
