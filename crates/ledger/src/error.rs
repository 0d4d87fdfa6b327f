//! The refusals and failures of posting entries.

use qlive_store::{StoreError, TransactionError};
use qlive_types::AmountOutOfRange;

/// A refusal or a failure. The texts are for the log.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A balance would become negative, or a debt positive.
    #[error("the balance is insufficient")]
    InsufficientBalance,
    /// A user with a debt would spend income, or would be credited income before the debt is paid.
    #[error("the user has a debt, which income pays first")]
    InDebt,
    /// A balance or a sum would exceed [`qlive_types::Coins::MAX`].
    #[error("the amount is out of range")]
    AmountOutOfRange,
    /// The idempotency key was used before, with other input.
    #[error("the idempotency key was used with other input")]
    KeyReused,
    /// The entry has no transfers, or its sides have different sums.
    #[error("the entry does not balance")]
    Unbalanced,
    /// There is no entry with this id.
    #[error("there is no such entry")]
    UnknownEntry,
    /// The entry is not a grant or a gift, or it was reversed before.
    #[error("this entry cannot be reversed, or was reversed before")]
    NotReversible,
    /// A failure of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AmountOutOfRange> for LedgerError {
    fn from(_: AmountOutOfRange) -> Self {
        Self::AmountOutOfRange
    }
}

impl TransactionError for LedgerError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for LedgerError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}
