//! Tests of the rooms without HTTP: the mic state machine alone, and each public operation on both
//! database engines, against the sandbox.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod broadcasts;
mod callers;
mod im_events;
mod message_filter;
mod mic;
mod operators;
mod races;
mod seats;
mod stream_events;
mod support;
mod timeouts;
mod views;
