//! Checks that change nothing: orders, refunds and withdrawals against the ledger, and against
//! WeChat's bill.

pub(crate) mod bill_rows;
pub(crate) mod difference;
pub(crate) mod ledger_rules;
pub(crate) mod reconcile;
pub(crate) mod reconcile_refunds;
pub(crate) mod stored;
