//! The gifts crate on both engines, against the sandbox and without HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod audit;
mod batches;
mod catalogue;
mod debt;
mod host_sums;
mod idempotency;
mod races;
mod rooms;
mod send;
mod support;
