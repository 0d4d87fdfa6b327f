//! Answers the outbox's questions about rooms and accounts at the time of delivery.

use diesel::prelude::*;
use qlive_outbox::{AccountProfile, Lookup, RoomProfile};
use qlive_store::schema::{members, rooms};
use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment, UserId};

use crate::room::find_room;
use crate::user_type::UserType;
use crate::views::stage::count_by_gender;

/// Reads what a [`qlive_outbox::Dispatcher`] looks up.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutboxLookup;

impl Lookup for OutboxLookup {
    fn find_room(&self, conn: &mut Conn, live: LiveId) -> Result<Option<RoomProfile>, StoreError> {
        let Some(room) = find_room(conn, live)? else {
            return Ok(None);
        };
        let host =
            qlive_users::find_user(conn, room.host)?.ok_or(StoreError::Corrupt("rooms.host_id"))?;
        Ok(Some(RoomProfile {
            group: room.group,
            host: room.host,
            host_name: host.nickname,
            face_url: host.face_url,
            broadcast: room.broadcast,
        }))
    }

    fn applicant_counts(&self, conn: &mut Conn, live: LiveId) -> Result<[i64; 4], StoreError> {
        count_by_gender(conn, live)
    }

    fn find_account(
        &self,
        conn: &mut Conn,
        user: UserId,
    ) -> Result<Option<AccountProfile>, StoreError> {
        let profile = qlive_users::find_user(conn, user)?;
        Ok(profile.map(|profile| AccountProfile {
            nickname: profile.nickname,
            face_url: profile.face_url,
            gender: profile.gender,
        }))
    }

    fn on_stage_since(&self, conn: &mut Conn, user: UserId) -> Result<Option<Moment>, StoreError> {
        let times: Option<(Option<i64>, i64)> = members::table
            .find(user.get())
            .filter(members::state.eq_any(UserType::ON_STAGE))
            .select((members::seated_at, members::entered_at))
            .get_result(conn)
            .optional()?;
        // The host has no `seated_at`: they are on stage from their entry on.
        Ok(times
            .map(|(seated_at, entered_at)| Moment::from_millis(seated_at.unwrap_or(entered_at))))
    }

    fn mark_group_created(&self, conn: &mut Conn, live: LiveId) -> Result<(), StoreError> {
        diesel::update(rooms::table.find(live.get()))
            .set(rooms::group_ready.eq(true))
            .execute(conn)?;
        Ok(())
    }
}
