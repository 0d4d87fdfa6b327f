//! The viewers of a room, for users in it.

use diesel::prelude::*;
use qlive_store::schema::{members, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, LiveId, Page, UserId};

use crate::error::RoomsError;
use crate::member::find_member;
use crate::service::Rooms;
use crate::user_type::UserType;

/// A viewer of a room: a user in it who is not on stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceMember {
    pub user: UserId,
    pub nickname: String,
    pub face_url: String,
    /// Whether they have applied for the mic.
    pub applied: bool,
}

impl Rooms {
    /// A page of a room's viewers of one gender: applicants first, then by time of entry.
    ///
    /// # Errors
    /// [`RoomsError::MembersOnly`] if the caller is not in the room, or a failure of the store.
    pub async fn audience(
        &self,
        caller: UserId,
        live: LiveId,
        gender: Gender,
        page: Page,
    ) -> Result<Vec<AudienceMember>, RoomsError> {
        self.db
            .read(move |conn| {
                find_member(conn, caller)?
                    .filter(|member| member.broadcast.live == live)
                    .ok_or(RoomsError::MembersOnly)?;
                Ok(read_audience(conn, live, gender, page)?)
            })
            .await
    }
}

/// A viewer's member row, joined with their user.
#[derive(Queryable)]
struct AudienceRow {
    user_id: i64,
    nickname: String,
    face_url: String,
    state: i32,
}

fn read_audience(
    conn: &mut Conn,
    live: LiveId,
    gender: Gender,
    page: Page,
) -> Result<Vec<AudienceMember>, StoreError> {
    let rows: Vec<AudienceRow> = members::table
        .inner_join(users::table)
        .filter(members::room_id.eq(live.get()))
        .filter(members::gender.eq(gender.number()))
        .filter(members::state.eq_any(UserType::AUDIENCE))
        .order((
            members::state.desc(),
            members::entered_at,
            members::visit,
            members::user_id,
        ))
        .offset(page.offset())
        .limit(Page::ROWS)
        .select((users::id, users::nickname, users::face_url, members::state))
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            Ok(AudienceMember {
                user: UserId::new(row.user_id).ok_or(StoreError::Corrupt("users.id"))?,
                nickname: row.nickname,
                face_url: row.face_url,
                applied: row.state == UserType::Applied.number(),
            })
        })
        .collect()
}
