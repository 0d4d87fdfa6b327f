//! The rows of sessions.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::operator_sessions;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;
use secrecy::{ExposeSecret as _, SecretString};

use crate::secrets::{hash_of, new_token};

/// A session ends this long after the login.
pub(crate) const LONGEST: Duration = Duration::from_secs(12 * 3_600);
/// How much of the name of a browser is kept, in characters.
const AGENT: usize = 200;

#[derive(Queryable, Selectable)]
#[diesel(table_name = operator_sessions)]
pub(crate) struct SessionRow {
    pub(crate) hash: String,
    pub(crate) is_complete: bool,
    pub(crate) code_at: Option<i64>,
    pub(crate) address: String,
    pub(crate) agent: String,
    pub(crate) used_at: i64,
    pub(crate) created_at: i64,
    pub(crate) by_link: bool,
}

/// What a new session is made from.
pub(crate) struct NewSession {
    now: Moment,
    pub(crate) address: String,
    agent: String,
}

impl NewSession {
    pub(crate) fn new(now: Moment, address: &str, agent: &str) -> Self {
        Self {
            now,
            address: address.to_owned(),
            agent: agent.chars().take(AGENT).collect(),
        }
    }
}

/// Inserts a session and returns its token. Sessions that have ended are deleted.
pub(crate) fn insert_session(
    conn: &mut Conn,
    new: &NewSession,
    operator: i64,
    is_complete: bool,
    by_link: bool,
) -> Result<SecretString, StoreError> {
    let ended = operator_sessions::used_at.lt(new.now.before(LONGEST).millis());
    diesel::delete(operator_sessions::table.filter(ended)).execute(conn)?;
    let token = new_token();
    diesel::insert_into(operator_sessions::table)
        .values((
            operator_sessions::hash.eq(hash_of(token.expose_secret())),
            operator_sessions::operator_id.eq(operator),
            operator_sessions::is_complete.eq(is_complete),
            operator_sessions::code_at.eq(None::<i64>),
            operator_sessions::address.eq(&new.address),
            operator_sessions::agent.eq(&new.agent),
            operator_sessions::used_at.eq(new.now.millis()),
            operator_sessions::created_at.eq(new.now.millis()),
            operator_sessions::by_link.eq(by_link),
        ))
        .execute(conn)?;
    Ok(token)
}

/// A code was accepted: the session is complete and has a new token, which is returned.
///
/// # Errors
/// [`StoreError::Contended`] when the session has ended meanwhile.
pub(crate) fn replace_session(
    conn: &mut Conn,
    now: Moment,
    hash: &str,
) -> Result<SecretString, StoreError> {
    let token = new_token();
    let updated = diesel::update(operator_sessions::table.find(hash))
        .set((
            operator_sessions::hash.eq(hash_of(token.expose_secret())),
            operator_sessions::is_complete.eq(true),
            operator_sessions::code_at.eq(Some(now.millis())),
            operator_sessions::used_at.eq(now.millis()),
        ))
        .execute(conn)?;
    if updated == 1 {
        Ok(token)
    } else {
        Err(StoreError::Contended)
    }
}

/// Gives a session a new token, which is returned: a copy of the old one is worth nothing.
///
/// # Errors
/// [`StoreError::Contended`] when the session has ended meanwhile.
pub(crate) fn renew_token(conn: &mut Conn, hash: &str) -> Result<SecretString, StoreError> {
    let token = new_token();
    let updated = diesel::update(operator_sessions::table.find(hash))
        .set(operator_sessions::hash.eq(hash_of(token.expose_secret())))
        .execute(conn)?;
    if updated == 1 {
        Ok(token)
    } else {
        Err(StoreError::Contended)
    }
}

/// Records that a code was accepted.
///
/// # Errors
/// [`StoreError::Contended`] when the session has ended, or when the database fails.
pub(crate) fn record_code(conn: &mut Conn, now: Moment, hash: &str) -> Result<(), StoreError> {
    let complete = operator_sessions::table
        .find(hash)
        .filter(operator_sessions::is_complete.eq(true));
    let updated = diesel::update(complete)
        .set((
            operator_sessions::code_at.eq(Some(now.millis())),
            operator_sessions::used_at.eq(now.millis()),
        ))
        .execute(conn)?;
    if updated == 1 {
        Ok(())
    } else {
        Err(StoreError::Contended)
    }
}

/// Ends the sessions of an operator but for the one with this hash.
pub(crate) fn end_other_sessions(
    conn: &mut Conn,
    operator: i64,
    hash: &str,
) -> Result<(), StoreError> {
    let others = operator_sessions::table
        .filter(operator_sessions::operator_id.eq(operator))
        .filter(operator_sessions::hash.ne(hash));
    diesel::delete(others).execute(conn)?;
    Ok(())
}

/// Ends every session of an account.
pub(crate) fn end_all_sessions(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    diesel::delete(operator_sessions::table.filter(operator_sessions::operator_id.eq(id)))
        .execute(conn)?;
    Ok(())
}
