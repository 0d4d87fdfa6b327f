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
/// The use of a token is recorded at most once in this time.
const RECORD_INTERVAL: Duration = Duration::from_secs(600);
/// The most tokens of a user. The one that was not used for the longest time is deleted first.
const MAX_TOKENS: i64 = 5;
/// The number of characters of a token.
const LENGTH: usize = 40;

/// The user whom a token authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticatedUser {
    pub user: UserId,
    pub banned: bool,
}

/// The user of a token, and whether [`record_use`] should be called because the last recorded use
/// is ten minutes ago. Returns `None` for a token that does not exist or has expired.
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
    let row: Option<(i64, i64, Option<i64>)> = tokens::table
        .inner_join(users::table)
        .filter(is_token.and(is_alive))
        .select((tokens::user_id, tokens::used_at, users::banned_at))
        .get_result(conn)
        .optional()?;
    let Some((user, used_at, banned_at)) = row else {
        return Ok(None);
    };
    let authenticated = AuthenticatedUser {
        user: UserId::new(user).ok_or(StoreError::Corrupt("tokens.user_id"))?,
        banned: banned_at.is_some(),
    };
    let is_use_due = now.since(Moment::from_millis(used_at)) >= RECORD_INTERVAL;
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
    let token = random::hex(LENGTH / 2);
    diesel::insert_into(tokens::table)
        .values((
            tokens::hash.eq(sha256_hex(&token)),
            tokens::user_id.eq(user.get()),
            tokens::created_at.eq(now.millis()),
            tokens::used_at.eq(now.millis()),
        ))
        .execute(conn)?;
    delete_surplus(conn, user)?;
    Ok(token.into())
}

/// Deletes the tokens of a user beyond [`MAX_TOKENS`].
fn delete_surplus(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    let of_user = tokens::table.filter(tokens::user_id.eq(user.get()));
    let count: i64 = of_user.count().get_result(conn)?;
    if count <= MAX_TOKENS {
        return Ok(());
    }
    let surplus: Vec<String> = of_user
        .order((tokens::used_at, tokens::created_at))
        .limit(count - MAX_TOKENS)
        .select(tokens::hash)
        .load(conn)?;
    diesel::delete(tokens::table.filter(tokens::hash.eq_any(surplus))).execute(conn)?;
    Ok(())
}

fn is_well_formed(token: &str) -> bool {
    let is_hex_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    token.len() == LENGTH && token.bytes().all(is_hex_digit)
}
