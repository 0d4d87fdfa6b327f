//! What deliveries of the outbox look up about rooms and accounts.

use diesel::prelude::*;
use qlive_outbox::{Account, Facts, Room};
use qlive_store::schema::{members, rooms};
use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment, UserId};

use crate::member::ON_STAGE;
use crate::{room, stage};

/// The present truth, for [`qlive_outbox::Outside`].
#[derive(Debug, Clone, Copy, Default)]
pub struct RoomFacts;

impl Facts for RoomFacts {
    fn room(&self, conn: &mut Conn, live: LiveId) -> Result<Option<Room>, StoreError> {
        let Some(room) = room::find(conn, live)? else {
            return Ok(None);
        };
        let host =
            qlive_users::find(conn, room.host)?.ok_or(StoreError::Corrupt("rooms.host_id"))?;
        Ok(Some(Room {
            group: room.group,
            host: room.host,
            name: host.nickname,
            face_url: host.face_url,
            live: room.broadcast,
        }))
    }

    fn num_list(&self, conn: &mut Conn, live: LiveId) -> Result<[i64; 4], StoreError> {
        stage::num_list(conn, live)
    }

    fn account(&self, conn: &mut Conn, user: UserId) -> Result<Option<Account>, StoreError> {
        let profile = qlive_users::find(conn, user)?;
        Ok(profile.map(|profile| Account {
            nickname: profile.nickname,
            face_url: profile.face_url,
            gender: profile.gender,
        }))
    }

    fn on_stage_since(&self, conn: &mut Conn, user: UserId) -> Result<Option<Moment>, StoreError> {
        let row: Option<(Option<i64>, i64)> = members::table
            .find(user.get())
            .filter(members::state.eq_any(ON_STAGE))
            .select((members::seated_at, members::entered_at))
            .get_result(conn)
            .optional()?;
        // The host is on stage from his entry on.
        Ok(row.map(|(seated_at, entered_at)| Moment::from_millis(seated_at.unwrap_or(entered_at))))
    }

    fn group_made(&self, conn: &mut Conn, live: LiveId) -> Result<(), StoreError> {
        diesel::update(rooms::table.find(live.get()))
            .set(rooms::group_ready.eq(true))
            .execute(conn)?;
        Ok(())
    }
}
