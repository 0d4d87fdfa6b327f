//! Reading profiles.

use std::collections::HashMap;

use diesel::prelude::*;
use qlive_ledger::{Balances, BalancesRow};
use qlive_store::schema::{ledger_balances, users};
use qlive_store::{Conn, Found, StoreError};
use qlive_types::{Gender, Moment, UserId};

use crate::profile::Profile;

/// A row of `users`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    id: i64,
    app_id: String,
    openid: String,
    nickname: String,
    gender: i32,
    age: i32,
    height: i32,
    area: String,
    face_url: String,
    name_known: bool,
    gender_known: bool,
    name_unchecked_at: Option<i64>,
    matchmaker: bool,
    banned_at: Option<i64>,
    banned_until: Option<i64>,
    ban_reason: String,
    erased_at: Option<i64>,
    last_login_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<UserRow> for Profile {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        Ok(Self {
            user: UserId::new(row.id).ok_or(StoreError::Corrupt("users.id"))?,
            app_id: row.app_id,
            openid: row.openid,
            nickname: row.nickname,
            gender: Gender::from_number(row.gender.into())
                .ok_or(StoreError::Corrupt("users.gender"))?,
            age: row.age,
            height: row.height,
            area: row.area,
            face_url: row.face_url,
            matchmaker: row.matchmaker,
            banned_at: row.banned_at.map(Moment::from_millis),
            banned_until: row.banned_until.map(Moment::from_millis),
            ban_reason: row.ban_reason,
            erased_at: row.erased_at.map(Moment::from_millis),
            last_login_at: row.last_login_at.map(Moment::from_millis),
            created_at: Moment::from_millis(row.created_at),
            ready: row.name_known && row.gender_known,
            name_known: row.name_known,
            gender_known: row.gender_known,
            name_unchecked_at: row.name_unchecked_at.map(Moment::from_millis),
        })
    }
}

/// The profile of a user.
///
/// # Errors
/// When the database fails.
pub fn find_user(conn: &mut Conn, user: UserId) -> Result<Option<Profile>, StoreError> {
    let row: Option<UserRow> = users::table
        .find(user.get())
        .select(UserRow::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// The profiles of those of these users who exist.
///
/// # Errors
/// When the database fails.
pub fn find_users(
    conn: &mut Conn,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, Profile>, StoreError> {
    let ids: Vec<i64> = users.into_iter().map(UserId::get).collect();
    let found = users::table.filter(users::id.eq_any(ids));
    // One array on PostgreSQL, whatever the number of users.
    let rows: Vec<UserRow> = match conn {
        Conn::Pg(conn) => found.select(UserRow::as_select()).load(conn)?,
        Conn::Sqlite(conn) => found.select(UserRow::as_select()).load(conn)?,
    };
    let mut profiles = HashMap::with_capacity(rows.len());
    for row in rows {
        let profile = Profile::try_from(row)?;
        profiles.insert(profile.user, profile);
    }
    Ok(profiles)
}

/// The profiles of users with their balances, in one statement.
pub(crate) fn find_with_balances(
    conn: &mut Conn,
    ids: &[UserId],
) -> Result<Found<UserId, (Profile, Balances)>, StoreError> {
    let found = users::table
        .left_join(ledger_balances::table.on(ledger_balances::user_id.eq(users::id)))
        .select((UserRow::as_select(), Option::<BalancesRow>::as_select()));
    let rows: Vec<(UserRow, Option<BalancesRow>)> = match ids {
        // A statement for one key is prepared once.
        [id] => found.filter(users::id.eq(id.get())).load(conn)?,
        _ => {
            let ids = ids.iter().map(|id| id.get());
            found.filter(users::id.eq_any(ids)).load(conn)?
        }
    };
    let profiles = rows.into_iter().map(|(profile, balances)| {
        let profile = Profile::try_from(profile)?;
        Ok((
            profile.user,
            (profile, balances.unwrap_or_default().to_balances()?),
        ))
    });
    profiles.collect()
}
