//! The vocabulary of the suites: a [`House`] is a fresh server with its
//! sandbox, a [`Phone`] is a mini-program that talks to it over HTTP.

mod contract;
mod house;
mod outside;
mod phone;
mod process;

pub use house::{House, eventually};
pub use phone::{Answer, Phone};
pub use process::Process;

/// The mini-program that the sandbox knows.
pub const APP: &str = "wxca891295c56f2c79";
