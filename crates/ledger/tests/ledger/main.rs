//! Tests of the ledger's public functions on both engines, and of what the database refuses.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod audit;
mod chain;
mod daily_sums;
mod history;
mod idempotency;
mod income;
mod insert_only;
mod posting;
mod properties;
mod reversal;
mod support;
