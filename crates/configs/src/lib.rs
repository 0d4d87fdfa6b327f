//! What operators change while it runs. Each known key has a kind, a default
//! and a side: public ones are shown to every client, private ones never.
//! Keys that operators add themselves are public.
//!
//! Architecture invariant: what a key means is decided here alone; other crates
//! get typed values out of a [`Snapshot`].

mod keys;
mod rate;
mod service;
mod snapshot;

pub use keys::ConfigError;
pub use rate::Rate;
pub use service::Configs;
pub use snapshot::Snapshot;
