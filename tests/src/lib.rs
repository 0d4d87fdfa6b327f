//! The vocabulary of the HTTP tests.
//!
//! A [`TestApp`] is a fresh server with its own sandbox, a [`TestClient`] is a mini-program that
//! talks to it over HTTP, and a [`Stage`] is a live broadcast with its host. `docs/testing.md`
//! shows how to write a test with them.

mod client;
mod console;
mod contract;
mod database;
mod money;
mod operator;
mod outage;
mod process;
mod raw;
mod rooms;
mod sandbox;
mod test_app;
mod wait;

pub use client::{Answer, TestClient};
pub use console::{OperatorBrowser, Reply, TestConsole};
pub use money::{blocks, fen, gifts, order_number, provider_paths, query_path};
pub use operator::named_operator;
pub use outage::{OtherProgram, StallingProxy};
pub use process::{ProcessOptions, ServerProcess};
pub use raw::{RawAnswer, RawConnection};
pub use rooms::{Stage, wait_for_timeout_worker};
pub use sandbox::stream_received;
pub use test_app::TestApp;
pub use wait::wait_until;

/// The id of the mini-program that the sandbox knows.
pub const APP: &str = qlive_app::SANDBOX_APP;
