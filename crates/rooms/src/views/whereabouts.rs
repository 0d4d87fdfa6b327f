//! In which room a user is.

use qlive_store::StoreError;
use qlive_types::{GroupId, LiveId, UserId};

use crate::error::RoomsError;
use crate::member::find_member;
use crate::room::find_room;
use crate::service::Rooms;
use crate::user_type::UserType;

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

impl Rooms {
    /// The room that a user is in. `None` if they are in none.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn whereabouts(&self, user: UserId) -> Result<Option<Whereabouts>, RoomsError> {
        self.db
            .read(move |conn| {
                let Some(member) = find_member(conn, user)? else {
                    return Ok(None);
                };
                let room = find_room(conn, member.broadcast.live)?
                    .ok_or(StoreError::Corrupt("members.room_id"))?;
                let host = qlive_users::find_user(conn, room.host)?
                    .ok_or(StoreError::Corrupt("rooms.host_id"))?;
                Ok(Some(Whereabouts {
                    live: room.live,
                    group: room.group,
                    room_name: host.nickname,
                    user_type: UserType::new(member.state.place, member.state.gender).number(),
                }))
            })
            .await
    }
}
