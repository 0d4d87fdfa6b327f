//! Finding users, for operators.

use diesel::prelude::*;
use qlive_store::StoreError;
use qlive_store::schema::{tokens, users};
use qlive_types::{Moment, UserId};

use crate::profile_rows::UserRow;
use crate::{Profile, Users, UsersError};

/// How many users a list shows at once.
const ROWS: i64 = 50;
/// How many characters of the beginning of a nickname are compared.
const PREFIX: usize = 32;

/// Which users an operator wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum UserFilter {
    /// All, those first who registered last.
    #[default]
    All,
    /// Those who are banned.
    Banned,
    /// The matchmakers.
    Matchmakers,
    /// Those whose nickname begins so, by nickname.
    NicknamePrefix(String),
    /// Those with this openid, in whichever app.
    Openid(String),
}

/// Where a list of users goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsersAfter {
    /// After the user who registered then.
    Registered(Moment, UserId),
    /// After the user with this nickname, in a list by nickname.
    Nickname(String, UserId),
}

impl Users {
    /// At most 50 users, after the one that is named. A search by openid does not go on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(
        &self,
        filter: UserFilter,
        after: Option<UsersAfter>,
    ) -> Result<Vec<Profile>, UsersError> {
        self.db
            .read(move |conn| {
                let mut query = users::table
                    .select(UserRow::as_select())
                    .limit(ROWS)
                    .into_boxed();
                query = match &filter {
                    UserFilter::All => query.order((users::created_at.desc(), users::id.desc())),
                    UserFilter::Banned => query
                        .filter(users::banned_at.is_not_null())
                        .order((users::created_at.desc(), users::id.desc())),
                    UserFilter::Matchmakers => query
                        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(
                            "users.matchmaker",
                        ))
                        .order((users::created_at.desc(), users::id.desc())),
                    UserFilter::NicknamePrefix(prefix) => {
                        let first: String = prefix.chars().take(PREFIX).collect();
                        let last = format!("{first}\u{10FFFF}");
                        query
                            .filter(users::nickname.ge(first))
                            .filter(users::nickname.lt(last))
                            .order((users::nickname, users::id))
                    }
                    UserFilter::Openid(openid) => {
                        query.filter(users::openid.eq(openid)).order(users::id)
                    }
                };
                query = match after {
                    None => query,
                    Some(UsersAfter::Registered(at, user)) => {
                        let earlier = users::created_at.lt(at.millis());
                        query
                            .filter(users::created_at.le(at.millis()))
                            .filter(earlier.or(users::id.lt(user.get())))
                    }
                    Some(UsersAfter::Nickname(nickname, user)) => {
                        let later = users::nickname.gt(nickname.clone());
                        query
                            .filter(users::nickname.ge(nickname))
                            .filter(later.or(users::id.gt(user.get())))
                    }
                };
                let rows: Vec<UserRow> = query.load(conn)?;
                let profiles: Result<_, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                Ok(profiles?)
            })
            .await
    }

    /// When a user was last seen: the last recorded use of one of their tokens.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_seen(&self, user: UserId) -> Result<Option<Moment>, UsersError> {
        self.db
            .read(move |conn| {
                let used: Option<i64> = tokens::table
                    .filter(tokens::user_id.eq(user.get()))
                    .select(diesel::dsl::max(tokens::used_at))
                    .get_result(conn)?;
                Ok(used.map(Moment::from_millis))
            })
            .await
    }
}
