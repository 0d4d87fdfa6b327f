//! Gifts: the catalogue, and sending gifts.
//!
//! Architecture invariants: the coins, the record and the message of a gift are written in one
//! transaction; prices and shares are decided here, only the ledger moves coins; nothing here
//! knows orders.

mod audit;
mod catalogue;
mod catalogue_gift;
mod catalogue_page;
mod decided_gift;
mod error;
mod request;
mod send;
mod sent;
mod service;
mod shares;

pub use audit::audit;
pub use catalogue::NewGift;
pub use catalogue_gift::CatalogueGift;
pub use catalogue_page::CataloguePage;
pub use error::GiftsError;
pub use request::{SendGift, SendGiftOutcome};
pub use sent::SentGift;
pub use service::Gifts;
