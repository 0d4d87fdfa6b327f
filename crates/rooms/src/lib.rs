//! Rooms: who is in them, who is on the mic, and what clients are sent about it.
//!
//! Every change of a member's state takes the same way, in one transaction (`transition`): the
//! member row is read, the state machine in [`mic`] decides, the row is written if it is still as
//! it was read, and the effects are written to the outbox.
//!
//! This crate knows neither gold nor HTTP. An operation that concerns both an account and a room
//! (a ban, a role, a change of gender) is a method of [`Rooms`].

mod activity;
mod authenticate;
mod authentication_worker;
mod bans;
mod broadcast;
mod comment_log;
mod comment_worker;
mod comments;
mod context;
mod effects;
mod erasures;
mod error;
mod event_log;
mod external;
mod member;
mod member_search;
pub mod mic;
mod mutes;
mod operators;
mod profile_update;
mod reasons;
mod removals;
mod room;
mod room_events;
mod screenshots;
mod seats;
mod service;
mod settings;
mod shared_room;
mod timeouts;
mod token_rows;
mod transition;
mod user_type;
mod views;
mod visit;
mod warnings;

pub use authenticate::Activity;
pub use authentication_worker::AuthenticationWorker;
pub use broadcast::start::MatchmakerEnterOutcome;
pub use comment_worker::CommentWorker;
pub use comments::{Comment, CommentFilter};
pub use error::RoomsError;
pub use event_log::RoomEventKind;
pub use external::{FilterDecision, OutboxLookup};
pub use mic::Admission;
pub use mutes::{LONGEST_MUTE, Mute, MutedGivers};
pub use room_events::{RoomEvent, RoomEventFilter};
pub use screenshots::{Screenshot, ScreenshotFilter};
pub use seats::AcceptOutcome;
pub use service::Rooms;
pub use settings::{RoomSettings, SignalSender};
pub use shared_room::{SharedRoom, SharedRooms, shared_room};
pub use timeouts::TimeoutWorker;
pub use views::{
    AudienceMember, Gauges, ListedRoom, LivePage, LiveRoom, LiveRoomStatus, PastBroadcast, Present,
    RoomDetails, RoomSync, Seat, SeatStatus, Stage, UserOnStage, Whereabouts,
};
pub use visit::VisitNumber;
