//! Operators on both engines: accounts, logins, sessions, links, forms and the audit log.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accounts;
mod authenticator;
mod forms;
mod links;
mod lockout;
mod sessions;
mod support;
mod terminal;
