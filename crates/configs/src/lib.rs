//! Configs: what operators change while the server runs.
//!
//! A known key has a value type, a default and a visibility: clients can read the public ones.
//! Operators can add keys of their own, which are public.
//!
//! Architecture invariant: only this crate interprets keys; other crates read typed values from a
//! [`Snapshot`].

mod error;
mod forbidden_words;
mod keys;
mod rate;
mod service;
mod snapshot;

pub use error::{ConfigError, ValueFault};
pub use forbidden_words::ForbiddenWords;
pub use keys::{ValueType, default_value, is_rate, value_type};
pub use rate::Rate;
pub use service::Configs;
pub use snapshot::Snapshot;
