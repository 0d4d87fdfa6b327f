//! The settings, `check-config`, and opening the services, without HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod audit;
mod check_config;
mod empty_secrets;
mod example_file;
mod open;
mod real_settings;
mod settings_keys;
