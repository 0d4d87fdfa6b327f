//! The error of this crate's public functions.

use qlive_configs::ConfigError;
use qlive_ledger::LedgerError;
use qlive_store::{StoreError, TransactionError};
use qlive_types::AmountOutOfRange;
use qlive_users::UsersError;

use crate::mismatch::Mismatch;

/// A refusal or failure of this crate. The texts are for the log; the server has its own texts for
/// clients.
#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    #[error("there is no such block")]
    UnknownBlock,
    #[error("there is no such order")]
    UnknownOrder,
    #[error("there is no such withdrawal")]
    UnknownWithdrawal,
    /// No configured provider can serve this user or block.
    #[error("no configured provider can serve this")]
    ProviderUnavailable,
    /// The user has the most open orders that one user may have.
    #[error("too many open orders")]
    TooManyOrders,
    #[error("there is no such open complaint")]
    UnknownComplaint,
    /// The provider refused the order, which is closed.
    #[error("the provider refused: {0}")]
    ProviderRefused(String),
    /// The provider gave no clear answer.
    #[error("the provider gave no usable answer: {0}")]
    ProviderSilent(String),
    /// The named field of a new block is out of its bounds.
    #[error("{0} is out of bounds")]
    BadField(&'static str),
    /// The order is not paid, so it cannot be refunded.
    #[error("the order is not paid")]
    NotPaid,
    #[error("this cannot be refunded: {0}")]
    NotRefundable(Mismatch),
    /// Another refund that we requested is not settled. Virtual payment reports what is left of an
    /// order, not which refund took it; therefore refunds of one order are made one after another.
    #[error("another refund of this order is not settled yet")]
    RefundUnderWay,
    #[error("withdrawals are not configured")]
    WithdrawalsOff,
    /// The income is worth less than the least that WeChat transfers.
    #[error("the amount is below the least that can be transferred")]
    BelowMinimum,
    /// More income than may be withdrawn now.
    #[error("more than may be withdrawn")]
    NotWithdrawable,
    /// A refund left a debt, which must be paid first.
    #[error("the user has a debt")]
    InDebt,
    /// The user has the most withdrawals that may be open at a time.
    #[error("too many open withdrawals")]
    TooManyWithdrawals,
    /// The user is banned: nothing is paid out to them.
    #[error("the user is banned; nothing was approved")]
    Banned,
    /// WeChat requires the real name for this amount.
    #[error("a real name is required")]
    RealNameRequired,
    /// The withdrawal was decided before.
    #[error("the withdrawal was decided before")]
    AlreadyDecided,
    /// WeChat is being queried about the withdrawal.
    #[error("WeChat is being queried about it; try again in some minutes")]
    QueryUnderWay,
    /// The second approval needs another operator.
    #[error("the second approval must be another operator's")]
    SameOperator,
    #[error("that day was not compared with the bill")]
    UnknownDay,
    #[error("there is no such difference")]
    UnknownDifference,
    /// A difference of the day has no explanation.
    #[error("a difference is not explained")]
    Unexplained,
    /// A bill or a date that cannot be read.
    #[error("{0}")]
    Bill(String),
    #[error(transparent)]
    Ledger(LedgerError),
    #[error(transparent)]
    Users(UsersError),
    #[error(transparent)]
    Configs(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for PaymentsError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(fault)
            | Self::Ledger(LedgerError::Store(fault))
            | Self::Users(UsersError::Store(fault))
            | Self::Configs(ConfigError::Store(fault)) => Some(fault),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for PaymentsError {
    fn from(fault: diesel::result::Error) -> Self {
        Self::Store(fault.into())
    }
}

impl From<LedgerError> for PaymentsError {
    fn from(error: LedgerError) -> Self {
        match error {
            // The balances were read in this transaction, so another one has changed them since:
            // run this transaction again.
            LedgerError::InsufficientBalance | LedgerError::InDebt => {
                Self::Store(StoreError::Contended)
            }
            LedgerError::Store(fault) => Self::Store(fault),
            other => Self::Ledger(other),
        }
    }
}

impl From<UsersError> for PaymentsError {
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::Store(fault) => Self::Store(fault),
            other => Self::Users(other),
        }
    }
}

impl From<AmountOutOfRange> for PaymentsError {
    fn from(error: AmountOutOfRange) -> Self {
        Self::Ledger(error.into())
    }
}
