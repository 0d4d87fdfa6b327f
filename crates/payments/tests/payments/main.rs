//! Tests of the payments without our HTTP server: each public operation on both database engines,
//! against the sandbox. The callbacks of the sandbox are recorded, and handled when a test wants.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bill_cells;
mod blocks;
mod daily_money;
mod ledger_rules;
mod notices;
mod orders;
mod polling;
mod pushes;
mod races;
mod reconcile;
mod refund_approval;
mod refunds;
mod reviews;
mod support;
mod virtual_refunds;
mod withdrawals;
