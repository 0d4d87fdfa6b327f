//! Finding users, and the marks that operators set on them: the ban and the role of a matchmaker.

use std::collections::HashMap;

use diesel::prelude::*;
use qlive_store::schema::users;
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, Moment, Page, UserId};

use crate::{Profile, Users, UsersError};

/// A user in the list for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSummary {
    pub user: UserId,
    pub nickname: String,
    pub gender: Gender,
    pub matchmaker: bool,
    pub banned: bool,
    /// When the nickname was set although WeChat could not check it.
    pub name_unchecked_at: Option<Moment>,
    pub created_at: Moment,
}

impl From<Profile> for UserSummary {
    fn from(profile: Profile) -> Self {
        Self {
            user: profile.user,
            nickname: profile.nickname,
            gender: profile.gender,
            matchmaker: profile.matchmaker,
            banned: profile.banned_at.is_some(),
            name_unchecked_at: profile.name_unchecked_at,
            created_at: profile.created_at,
        }
    }
}

/// A row of `users`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct UserRow {
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

/// The user who registered with an openid, and whether they are banned.
pub(crate) fn find_by_openid(
    conn: &mut Conn,
    app_id: &str,
    openid: &str,
) -> Result<Option<(UserId, bool)>, StoreError> {
    let row: Option<(i64, Option<i64>)> = users::table
        .filter(users::app_id.eq(app_id).and(users::openid.eq(openid)))
        .select((users::id, users::banned_at))
        .get_result(conn)
        .optional()?;
    let Some((id, banned_at)) = row else {
        return Ok(None);
    };
    let user = UserId::new(id).ok_or(StoreError::Corrupt("users.id"))?;
    Ok(Some((user, banned_at.is_some())))
}

/// Bans a user, or lifts the ban when `banned_at` is `None`. Returns false when there is no such
/// user.
///
/// # Errors
/// When the database fails.
pub fn set_ban(
    conn: &mut Conn,
    user: UserId,
    banned_at: Option<Moment>,
) -> Result<bool, StoreError> {
    let updated = diesel::update(users::table.find(user.get()))
        .set(users::banned_at.eq(banned_at.map(Moment::millis)))
        .execute(conn)?;
    Ok(updated == 1)
}

/// Grants or revokes the role of a matchmaker. Returns false when there is no such user.
///
/// # Errors
/// When the database fails.
pub fn set_matchmaker(
    conn: &mut Conn,
    user: UserId,
    is_matchmaker: bool,
) -> Result<bool, StoreError> {
    let updated = diesel::update(users::table.find(user.get()))
        .set(users::matchmaker.eq(is_matchmaker))
        .execute(conn)?;
    Ok(updated == 1)
}

impl Users {
    /// The profile of a user.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or when the database fails.
    pub async fn profile(&self, user: UserId) -> Result<Profile, UsersError> {
        self.db
            .read(move |conn| find_user(conn, user)?.ok_or(UsersError::UnknownUser))
            .await
    }

    /// A page of all users, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    #[expect(
        clippy::disallowed_methods,
        reason = "a list for operators, whose pages end at 1,000"
    )]
    pub async fn list(&self, page: Page) -> Result<Vec<UserSummary>, UsersError> {
        self.db
            .read(move |conn| {
                let rows: Vec<UserRow> = users::table
                    .order((users::created_at.desc(), users::id))
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select(UserRow::as_select())
                    .load(conn)?;
                rows.into_iter()
                    .map(|row| Ok(Profile::try_from(row)?.into()))
                    .collect()
            })
            .await
    }
}
