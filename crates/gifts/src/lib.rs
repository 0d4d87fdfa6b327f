//! Gifts: the catalogue, and sending gifts.
//!
//! Architecture invariants: the coins, the record and the message of a gift are written in one
//! transaction, which the gifts of a batch share; prices and shares are decided here, only the
//! ledger moves coins; nothing here knows orders.

mod audit;
mod batch;
mod batch_rows;
mod catalogue;
mod catalogue_gift;
mod catalogue_page;
mod decided_gift;
mod error;
mod gift_row;
mod host_sums;
mod queue;
mod request;
mod send;
mod sender;
mod sent;
mod service;
mod shares;

pub use audit::audit;
pub use catalogue::{NewGift, Sale};
pub use catalogue_gift::CatalogueGift;
pub use catalogue_page::CataloguePage;
pub use error::GiftsError;
pub use host_sums::{DAILY_HOST_SUMS, HostSum};
pub use request::{SendGift, SendGiftOutcome};
pub use sent::{SentGift, SentGiftFilter};
pub use service::Gifts;
