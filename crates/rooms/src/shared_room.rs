//! Whether two users are in the same live room, for operations between them.

use diesel::prelude::*;
use qlive_outbox::BroadcastRef;
use qlive_store::schema::{members, rooms};
use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, LiveId, UserId};

/// A live room that two users are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedRoom {
    pub about: BroadcastRef,
    pub host: UserId,
}

/// The live room that both users are in. `None` if there is none, or if they are the same user.
///
/// # Errors
/// A failure of the store.
pub fn shared_room(
    conn: &mut Conn,
    one: UserId,
    other: UserId,
) -> Result<Option<SharedRoom>, StoreError> {
    let rows: Vec<(i64, i64)> = members::table
        .filter(members::user_id.eq_any([one.get(), other.get()]))
        .select((members::room_id, members::broadcast_id))
        .load(conn)?;
    let [(room, broadcast), (other_room, _)] = rows.as_slice() else {
        return Ok(None);
    };
    if room != other_room {
        return Ok(None);
    }
    let host: i64 = rooms::table
        .find(room)
        .select(rooms::host_id)
        .get_result(conn)?;
    Ok(Some(SharedRoom {
        about: BroadcastRef {
            live: LiveId::new(*room),
            broadcast: BroadcastId::new(*broadcast),
        },
        host: UserId::new(host).ok_or(StoreError::Corrupt("rooms.host_id"))?,
    }))
}
