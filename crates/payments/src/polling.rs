//! Polling: due orders, refunds and withdrawals are queried at their provider.

pub(crate) mod lease;
pub(crate) mod poller;
pub(crate) mod schedule;
