//! Rooms: who is present, who is on the mic, and what the room is told of it.
//!
//! Every change of a person's place goes the same way: his row is read, the
//! pure machine in `mic` decides, the row is written guarded by what was read,
//! and the effects go to the outbox, all in one transaction (`act`).
//!
//! Architecture invariants: no gold and no HTTP here; what touches an account
//! and a room at once is a method of this crate.

mod accounts;
mod act;
mod broadcast;
mod callbacks;
mod company;
mod door;
mod error;
mod facts;
mod keeper;
mod listing;
mod losses;
mod member;
pub mod mic;
mod presence;
mod room;
mod seats;
mod settings;
mod stage;
mod sync;
mod tell;

pub use broadcast::MatchmakerEntry;
pub use callbacks::{Speech, Verdict};
pub use company::{Company, company};
pub use door::Heard;
pub use error::RoomsError;
pub use facts::RoomFacts;
pub use keeper::Keeper;
pub use listing::{Audience, Gauges, LiveRoom, Whereabouts};
pub use mic::Admission;
pub use presence::Presence;
pub use seats::Accepted;
pub use settings::{Rooms, Settings, Speaks};
pub use stage::{Person, Stage};
pub use sync::Sync;
