//! Erasing a person: what says who they are goes, what proves the money stays.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;
use qlive_ledger::load_balances;
use qlive_store::audit_log::Operator;
use qlive_store::schema::{
    blocked_users, erasure_requests, likes, reports, tokens, user_notes, users, wechat_codes,
    wechat_sessions,
};
use qlive_store::{Conn, OperatorName, StoreError};
use qlive_types::{Moment, UserId};

use crate::authentication_changes::record_authentication_change;
use crate::{Users, UsersError};

/// How long a request to erase a person waits for another operator.
const REQUEST: Duration = Duration::from_secs(86_400);
/// The name of an erased user.
const ERASED_NAME: &str = "已注销用户";
/// Why an erased user is banned.
const ERASED_REASON: &str = "erased";

/// A request to erase a person, which another operator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRequest {
    pub user: UserId,
    pub requested_by: String,
    pub reason: String,
    pub requested_at: Moment,
}

type RequestRow = (i64, String, String, i64);

fn request_of((user, requested_by, reason, at): RequestRow) -> Result<ErasureRequest, StoreError> {
    Ok(ErasureRequest {
        user: UserId::new(user).ok_or(StoreError::Corrupt("erasure_requests.user_id"))?,
        requested_by,
        reason,
        requested_at: Moment::from_millis(at),
    })
}

impl Users {
    /// The requests that wait for another operator, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erasure_requests(&self) -> Result<Vec<ErasureRequest>, UsersError> {
        let (first, last) = self.clock.now().recent(REQUEST);
        self.db
            .read(move |conn| {
                let rows: Vec<RequestRow> = erasure_requests::table
                    .filter(erasure_requests::requested_at.between(first, last))
                    .order((erasure_requests::requested_at, erasure_requests::user_id))
                    .select(erasure_requests::all_columns)
                    .load(conn)?;
                let requests: Result<_, StoreError> = rows.into_iter().map(request_of).collect();
                Ok(requests?)
            })
            .await
    }
}

/// Records that an operator wants a person erased, or accepts that another one asked within a day.
/// Returns whether the person is to be erased now.
///
/// # Errors
/// [`UsersError::UnknownUser`], [`UsersError::Erased`], [`UsersError::OpenWithdrawal`] while coins
/// are held, [`UsersError::SameOperator`], or when the database fails.
pub fn decide_erasure(
    conn: &mut Conn,
    by: &Operator,
    user: UserId,
    now: Moment,
) -> Result<bool, UsersError> {
    // Two decisions wait for each other, and an erasure for what is being written about the user.
    let find = users::table.find(user.get()).select(users::erased_at);
    let erased: Option<Option<i64>> = match conn {
        Conn::Pg(conn) => find.for_update().first(conn).optional()?,
        Conn::Sqlite(conn) => find.first(conn).optional()?,
    };
    match erased {
        None => return Err(UsersError::UnknownUser),
        Some(Some(_)) => return Err(UsersError::Erased),
        Some(None) => {}
    }
    if load_balances(conn, user)?.held.get() != 0 {
        return Err(UsersError::OpenWithdrawal);
    }
    let found: Option<RequestRow> = erasure_requests::table
        .find(user.get())
        .select(erasure_requests::all_columns)
        .first(conn)
        .optional()?;
    diesel::delete(erasure_requests::table.find(user.get())).execute(conn)?;
    let request = found.map(request_of).transpose()?;
    let request = request.filter(|request| !now.is_past(request.requested_at, REQUEST));
    if let Some(request) = request {
        if OperatorName::parse(&request.requested_by).as_ref() == Ok(&by.name) {
            return Err(UsersError::SameOperator);
        }
        return Ok(true);
    }
    diesel::insert_into(erasure_requests::table)
        .values((
            erasure_requests::user_id.eq(user.get()),
            erasure_requests::requested_by.eq(by.name.as_str()),
            erasure_requests::reason.eq(&by.reason),
            erasure_requests::requested_at.eq(now.millis()),
        ))
        .execute(conn)?;
    Ok(false)
}

/// Erases a person: name, face, place and age, the openid, logins, likes, blocks, notes, and what
/// they wrote in reports. They are banned, since nobody can log in as them any more; whoever has
/// the openid may register anew.
///
/// # Errors
/// When the database fails.
pub fn erase(conn: &mut Conn, user: UserId, now: Moment) -> Result<(), StoreError> {
    let id = user.get();
    let (app_id, openid): (String, String) = users::table
        .find(id)
        .select((users::app_id, users::openid))
        .first(conn)?;
    let sessions = wechat_sessions::table.find((&app_id, &openid));
    diesel::delete(sessions).execute(conn)?;
    let codes = wechat_codes::table.filter(wechat_codes::openid.eq(&openid));
    diesel::delete(codes).execute(conn)?;
    diesel::delete(tokens::table.filter(tokens::user_id.eq(id))).execute(conn)?;
    let of_user = likes::user_id.eq(id).or(likes::liked_id.eq(id));
    diesel::delete(likes::table.filter(of_user)).execute(conn)?;
    let of_user = blocked_users::user_id
        .eq(id)
        .or(blocked_users::blocked_id.eq(id));
    diesel::delete(blocked_users::table.filter(of_user)).execute(conn)?;
    diesel::delete(user_notes::table.filter(user_notes::user_id.eq(id))).execute(conn)?;
    diesel::update(reports::table.filter(reports::reporter_id.eq(id)))
        .set(reports::text.eq(""))
        .execute(conn)?;
    diesel::update(users::table.find(id))
        .set((
            users::openid.eq(format!("erased-{id}")),
            users::nickname.eq(ERASED_NAME),
            users::age.eq(0),
            users::height.eq(0),
            users::area.eq(""),
            users::face_url.eq(""),
            users::name_unchecked_at.eq(None::<i64>),
            users::matchmaker.eq(false),
            users::banned_at.eq(Some(now.millis())),
            users::banned_until.eq(None::<i64>),
            users::ban_reason.eq(ERASED_REASON),
            users::erased_at.eq(Some(now.millis())),
        ))
        .execute(conn)?;
    record_authentication_change(conn, user, now)
}

/// Those of these users who are erased. None of the others is erased before the end of the
/// transaction.
///
/// # Errors
/// A failure of the store.
pub fn erased_users(
    conn: &mut Conn,
    among: impl Iterator<Item = i64>,
) -> Result<BTreeSet<i64>, StoreError> {
    let among: BTreeSet<i64> = among.collect();
    let find = users::table
        .filter(users::id.eq_any(among))
        .order(users::id)
        .select((users::id, users::erased_at));
    let found: Vec<(i64, Option<i64>)> = match conn {
        Conn::Pg(conn) => find.for_key_share().load(conn)?,
        Conn::Sqlite(conn) => find.load(conn)?,
    };
    let erased = found.into_iter().filter(|(_, at)| at.is_some());
    Ok(erased.map(|(user, _)| user).collect())
}
