//! Double-entry gold.
//!
//! A [`Transfer`] moves coins from one [`Account`] to another; transfers that
//! stand or fall together are an [`Entry`]. [`post`] writes one in the caller's
//! transaction and moves the balances of the users concerned. What is written
//! stays: a correction is a new entry ([`reverse`]), and the database refuses
//! any change. [`recall`] and [`remember`] make a request that comes twice move
//! once. [`audit()`] proves all of it from the rows alone, and [`Sealer`] chains
//! them by hashes, so that a change behind our back shows.
//!
//! Architecture invariants: no gift, no order and no room is known here; every
//! function takes the open connection; no balance of a user is changed elsewhere;
//! system accounts have no balance row, so that no two gifts meet in one.

mod account;
mod audit;
mod chain;
mod entry;
mod error;
mod history;
mod post;
mod purse;
mod request;
mod reversal;

pub use account::{Account, Purpose, System};
pub use audit::{Audit, Offence, audit, offender};
pub use chain::{Sealer, seal};
pub use entry::{Code, Entry, Kind, Transfer, flow};
pub use error::LedgerError;
pub use history::{Movement, credited_since, history};
pub use post::post;
pub use purse::{Purse, Spending, purse};
pub use request::{Request, recall, remember};
pub use reversal::reverse;
