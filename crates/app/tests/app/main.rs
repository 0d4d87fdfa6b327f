//! The settings, `check-config`, and opening the services, without HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod audit;
mod check_config;
mod example_file;
mod open;
mod settings_keys;
