//! Errors of this crate.

use qlive_configs::ConfigError;
use qlive_ledger::LedgerError;
use qlive_store::{StoreError, TransactionError};
use qlive_types::AmountOutOfRange;

/// Why an operation on gifts failed. The texts are for the log; the server has texts for clients.
#[derive(Debug, thiserror::Error)]
pub enum GiftsError {
    #[error("there is no such gift")]
    UnknownGift,
    #[error("there is no such receiver")]
    UnknownReceiver,
    #[error("giver and receiver are the same user")]
    SelfGift,
    /// The number is not between 1 and `SendGift::MAX_NUM`, or the cost is above `Coins::MAX`.
    #[error("the number of gifts is out of bounds")]
    BadNumber,
    #[error("giver and receiver are not both in that live room")]
    NotInRoom,
    #[error("the giver is muted")]
    Muted,
    #[error("the receiver blocks the giver")]
    Blocked,
    #[error("the page is after the last one")]
    PastTheEnd,
    /// A field of a new gift is not valid; holds its name.
    #[error("{0} is not valid")]
    BadField(&'static str),
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Configs(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for GiftsError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error)
            | Self::Ledger(LedgerError::Store(error))
            | Self::Configs(ConfigError::Store(error)) => Some(error),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for GiftsError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<LedgerError> for GiftsError {
    fn from(error: LedgerError) -> Self {
        match error {
            // The coins were planned from balances that this transaction had read, so another
            // transaction changed them: run this one again.
            LedgerError::InsufficientBalance | LedgerError::InDebt => {
                Self::Store(StoreError::Contended)
            }
            LedgerError::Store(error) => Self::Store(error),
            other => Self::Ledger(other),
        }
    }
}

impl From<AmountOutOfRange> for GiftsError {
    fn from(error: AmountOutOfRange) -> Self {
        Self::Ledger(error.into())
    }
}
