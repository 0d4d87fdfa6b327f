//! Gifts: the catalogue that operators keep, and giving.
//!
//! Architecture invariants: a gift, its coins, its record and its message are
//! one transaction; prices and shares are decided here, coins are moved by the
//! ledger alone; no order is known here.

mod catalogue;
mod error;
mod give;
mod records;
mod shares;

pub use catalogue::{CatalogueGift, NewGift};
pub use error::GiftsError;
pub use give::{Gifts, Given, Giving};
pub use records::{Record, audit};
pub use shares::{Rates, Shares};
