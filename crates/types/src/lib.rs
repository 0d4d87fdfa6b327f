//! The words of the domain, and the two seams to the outside that every other
//! crate must share: the clock ([`Clock`]) and chance ([`random`]).
//!
//! Architecture invariant: nothing here does I/O, and nothing here knows a
//! database, a web framework or a provider.

mod clock;
mod ids;
mod money;
mod page;
mod people;
pub mod random;
pub mod text;

pub use clock::{Clock, Moment};
pub use ids::{BroadcastId, EntryId, GroupId, LiveId, UserId};
pub use money::{Coins, Fen, TooMany};
pub use page::Page;
pub use people::{Gender, Seat};
