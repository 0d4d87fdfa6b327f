//! Answers the outbox's questions about rooms and accounts at the time of delivery, for many at
//! once.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use qlive_outbox::{AccountProfile, Lookup, RoomProfile};
use qlive_store::schema::{broadcasts, members, rooms, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, Gender, GroupId, LiveId, Moment, UserId};

use crate::user_type::UserType;
use crate::views::stage::counts_by_gender;

/// Reads what a [`qlive_outbox::Dispatcher`] looks up.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutboxLookup;

#[derive(Queryable)]
struct RoomRow {
    id: i64,
    group: String,
    host: i64,
    host_name: String,
    face_url: String,
    broadcast: Option<i64>,
}

impl Lookup for OutboxLookup {
    fn find_rooms(
        &self,
        conn: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<BTreeMap<LiveId, RoomProfile>, StoreError> {
        let rows: Vec<RoomRow> = rooms::table
            .inner_join(users::table)
            .left_join(broadcasts::table)
            .filter(rooms::id.eq_any(lives.iter().map(|live| live.get())))
            .select((
                rooms::id,
                rooms::group_id,
                rooms::host_id,
                users::nickname,
                users::face_url,
                broadcasts::id.nullable(),
            ))
            .load(conn)?;
        rows.into_iter()
            .map(|row| {
                let profile = RoomProfile {
                    group: GroupId::new(row.group),
                    host: UserId::new(row.host).ok_or(StoreError::Corrupt("rooms.host_id"))?,
                    host_name: row.host_name,
                    face_url: row.face_url,
                    broadcast: row.broadcast.map(BroadcastId::new),
                };
                Ok((LiveId::new(row.id), profile))
            })
            .collect()
    }

    fn applicant_counts(
        &self,
        conn: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<BTreeMap<LiveId, [i64; 4]>, StoreError> {
        counts_by_gender(conn, lives)
    }

    fn find_accounts(
        &self,
        conn: &mut Conn,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, AccountProfile>, StoreError> {
        let rows: Vec<(i64, String, String, i32)> = users::table
            .filter(users::id.eq_any(users.iter().map(|user| user.get())))
            .select((users::id, users::nickname, users::face_url, users::gender))
            .load(conn)?;
        rows.into_iter()
            .map(|(id, nickname, face_url, gender)| {
                let profile = AccountProfile {
                    nickname,
                    face_url,
                    gender: Gender::from_number(gender.into())
                        .ok_or(StoreError::Corrupt("users.gender"))?,
                };
                Ok((
                    UserId::new(id).ok_or(StoreError::Corrupt("users.id"))?,
                    profile,
                ))
            })
            .collect()
    }

    fn on_stage_since(
        &self,
        conn: &mut Conn,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, Moment>, StoreError> {
        let rows: Vec<(i64, Option<i64>, i64)> = members::table
            .filter(members::user_id.eq_any(users.iter().map(|user| user.get())))
            .filter(members::state.eq_any(UserType::ON_STAGE))
            .select((members::user_id, members::seated_at, members::entered_at))
            .load(conn)?;
        rows.into_iter()
            .map(|(id, seated_at, entered_at)| {
                let user = UserId::new(id).ok_or(StoreError::Corrupt("members.user_id"))?;
                // The host has no `seated_at`: they are on stage from their entry on.
                Ok((user, Moment::from_millis(seated_at.unwrap_or(entered_at))))
            })
            .collect()
    }

    fn mark_groups_created(
        &self,
        conn: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<(), StoreError> {
        let created = rooms::table.filter(rooms::id.eq_any(lives.iter().map(|live| live.get())));
        diesel::update(created)
            .set(rooms::group_ready.eq(true))
            .execute(conn)?;
        Ok(())
    }
}
