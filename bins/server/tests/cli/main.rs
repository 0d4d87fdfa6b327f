//! The server as a process: its commands, its settings, its log, and how it starts and ends.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod check_config;
mod database;
mod empty_secrets;
mod lifecycle;
mod log_secrets;
mod process;
mod refusal_log;
mod settings;
