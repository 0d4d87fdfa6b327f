//! `qlive-admin` as a process, beside a running server.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod audit_log;
mod catalogue;
mod configs;
mod ledger;
mod mistakes;
mod orders;
mod outbox;
mod process;
mod rooms;
mod schema;
mod users;
mod withdrawals;
