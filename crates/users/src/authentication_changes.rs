//! Changes of what instances remember about the callers they know; see
//! [`KnownTokens`](crate::KnownTokens).

use diesel::prelude::*;
use qlive_store::schema::authentication_changes;
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, UserId};

/// The most changes that are loaded or deleted at once.
const BATCH: i64 = 1_000;

/// Something that is remembered about a user has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticationChange {
    /// Ascending in the order of the statements, not of the commits.
    pub id: i64,
    pub user: UserId,
    pub at: Moment,
}

/// Records that something has changed which instances remember about a user: a ban, a deleted
/// token, a lost connection. Call it in the transaction that changes it.
///
/// # Errors
/// When the database fails.
pub fn record_authentication_change(
    conn: &mut Conn,
    user: UserId,
    now: Moment,
) -> Result<(), StoreError> {
    diesel::insert_into(authentication_changes::table)
        .values((
            authentication_changes::user_id.eq(user.get()),
            authentication_changes::at.eq(now.millis()),
        ))
        .execute(conn)?;
    Ok(())
}

/// The changes with ids above `after`, in ascending order, and whether there may be more of them.
///
/// # Errors
/// When the database fails.
pub fn load_authentication_changes(
    conn: &mut Conn,
    after: i64,
) -> Result<(Vec<AuthenticationChange>, bool), StoreError> {
    let rows: Vec<(i64, i64, i64)> = authentication_changes::table
        .filter(authentication_changes::id.gt(after))
        .order(authentication_changes::id)
        .limit(BATCH)
        .select((
            authentication_changes::id,
            authentication_changes::user_id,
            authentication_changes::at,
        ))
        .load(conn)?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows == BATCH);
    let changes = rows.into_iter().map(|(id, user, at)| {
        Ok(AuthenticationChange {
            id,
            user: UserId::new(user).ok_or(StoreError::Corrupt("authentication_changes.user_id"))?,
            at: Moment::from_millis(at),
        })
    });
    Ok((changes.collect::<Result<_, StoreError>>()?, is_full))
}

/// The id of the newest change; 0 when there is none.
///
/// # Errors
/// When the database fails.
pub fn newest_authentication_change(conn: &mut Conn) -> Result<i64, StoreError> {
    let newest: Option<i64> = authentication_changes::table
        .select(diesel::dsl::max(authentication_changes::id))
        .get_result(conn)?;
    Ok(newest.unwrap_or(0))
}

/// Deletes a batch of the changes before a moment. Returns whether there may be more of them.
///
/// # Errors
/// When the database fails.
pub fn delete_authentication_changes(conn: &mut Conn, before: Moment) -> Result<bool, StoreError> {
    let ids: Vec<i64> = authentication_changes::table
        .filter(authentication_changes::at.lt(before.millis()))
        .limit(BATCH)
        .select(authentication_changes::id)
        .load(conn)?;
    let is_full = i64::try_from(ids.len()).is_ok_and(|ids| ids == BATCH);
    let old = authentication_changes::table.filter(authentication_changes::id.eq_any(ids));
    diesel::delete(old).execute(conn)?;
    Ok(is_full)
}
