//! What can go wrong with a gift.

use qlive_configs::ConfigError;
use qlive_ledger::LedgerError;
use qlive_store::{Fallible, StoreError};
use qlive_types::TooMany;

/// A refusal or failure of this crate. Texts are for the log; the server has its own for clients.
#[derive(Debug, thiserror::Error)]
pub enum GiftsError {
    #[error("there is no such gift")]
    UnknownGift,
    #[error("there is no such receiver")]
    UnknownReceiver,
    #[error("nobody gives to himself")]
    ToOneself,
    /// So many of it cost more than there can be.
    #[error("the number is out of bounds")]
    BadNumber,
    #[error("giver and receiver are not both in that live room")]
    NotInRoom,
    #[error("the page is past the end")]
    PastTheEnd,
    /// A gift of the catalogue needs a name, a picture and an effect within their bounds.
    #[error("{0} is out of bounds")]
    BadField(&'static str),
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Configs(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fallible for GiftsError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(fault)
            | Self::Ledger(LedgerError::Store(fault))
            | Self::Configs(ConfigError::Store(fault)) => Some(fault),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for GiftsError {
    fn from(fault: diesel::result::Error) -> Self {
        Self::Store(fault.into())
    }
}

impl From<LedgerError> for GiftsError {
    fn from(error: LedgerError) -> Self {
        match error {
            // The purse was read in this transaction: somebody was faster, so decide anew.
            LedgerError::Short => Self::Store(StoreError::Contended),
            LedgerError::Store(fault) => Self::Store(fault),
            other => Self::Ledger(other),
        }
    }
}

impl From<TooMany> for GiftsError {
    fn from(error: TooMany) -> Self {
        Self::Ledger(error.into())
    }
}
