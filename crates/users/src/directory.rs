//! Looking users up, and the two marks that operators put on them.

use diesel::prelude::*;
use qlive_store::schema::users;
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, Moment, Page, UserId};

use crate::{Profile, Users, UsersError};

/// A user in an operator's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub user: UserId,
    pub nickname: String,
    pub gender: Gender,
    pub matchmaker: bool,
    pub banned: bool,
    pub created_at: Moment,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
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
    matchmaker: bool,
    banned_at: Option<i64>,
    last_login_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<Row> for Profile {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
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
        })
    }
}

/// One user's profile.
pub fn find(conn: &mut Conn, user: UserId) -> Result<Option<Profile>, StoreError> {
    let row: Option<Row> = users::table
        .find(user.get())
        .select(Row::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// Bans a user from this moment on, or lifts his ban. False when there is no such user.
pub fn set_ban(conn: &mut Conn, user: UserId, at: Option<Moment>) -> Result<bool, StoreError> {
    let found = diesel::update(users::table.find(user.get()))
        .set(users::banned_at.eq(at.map(Moment::millis)))
        .execute(conn)?;
    Ok(found == 1)
}

/// Grants or revokes the role. False when there is no such user.
pub fn set_matchmaker(conn: &mut Conn, user: UserId, is_one: bool) -> Result<bool, StoreError> {
    let found = diesel::update(users::table.find(user.get()))
        .set(users::matchmaker.eq(is_one))
        .execute(conn)?;
    Ok(found == 1)
}

impl Users {
    /// One user's profile.
    pub async fn profile(&self, user: UserId) -> Result<Profile, UsersError> {
        self.db
            .read(move |conn| find(conn, user)?.ok_or(UsersError::UnknownUser))
            .await
    }

    /// A page of all users, the newest first.
    pub async fn list(&self, page: Page) -> Result<Vec<Listed>, UsersError> {
        self.db
            .read(move |conn| {
                let rows: Vec<Row> = users::table
                    .order((users::created_at.desc(), users::id))
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select(Row::as_select())
                    .load(conn)?;
                rows.into_iter()
                    .map(|row| {
                        let profile = Profile::try_from(row)?;
                        Ok(Listed {
                            user: profile.user,
                            nickname: profile.nickname,
                            gender: profile.gender,
                            matchmaker: profile.matchmaker,
                            banned: profile.banned_at.is_some(),
                            created_at: profile.created_at,
                        })
                    })
                    .collect()
            })
            .await
    }
}
