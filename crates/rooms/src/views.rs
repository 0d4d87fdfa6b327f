//! What clients read of rooms. Nothing here changes a room.

mod audience;
pub(crate) mod audience_order;
mod for_operators;
mod gauges;
mod live_list;
pub(crate) mod live_list_cache;
pub(crate) mod stage;
mod sync;
mod whereabouts;
pub(crate) mod whereabouts_rows;

pub use audience::AudienceMember;
pub use for_operators::{
    ListedRoom, LiveRoomStatus, PastBroadcast, Present, RoomDetails, Seat, SeatStatus,
};
pub use gauges::Gauges;
pub use live_list_cache::{LivePage, LiveRoom};
pub use stage::{Stage, UserOnStage};
pub use sync::RoomSync;
pub use whereabouts_rows::Whereabouts;
