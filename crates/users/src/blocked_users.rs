//! Whom a user blocks. A blocked user can neither give to, invite nor like them, and does not learn
//! why.

use std::collections::HashSet;

use diesel::prelude::*;
use qlive_store::schema::{blocked_users, users};
use qlive_store::{Conn, StoreError, key_violation_as_contention, serialize_transactions};
use qlive_types::{Page, UserId};

use crate::profile_rows::UserRow;
use crate::{Profile, Users, UsersError};

/// The most users that one user may block.
const MOST_BLOCKED: i64 = 1_000;

impl Users {
    /// Stores that `user` blocks `blocked`, or no longer does. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`] when `blocked` does not exist, [`UsersError::BadField`] when
    /// both are the same user, [`UsersError::TooManyBlocked`] when 1,000 are blocked, or when the
    /// database fails.
    pub async fn set_block(
        &self,
        user: UserId,
        blocked: UserId,
        is_blocked: bool,
    ) -> Result<(), UsersError> {
        if user == blocked {
            return Err(UsersError::BadField("user_id"));
        }
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                serialize_transactions(conn, &format!("blocked_users:{user}"))?;
                if crate::find_user(conn, blocked)?.is_none() {
                    return Err(UsersError::UnknownUser);
                }
                let row = blocked_users::table.find((user.get(), blocked.get()));
                if !is_blocked {
                    diesel::delete(row).execute(conn)?;
                    return Ok(());
                }
                if row.count().get_result::<i64>(conn)? == 1 {
                    return Ok(());
                }
                let all = blocked_users::table.filter(blocked_users::user_id.eq(user.get()));
                if all.count().get_result::<i64>(conn)? >= MOST_BLOCKED {
                    return Err(UsersError::TooManyBlocked);
                }
                let row = (
                    blocked_users::user_id.eq(user.get()),
                    blocked_users::blocked_id.eq(blocked.get()),
                    blocked_users::created_at.eq(now.millis()),
                );
                let insert = diesel::insert_into(blocked_users::table).values(row);
                key_violation_as_contention(insert.execute(conn))?;
                Ok(())
            })
            .await
    }

    /// How many users a user blocks, and a page of them, those who were blocked last first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn blocked_users(
        &self,
        user: UserId,
        page: Page,
    ) -> Result<(i64, Vec<Profile>), UsersError> {
        self.db
            .read(move |conn| {
                // At most 1,000 numbers.
                let all: Vec<i64> = blocked_users::table
                    .filter(blocked_users::user_id.eq(user.get()))
                    .order((blocked_users::created_at.desc(), blocked_users::blocked_id))
                    .select(blocked_users::blocked_id)
                    .load(conn)?;
                let shown = page.of(&all);
                let rows: Vec<UserRow> = users::table
                    .filter(users::id.eq_any(shown))
                    .select(UserRow::as_select())
                    .load(conn)?;
                let found: Result<Vec<Profile>, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                let mut found = found?;
                let place =
                    |profile: &Profile| shown.iter().position(|id| *id == profile.user.get());
                found.sort_by_key(place);
                Ok((i64::try_from(all.len()).unwrap_or(i64::MAX), found))
            })
            .await
    }
}

/// Whether a user blocks another.
///
/// # Errors
/// When the database fails.
pub fn is_blocked(conn: &mut Conn, user: UserId, by: UserId) -> Result<bool, StoreError> {
    let row = blocked_users::table.find((by.get(), user.get()));
    Ok(row.count().get_result::<i64>(conn)? == 1)
}

/// The pairs of these users of whom the first blocks the second.
///
/// # Errors
/// When the database fails.
pub fn blocks_between(
    conn: &mut Conn,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashSet<(UserId, UserId)>, StoreError> {
    let ids: Vec<i64> = users.into_iter().map(UserId::get).collect();
    let found = blocked_users::table
        .filter(blocked_users::user_id.eq_any(&ids))
        .filter(blocked_users::blocked_id.eq_any(&ids))
        .select((blocked_users::user_id, blocked_users::blocked_id));
    // One array on PostgreSQL, whatever the number of users.
    let rows: Vec<(i64, i64)> = match conn {
        Conn::Pg(conn) => found.load(conn)?,
        Conn::Sqlite(conn) => found.load(conn)?,
    };
    let user = |id| UserId::new(id).ok_or(StoreError::Corrupt("blocked_users.user_id"));
    rows.into_iter()
        .map(|(by, blocked)| Ok((user(by)?, user(blocked)?)))
        .collect()
}
