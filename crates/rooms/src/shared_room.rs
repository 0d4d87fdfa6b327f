//! Whether users are in the same live room, for operations between them.

use std::collections::HashMap;

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

/// The live rooms that several users are in, for gifts between them.
#[derive(Debug, Default)]
pub struct SharedRooms {
    /// A user is in one room at most.
    by_user: HashMap<UserId, SharedRoom>,
}

impl SharedRooms {
    /// Loads the rooms that these users are in.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn load(
        conn: &mut Conn,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<Self, StoreError> {
        let ids: Vec<i64> = users.into_iter().map(UserId::get).collect();
        let found = members::table
            .inner_join(rooms::table.on(rooms::id.eq(members::room_id)))
            .filter(members::user_id.eq_any(ids))
            .select((
                members::user_id,
                members::room_id,
                members::broadcast_id,
                rooms::host_id,
            ));
        // One array on PostgreSQL, whatever the number of users.
        let rows: Vec<(i64, i64, i64, i64)> = match conn {
            Conn::Pg(conn) => found.load(conn)?,
            Conn::Sqlite(conn) => found.load(conn)?,
        };
        let mut by_user = HashMap::with_capacity(rows.len());
        for (user, room, broadcast, host) in rows {
            let about = BroadcastRef {
                live: LiveId::new(room),
                broadcast: BroadcastId::new(broadcast),
            };
            let host = UserId::new(host).ok_or(StoreError::Corrupt("rooms.host_id"))?;
            let user = UserId::new(user).ok_or(StoreError::Corrupt("members.user_id"))?;
            by_user.insert(user, SharedRoom { about, host });
        }
        Ok(Self { by_user })
    }

    /// The live room that both users are in. `None` if there is none, or if they are the same user.
    #[must_use]
    pub fn of(&self, one: UserId, other: UserId) -> Option<SharedRoom> {
        let room = *self.by_user.get(&one)?;
        let other_room = self.by_user.get(&other)?;
        (one != other && room.about.live == other_room.about.live).then_some(room)
    }
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
    Ok(SharedRooms::load(conn, [one, other])?.of(one, other))
}
