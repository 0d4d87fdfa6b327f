//! What can go wrong with money.

use qlive_store::{Fallible, StoreError};
use qlive_types::TooMany;

/// A refusal or failure of this crate. Texts are for the log.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A balance would go below zero.
    #[error("there are not enough coins")]
    Short,
    /// A balance would leave the range of coins.
    #[error("the amount is out of range")]
    TooMany,
    /// The key was used before, for something else.
    #[error("the request key was used for something else")]
    KeyReused,
    /// An entry without transfers, or sides that differ.
    #[error("the entry does not balance")]
    Unbalanced,
    #[error("there is no such entry")]
    UnknownEntry,
    /// Only grants and gifts are taken back, and each once.
    #[error("this entry cannot be reversed, or was reversed before")]
    NotReversible,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TooMany> for LedgerError {
    fn from(_: TooMany) -> Self {
        Self::TooMany
    }
}

impl Fallible for LedgerError {
    fn store(&self) -> Option<&StoreError> {
        if let Self::Store(fault) = self {
            Some(fault)
        } else {
            None
        }
    }
}

impl From<diesel::result::Error> for LedgerError {
    fn from(fault: diesel::result::Error) -> Self {
        Self::Store(fault.into())
    }
}
