//! What can go wrong with payments.

use qlive_configs::ConfigError;
use qlive_ledger::LedgerError;
use qlive_store::{Fallible, StoreError};
use qlive_types::TooMany;
use qlive_users::UsersError;

/// A refusal or failure of this crate. Texts are for the log; the server has its own for clients.
#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    #[error("there is no such block")]
    UnknownBlock,
    #[error("there is no such order")]
    UnknownOrder,
    #[error("there is no such withdrawal")]
    UnknownWithdrawal,
    /// No provider is configured that this user, or this block, can pay by.
    #[error("no provider for this")]
    ProviderUnavailable,
    /// The user has as many open orders as one may have.
    #[error("too many open orders")]
    TooManyOrders,
    /// The provider would not take the order, which is closed.
    #[error("the provider refused: {0}")]
    ProviderRefused(String),
    /// The provider gave no clear answer.
    #[error("the provider gives no answer: {0}")]
    ProviderSilent(String),
    /// A block needs gold, a price, and a product id within their bounds.
    #[error("{0} is out of bounds")]
    BadField(&'static str),
    /// An order that is not paid cannot be refunded (yet).
    #[error("the order is not paid")]
    NotPaid,
    /// More than what is left of an order, or an amount that is none.
    #[error("this cannot be refunded: {0}")]
    NotRefundable(&'static str),
    /// Virtual payment tells what is left of an order, not which refund took it: one after the other.
    #[error("another refund of this order is under way")]
    RefundUnderWay,
    /// Withdrawals are not configured.
    #[error("withdrawals are not configured")]
    PayoutsOff,
    /// The income asked for comes to less than can be transferred.
    #[error("too little to be paid out")]
    TooLittle,
    /// More than may be withdrawn now.
    #[error("more than may be withdrawn")]
    NotWithdrawable,
    /// A refund left a debt, which comes first.
    #[error("there is debt")]
    InDebt,
    /// WeChat wants the real name for an amount like this.
    #[error("a real name is needed")]
    NameNeeded,
    /// The withdrawal is past review.
    #[error("it was decided before")]
    Decided,
    /// WeChat is just being asked about the withdrawal.
    #[error("WeChat is just being asked about it: try again in some minutes")]
    UnderWay,
    /// A second approval needs another name.
    #[error("the second approval must be somebody else's")]
    SameOperator,
    /// A bill that cannot be read, or no day.
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

impl Fallible for PaymentsError {
    fn store(&self) -> Option<&StoreError> {
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
            // The purse was read in this transaction: somebody was faster, so decide anew.
            LedgerError::Short => Self::Store(StoreError::Contended),
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

impl From<TooMany> for PaymentsError {
    fn from(error: TooMany) -> Self {
        Self::Ledger(error.into())
    }
}
