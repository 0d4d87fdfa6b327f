//! Withdrawals: income paid out in yuan. A withdrawal is ours; a transfer is WeChat's.

pub(crate) mod list;
pub(crate) mod obstacle;
pub(crate) mod request;
pub(crate) mod review;
pub(crate) mod review_summary;
pub(crate) mod row;
pub(crate) mod rules;
pub(crate) mod settle;
pub(crate) mod state;
pub(crate) mod transfer;
