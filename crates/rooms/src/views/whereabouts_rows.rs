//! Reading in which room users are.

use diesel::prelude::*;
use qlive_store::schema::{members, rooms, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{GroupId, LiveId, UserId};

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
    user_id: i64,
    room_id: i64,
    state: i32,
    group_id: String,
    nickname: String,
}

/// The rooms that users are in, in one statement.
pub(crate) fn find_whereabouts(
    conn: &mut Conn,
    ids: &[UserId],
) -> Result<Vec<(UserId, Whereabouts)>, StoreError> {
    let found = members::table
        .inner_join(rooms::table.on(rooms::id.eq(members::room_id)))
        .inner_join(users::table.on(users::id.eq(rooms::host_id)))
        .select((
            members::user_id,
            members::room_id,
            members::state,
            rooms::group_id,
            users::nickname,
        ));
    let rows: Vec<WhereaboutsRow> = match ids {
        // A statement for one key is prepared once.
        [id] => found.filter(members::user_id.eq(id.get())).load(conn)?,
        _ => {
            let ids = ids.iter().map(|id| id.get());
            found.filter(members::user_id.eq_any(ids)).load(conn)?
        }
    };
    let whereabouts = rows.into_iter().map(|row| {
        let user = UserId::new(row.user_id).ok_or(StoreError::Corrupt("members.user_id"))?;
        let whereabouts = Whereabouts {
            live: LiveId::new(row.room_id),
            group: GroupId::new(row.group_id),
            room_name: row.nickname,
            user_type: row.state,
        };
        Ok((user, whereabouts))
    });
    whereabouts.collect()
}
