//! [`Mismatch`]: why something does not belong to the record that it names.

/// Why a report, a callback or a refund does not match the order, refund or withdrawal that it
/// names. Nothing is changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("it is of another merchant")]
    Merchant,
    #[error("it is of another provider")]
    Provider,
    #[error("it is of another app")]
    App,
    #[error("it is in another currency")]
    Currency,
    #[error("the amount differs")]
    Amount,
    #[error("the amount is no valid amount")]
    InvalidAmount,
    #[error("it has no number")]
    NoNumber,
    #[error("the order was paid by another transaction")]
    PaidByOtherTransaction,
    #[error("the transaction has paid another order")]
    TransactionOfOtherOrder,
    #[error("virtual payment is not configured")]
    NotConfigured,
    #[error("it is of another buyer")]
    Buyer,
    #[error("it is of another environment")]
    Environment,
    #[error("it is for other goods")]
    Goods,
    #[error("it is of another order")]
    Order,
    #[error("it is of another payment")]
    Payment,
    #[error("more than what is left of the order")]
    MoreThanLeft,
    #[error("the refund is not done")]
    RefundNotDone,
    #[error("we requested that refund; it is queried without an operator")]
    RequestedByUs,
    #[error("that number belongs to another refund")]
    NumberInUse,
    #[error("the withdrawal was not approved")]
    NotApproved,
}
