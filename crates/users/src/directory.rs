//! Finding users, and the marks that operators set on them: the ban and the role of a matchmaker.

use std::collections::BTreeMap;

use diesel::prelude::*;
use qlive_ledger::Balances;
use qlive_store::schema::users;
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, Moment, Page, UserId};

use crate::access_tokens::{AccessTokenStatus, load_status};
use crate::authentication_changes::record_authentication_change;
use crate::profile_rows::{UserRow, find_users};
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

/// A ban.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    pub at: Moment,
    /// When it ends by itself; `None`: never.
    pub until: Option<Moment>,
    /// What the operator gave as the reason.
    pub reason: String,
}

/// Bans a user, or lifts the ban. Returns false when there is no such user.
///
/// # Errors
/// When the database fails.
pub fn set_ban(
    conn: &mut Conn,
    user: UserId,
    ban: Option<&Ban>,
    now: Moment,
) -> Result<bool, StoreError> {
    let updated = diesel::update(users::table.find(user.get()))
        .set((
            users::banned_at.eq(ban.map(|ban| ban.at.millis())),
            users::banned_until.eq(ban.and_then(|ban| Some(ban.until?.millis()))),
            users::ban_reason.eq(ban.map_or("", |ban| ban.reason.as_str())),
        ))
        .execute(conn)?;
    if updated == 1 {
        record_authentication_change(conn, user, now)?;
    }
    Ok(updated == 1)
}

/// Lifts a ban that has ended. Returns false when there is none, or an operator has changed it.
///
/// # Errors
/// When the database fails.
pub fn lift_ended_ban(conn: &mut Conn, user: UserId, now: Moment) -> Result<bool, StoreError> {
    let ended = users::table
        .find(user.get())
        .filter(users::banned_until.le(now.millis()));
    let lifted = diesel::update(ended)
        .set((
            users::banned_at.eq(None::<i64>),
            users::banned_until.eq(None::<i64>),
            users::ban_reason.eq(""),
        ))
        .execute(conn)?;
    if lifted == 1 {
        record_authentication_change(conn, user, now)?;
    }
    Ok(lifted == 1)
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
    /// How long the stored access token of each app can be used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn access_token_status(&self) -> Result<Vec<AccessTokenStatus>, UsersError> {
        let now = self.clock.now();
        let status = self.db.read(move |conn| load_status(conn, now)).await;
        Ok(status?)
    }

    /// The profile of a user.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or when the database fails.
    pub async fn profile(&self, user: UserId) -> Result<Profile, UsersError> {
        Ok(self.profile_with_balances(user).await?.0)
    }

    /// The profile of a user with their balances.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or when the database fails.
    pub async fn profile_with_balances(
        &self,
        user: UserId,
    ) -> Result<(Profile, Balances), UsersError> {
        self.profiles
            .get(user)
            .await?
            .ok_or(UsersError::UnknownUser)
    }

    /// The nicknames of those of these users who exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn nicknames(
        &self,
        users: Vec<UserId>,
    ) -> Result<BTreeMap<UserId, String>, UsersError> {
        let found = self.db.read(move |conn| find_users(conn, users)).await?;
        let names = found.into_iter();
        Ok(names
            .map(|(user, profile)| (user, profile.nickname))
            .collect())
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
