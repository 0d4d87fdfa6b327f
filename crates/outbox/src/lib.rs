//! What the outside must be told: Tencent IM, and the streams of CSS.
//!
//! A domain writes an [`Effect`] with [`post`] in the transaction of its cause.
//! Afterwards a [`Drainer`] in any instance delivers it, at least once. Rows of
//! one lane go out in the order of their ids, by one instance at a time: it
//! leases the lane, never a single row.
//!
//! Architecture invariants: nothing here knows why something is told. What a
//! delivery must look up at the last moment (who is applied, what a room is
//! called) comes through [`Facts`], which `rooms` implements.

mod deliver;
mod drain;
mod effect;
mod facts;
mod lanes;
mod office;
mod plan;
mod queue;

pub use deliver::Outside;
pub use drain::Drainer;
pub use effect::{Effect, Gift, Signal, Subject, Words};
pub use facts::{Account, Facts, Room};
pub use office::{Event, Listed, Office, Stats, Troubles, current_seq, events};
pub use queue::{Status, post};
