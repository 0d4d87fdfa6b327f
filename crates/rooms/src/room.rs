//! The row of a room, and which broadcast is live in it.

use diesel::prelude::*;
use qlive_outbox::BroadcastRef;
use qlive_store::schema::{broadcasts, rooms};
use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, GroupId, LiveId, UserId};

/// A matchmaker's room, live or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) live: LiveId,
    pub(crate) host: UserId,
    pub(crate) group: GroupId,
    /// Whether IM has the room's group.
    pub(crate) group_ready: bool,
    pub(crate) broadcast: Option<BroadcastId>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rooms)]
struct RoomRow {
    id: i64,
    host_id: i64,
    group_id: String,
    group_ready: bool,
}

/// The room with this number.
pub(crate) fn find_room(conn: &mut Conn, live: LiveId) -> Result<Option<Room>, StoreError> {
    let found = rooms::table
        .left_join(broadcasts::table)
        .filter(rooms::id.eq(live.get()))
        .select((RoomRow::as_select(), broadcasts::id.nullable()))
        .get_result(conn);
    found.optional()?.map(into_room).transpose()
}

/// The room of this matchmaker.
pub(crate) fn find_room_of_host(conn: &mut Conn, host: UserId) -> Result<Option<Room>, StoreError> {
    let found = rooms::table
        .left_join(broadcasts::table)
        .filter(rooms::host_id.eq(host.get()))
        .select((RoomRow::as_select(), broadcasts::id.nullable()))
        .get_result(conn);
    found.optional()?.map(into_room).transpose()
}

/// The room whose IM group has this name.
pub(crate) fn find_room_of_group(
    conn: &mut Conn,
    group: &GroupId,
) -> Result<Option<Room>, StoreError> {
    let found = rooms::table
        .left_join(broadcasts::table)
        .filter(rooms::group_id.eq(group.as_str()))
        .select((RoomRow::as_select(), broadcasts::id.nullable()))
        .get_result(conn);
    found.optional()?.map(into_room).transpose()
}

fn into_room((row, broadcast): (RoomRow, Option<i64>)) -> Result<Room, StoreError> {
    Ok(Room {
        live: LiveId::new(row.id),
        host: UserId::new(row.host_id).ok_or(StoreError::Corrupt("rooms.host_id"))?,
        group: GroupId::new(row.group_id),
        group_ready: row.group_ready,
        broadcast: broadcast.map(BroadcastId::new),
    })
}

impl Room {
    /// The live broadcast, as messages refer to it.
    pub(crate) fn live_broadcast(&self) -> Option<BroadcastRef> {
        self.broadcast.map(|broadcast| BroadcastRef {
            live: self.live,
            broadcast,
        })
    }
}
