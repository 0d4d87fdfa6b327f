//! Whether two users are in the same live room, for those who act on both.

use diesel::prelude::*;
use qlive_outbox::Subject;
use qlive_store::schema::{members, rooms};
use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, LiveId, UserId};

/// A live room that two users are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Company {
    pub about: Subject,
    pub host: UserId,
}

/// The live room that both are in, if there is one.
pub fn company(conn: &mut Conn, one: UserId, other: UserId) -> Result<Option<Company>, StoreError> {
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
    Ok(Some(Company {
        about: Subject {
            live: LiveId::new(*room),
            broadcast: BroadcastId::new(*broadcast),
        },
        host: UserId::new(host).ok_or(StoreError::Corrupt("rooms.host_id"))?,
    }))
}
