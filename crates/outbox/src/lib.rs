//! The outbox: calls to Tencent IM and CSS that are written in the transaction of their cause and
//! made afterwards.
//!
//! A domain crate writes a [`Delivery`] with [`enqueue`]. The [`OutboxWorker`] of any instance
//! makes the call, at least once. Rows belong to a [`Lane`]: the rows of one lane are delivered in
//! the order of their ids, by one instance at a time, which leases the lane. A failed call is
//! repeated later; a refused one is parked until an operator retries it ([`Outbox::retry`]). After
//! an outage, rows that are out of date are skipped.
//!
//! Architecture invariants: the crate does not know why something is delivered. What a delivery
//! reads when it is made, for instance the number of applicants, comes through [`Lookup`], which
//! the rooms implement. No transaction is open during a call.

mod attempt;
mod delivery;
mod dispatch_accounts;
mod dispatch_groups;
mod dispatch_streams;
mod dispatcher;
mod group_seq;
mod held_lanes;
mod instances;
mod lane;
mod lease;
mod limits;
mod lookup;
mod message;
mod operators;
mod plan;
mod prepared;
mod queue;
mod room_messages;
mod round;
mod sent_messages;
mod service;
mod settle;
mod sql;
mod status;
mod sweep;
mod worker;

pub use delivery::{BroadcastRef, Delivery};
pub use dispatcher::Dispatcher;
pub use group_seq::current_seq;
pub use lane::{Lane, LaneKind};
pub use limits::ImLimits;
pub use lookup::{AccountProfile, Lookup, RoomProfile};
pub use message::{DirectMessage, GiftMessage, GroupMessage, InvitationResponse};
pub use operators::OutboxRow;
pub use queue::{enqueue, enqueue_all};
pub use room_messages::RoomMessage;
pub use sent_messages::{SentMessage, sent_messages};
pub use service::{DeliveryFailures, Outbox, OutboxStats};
pub use status::Status;
pub use worker::OutboxWorker;
