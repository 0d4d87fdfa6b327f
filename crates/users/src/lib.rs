//! Accounts: who a person is, how he proves it, what he shows of himself.
//!
//! Architecture invariant: nothing here knows rooms. What touches an account
//! and a room at once (a ban, a role, a change of gender) is a method of
//! `rooms`, which calls the functions of this crate that take a connection.

mod accounts;
mod directory;
mod error;
mod gateway;
mod likes;
mod profile;
mod session;
pub mod tokens;
mod wallet;

pub use accounts::{Credentials, Registration, Users};
pub use directory::{Listed, find, set_ban, set_matchmaker};
pub use error::UsersError;
pub use gateway::{Apps, Gateway};
pub use profile::{Draft, Profile, ProfileChange, Signer, apply};
pub use tokens::Caller;
