//! Test support for the domain crates.
//!
//! [`TestServices`] are the real services on a fresh database, against a sandbox that speaks the
//! real wire protocols of WeChat and Tencent, without the HTTP server. Callbacks that the sandbox
//! sends are recorded ([`Callback`]), so that a test decides when and how often each is handled.

mod callbacks;
mod services;

pub use callbacks::Callback;
pub use services::TestServices;
