//! The users crate on both engines, against the sandbox and without HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod directory;
mod likes;
mod login;
mod profile;
mod register;
mod session;
mod support;
mod tokens;
mod wallet;
