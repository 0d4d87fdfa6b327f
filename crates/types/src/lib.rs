//! Types that every other crate shares: ids, gender, money, pages, the clock ([`Clock`]) and the
//! random number generator ([`random`]).
//!
//! Architecture invariant: nothing here does I/O except reading the clock and the operating
//! system's random numbers, and nothing here knows a database, a web framework or a provider.

mod characters;
mod client_address;
mod clock;
mod gender;
mod ids;
mod money;
mod page;
mod period;
pub mod random;
mod rendered;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
mod web_address;

pub use client_address::{ClientAddress, TrustedProxies};
pub use clock::{Clock, DAY, Moment, Tick};
pub use gender::Gender;
pub use ids::{BroadcastId, EntryId, GroupId, LiveId, UserId};
pub use money::{AmountOutOfRange, Coins, Fen};
pub use page::Page;
pub use period::Period;
pub use rendered::Rendered;
pub use web_address::WebAddressRules;
