//! Tokens with which clients authenticate: 160 random bits in hexadecimal. Only the SHA-256 of a
//! token is stored.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{tokens, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, UserId, random};
use secrecy::{ExposeSecret as _, SecretString};

use crate::hash::sha256_hex;

/// A token expires when it is not used for this long.
const LIFETIME: Duration = Duration::from_secs(30 * 86_400);
/// The use of a token is recorded at most once in this time. It is also how exactly is known which
/// token was not used for the longest time.
const RECORD_INTERVAL: Duration = Duration::from_secs(60);
/// A token whose recorded use is not older may have been used just now.
const MAYBE_IN_USE: Duration = Duration::from_secs(120);
/// The most tokens of a user. The one that was not used for the longest time is deleted first.
const MAX_TOKENS: usize = 5;
/// The number of characters of a token.
const LENGTH: usize = 40;

/// The user whom a token authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticatedUser {
    pub user: UserId,
    pub banned: bool,
}

/// The user of a token, and whether [`record_use`] should be called because the last recorded use
/// is a minute ago. Returns `None` for a token that does not exist or has expired.
///
/// # Errors
/// When the database fails.
pub fn authenticate(
    conn: &mut Conn,
    token: &str,
    now: Moment,
) -> Result<Option<(AuthenticatedUser, bool)>, StoreError> {
    if !is_well_formed(token) {
        return Ok(None);
    }
    let is_token = tokens::hash.eq(sha256_hex(token));
    let is_alive = tokens::used_at.gt(now.before(LIFETIME).millis());
    let row: Option<(i64, i64, i64, Option<i64>)> = tokens::table
        .inner_join(users::table)
        .filter(is_token.and(is_alive))
        .select((
            tokens::user_id,
            tokens::created_at,
            tokens::used_at,
            users::banned_at,
        ))
        .get_result(conn)
        .optional()?;
    let Some((user, created_at, used_at, banned_at)) = row else {
        return Ok(None);
    };
    let authenticated = AuthenticatedUser {
        user: UserId::new(user).ok_or(StoreError::Corrupt("tokens.user_id"))?,
        banned: banned_at.is_some(),
    };
    let is_first_use = used_at == created_at;
    let is_use_due = is_first_use || now.is_past(Moment::from_millis(used_at), RECORD_INTERVAL);
    Ok(Some((authenticated, is_use_due)))
}

/// Stores that a token was used now, which extends its life.
///
/// # Errors
/// When the database fails.
pub fn record_use(conn: &mut Conn, token: &str, now: Moment) -> Result<(), StoreError> {
    diesel::update(tokens::table.find(sha256_hex(token)))
        .set(tokens::used_at.eq(now.millis()))
        .execute(conn)?;
    Ok(())
}

/// A token for `user`: the presented one if it is a valid token of this user, otherwise a new one,
/// which is stored.
pub(crate) fn reuse_or_issue(
    conn: &mut Conn,
    user: UserId,
    presented: Option<&SecretString>,
    now: Moment,
) -> Result<SecretString, StoreError> {
    if let Some(token) = presented
        && let Some((owner, _)) = authenticate(conn, token.expose_secret(), now)?
        && owner.user == user
    {
        record_use(conn, token.expose_secret(), now)?;
        return Ok(token.clone());
    }
    lock_user(conn, user)?;
    make_room_for_token(conn, user, now)?;
    let token = random::hex(LENGTH / 2);
    diesel::insert_into(tokens::table)
        .values((
            tokens::hash.eq(sha256_hex(&token)),
            tokens::user_id.eq(user.get()),
            tokens::created_at.eq(now.millis()),
            tokens::used_at.eq(now.millis()),
        ))
        .execute(conn)?;
    Ok(token.into())
}

/// Locks the row of a user, so that logins at the same time do not issue too many tokens.
fn lock_user(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    diesel::update(users::table.find(user.get()))
        .set(users::id.eq(users::id))
        .execute(conn)?;
    Ok(())
}

/// Deletes tokens of a user until one less than [`MAX_TOKENS`] is left.
fn make_room_for_token(conn: &mut Conn, user: UserId, now: Moment) -> Result<(), StoreError> {
    let mut rows: Vec<(String, i64, i64)> = tokens::table
        .filter(tokens::user_id.eq(user.get()))
        .select((tokens::hash, tokens::created_at, tokens::used_at))
        .load(conn)?;
    rows.sort_by_key(|(_, created_at, used_at)| deletion_order(*created_at, *used_at, now));
    let surplus = (rows.len() + 1).saturating_sub(MAX_TOKENS);
    let surplus: Vec<String> = rows
        .into_iter()
        .take(surplus)
        .map(|(hash, ..)| hash)
        .collect();
    if !surplus.is_empty() {
        diesel::delete(tokens::table.filter(tokens::hash.eq_any(surplus))).execute(conn)?;
    }
    Ok(())
}

/// The token with the least value is deleted first: the one that was not used for the longest
/// time. Among those that may be in use just now, one that was never used since it was issued goes
/// first, so that repeated logins do not log out a client that works.
fn deletion_order(created_at: i64, used_at: i64, now: Moment) -> (bool, bool, i64, i64) {
    let maybe_in_use = !now.is_past(Moment::from_millis(used_at), MAYBE_IN_USE);
    let was_used = used_at > created_at;
    (maybe_in_use, maybe_in_use && was_used, used_at, created_at)
}

fn is_well_formed(token: &str) -> bool {
    let is_hex_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    token.len() == LENGTH && token.bytes().all(is_hex_digit)
}
