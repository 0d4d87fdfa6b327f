//! The viewers of a room, for users in it.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;
use qlive_store::schema::{members, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, LiveId, Page, UserId};

use crate::error::RoomsError;
use crate::member::find_member;
use crate::service::Rooms;
use crate::user_type::UserType;

/// How many rows from the beginning are read as they are now. Pages further down are cut from an
/// order that is at most one second old, so that the last page costs what the others do.
const FRESH_ROWS: i64 = 64;

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
        let now = self.clock.tick();
        let order = self.audience_orders.get(live, gender, now);
        let order_is_known = order.is_some();
        let (audience, order) = self
            .db
            .read(move |conn| {
                find_member(conn, caller)?
                    .filter(|member| member.broadcast.live == live)
                    .ok_or(RoomsError::MembersOnly)?;
                if page.offset() < FRESH_ROWS {
                    return Ok((read_page(conn, live, gender, page)?, None));
                }
                let order = match order {
                    Some(order) => order,
                    None => Arc::new(read_order(conn, live, gender)?),
                };
                let rows = read_members(conn, live, page.of(&order))?;
                Ok::<_, RoomsError>((rows, Some(order)))
            })
            .await?;
        if let Some(order) = order
            && !order_is_known
        {
            self.audience_orders.put(live, gender, now, order);
        }
        Ok(audience)
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

impl TryFrom<AudienceRow> for AudienceMember {
    type Error = StoreError;

    fn try_from(row: AudienceRow) -> Result<Self, StoreError> {
        Ok(Self {
            user: UserId::new(row.user_id).ok_or(StoreError::Corrupt("users.id"))?,
            nickname: row.nickname,
            face_url: row.face_url,
            applied: row.state == UserType::Applied.number(),
        })
    }
}

/// The members of a room in one state, in the order of the list.
#[diesel::dsl::auto_type(no_type_alias)]
fn in_state(live: LiveId, gender: Gender, state: UserType) -> _ {
    let (live, gender, state): (i64, i32, i32) = (live.get(), gender.number(), state.number());
    members::table
        .filter(members::room_id.eq(live))
        .filter(members::gender.eq(gender))
        .filter(members::state.eq(state))
        .order((members::entered_at, members::visit, members::user_id))
}

/// Reads a page as it is now. Each state is read in the order of the index, so the cost is that of
/// the rows before the page.
fn read_page(
    conn: &mut Conn,
    live: LiveId,
    gender: Gender,
    page: Page,
) -> Result<Vec<AudienceMember>, StoreError> {
    let (mut ids, mut skip) = (Vec::new(), page.offset());
    for state in [UserType::Applied, UserType::Watching] {
        let missing = Page::ROWS - i64::try_from(ids.len()).unwrap_or(0);
        let found: Vec<i64> = in_state(live, gender, state)
            .limit(skip + missing)
            .select(members::user_id)
            .load(conn)?;
        let skipped = usize::try_from(skip).unwrap_or(0).min(found.len());
        ids.extend(found.iter().skip(skipped));
        skip -= i64::try_from(skipped).unwrap_or(0);
    }
    read_members(conn, live, &ids)
}

/// Reads the user ids of the whole list, in order.
fn read_order(conn: &mut Conn, live: LiveId, gender: Gender) -> Result<Vec<i64>, StoreError> {
    let mut ids = Vec::new();
    for state in [UserType::Applied, UserType::Watching] {
        let found: Vec<i64> = in_state(live, gender, state)
            .select(members::user_id)
            .load(conn)?;
        ids.extend(found);
    }
    Ok(ids)
}

/// Reads these users, in this order, without those who are no longer viewers of the room.
fn read_members(
    conn: &mut Conn,
    live: LiveId,
    ids: &[i64],
) -> Result<Vec<AudienceMember>, StoreError> {
    let rows: Vec<AudienceRow> = members::table
        .inner_join(users::table)
        .filter(members::user_id.eq_any(ids))
        .filter(members::room_id.eq(live.get()))
        .filter(members::state.eq_any(UserType::AUDIENCE))
        .select((users::id, users::nickname, users::face_url, members::state))
        .load(conn)?;
    let mut rows: HashMap<i64, AudienceRow> =
        rows.into_iter().map(|row| (row.user_id, row)).collect();
    ids.iter()
        .filter_map(|id| rows.remove(id))
        .map(TryInto::try_into)
        .collect()
}
