//! Tests of the outbox on both engines: what is written, in which order it is delivered, and what
//! the sandbox receives, which implements the wire protocols of IM and CSS.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod enqueue;
mod groups;
mod leases;
mod messages;
mod operators;
mod outage;
mod sent_messages;
mod streams;
mod support;
mod sweep;
