//! The row of a room and of its live broadcast.

use diesel::prelude::*;
use qlive_outbox::Subject;
use qlive_store::schema::{broadcasts, rooms};
use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, GroupId, LiveId, UserId};

/// A matchmaker's room, live or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) live: LiveId,
    pub(crate) host: UserId,
    pub(crate) group: GroupId,
    pub(crate) cover: String,
    pub(crate) group_ready: bool,
    pub(crate) broadcast: Option<BroadcastId>,
}

type Columns = (i64, i64, String, String, bool);
const COLUMNS: (
    rooms::id,
    rooms::host_id,
    rooms::group_id,
    rooms::cover,
    rooms::group_ready,
) = (
    rooms::id,
    rooms::host_id,
    rooms::group_id,
    rooms::cover,
    rooms::group_ready,
);

/// The room with this number.
pub(crate) fn find(conn: &mut Conn, live: LiveId) -> Result<Option<Room>, StoreError> {
    let row: Option<Columns> = rooms::table
        .find(live.get())
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(|row| with_broadcast(conn, row)).transpose()
}

/// The room of this matchmaker.
pub(crate) fn of_host(conn: &mut Conn, host: UserId) -> Result<Option<Room>, StoreError> {
    let row: Option<Columns> = rooms::table
        .filter(rooms::host_id.eq(host.get()))
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(|row| with_broadcast(conn, row)).transpose()
}

fn with_broadcast(
    conn: &mut Conn,
    (id, host, group, cover, group_ready): Columns,
) -> Result<Room, StoreError> {
    let broadcast: Option<i64> = broadcasts::table
        .filter(broadcasts::room_id.eq(id))
        .select(broadcasts::id)
        .get_result(conn)
        .optional()?;
    Ok(Room {
        live: LiveId::new(id),
        host: UserId::new(host).ok_or(StoreError::Corrupt("rooms.host_id"))?,
        group: GroupId::new(group),
        cover,
        group_ready,
        broadcast: broadcast.map(BroadcastId::new),
    })
}

impl Room {
    /// What messages about its live broadcast are about.
    pub(crate) fn about(&self) -> Option<Subject> {
        self.broadcast.map(|broadcast| Subject {
            live: self.live,
            broadcast,
        })
    }
}
