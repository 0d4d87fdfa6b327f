//! The wire of the sandbox, spoken over HTTP by clients written for these tests alone. No database
//! and no server of this project takes part; callbacks go to a receiver of the tests.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bills;
mod certificates;
mod clients;
mod control;
mod css;
mod faults;
mod im;
mod login;
mod message_push;
mod messages;
mod notices;
mod orders;
mod refunds;
mod support;
mod transfers;
mod virtual_payment;
