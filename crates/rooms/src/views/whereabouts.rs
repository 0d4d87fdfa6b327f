//! In which room a user is.

use diesel::prelude::*;
use qlive_store::schema::{members, rooms, users};
use qlive_types::{GroupId, LiveId, UserId};

use crate::error::RoomsError;
use crate::service::Rooms;

/// The room that a user is in, and their place there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    pub live: LiveId,
    /// The IM group of the room.
    pub group: GroupId,
    /// The host's nickname.
    pub room_name: String,
    /// 1 watching, 2 applied, 3 male mic, 4 female mic, 5 host.
    pub user_type: i32,
}

#[derive(Queryable)]
struct WhereaboutsRow {
    room_id: i64,
    state: i32,
    group_id: String,
    nickname: String,
}

impl Rooms {
    /// The room that a user is in. `None` if they are in none.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn whereabouts(&self, user: UserId) -> Result<Option<Whereabouts>, RoomsError> {
        self.db
            .read_one(move |conn| {
                let row: Option<WhereaboutsRow> = members::table
                    .inner_join(rooms::table.on(rooms::id.eq(members::room_id)))
                    .inner_join(users::table.on(users::id.eq(rooms::host_id)))
                    .filter(members::user_id.eq(user.get()))
                    .select((
                        members::room_id,
                        members::state,
                        rooms::group_id,
                        users::nickname,
                    ))
                    .get_result(conn)
                    .optional()?;
                Ok(row.map(|row| Whereabouts {
                    live: LiveId::new(row.room_id),
                    group: GroupId::new(row.group_id),
                    room_name: row.nickname,
                    user_type: row.state,
                }))
            })
            .await
    }
}
