//! Tokens with which clients authenticate: 160 random bits in hexadecimal. Only the SHA-256 of a
//! token is stored.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{tokens, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, UserId, random};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::authentication_changes::record_authentication_change;

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

/// The hash of a token, which stands for it everywhere but in the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The SHA-256 of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// In lower-case hexadecimal, as it is stored.
    #[must_use]
    pub fn stored(&self) -> String {
        hex::encode(self.0)
    }

    /// A stored hash; `None` when it is none.
    #[must_use]
    pub fn from_stored(stored: &str) -> Option<Self> {
        let mut hash = [0; 32];
        hex::decode_to_slice(stored, &mut hash).ok()?;
        Some(Self(hash))
    }
}

/// A stored token, joined with its user.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct TokenRow {
    pub user_id: i64,
    pub created_at: i64,
    pub used_at: i64,
    pub banned_at: Option<i64>,
}

impl TokenRow {
    /// The user, and when the token was last used after it was issued, as far as that is recorded.
    /// `None` when the token has expired.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn authenticate(
        &self,
        now: Moment,
    ) -> Result<Option<(AuthenticatedUser, Option<Moment>)>, StoreError> {
        if self.used_at <= now.before(LIFETIME).millis() {
            return Ok(None);
        }
        let authenticated = AuthenticatedUser {
            user: UserId::new(self.user_id).ok_or(StoreError::Corrupt("tokens.user_id"))?,
            banned: self.banned_at.is_some(),
        };
        let was_used = self.used_at > self.created_at;
        let used_at = was_used.then(|| Moment::from_millis(self.used_at));
        Ok(Some((authenticated, used_at)))
    }
}

/// The hash of a token that has the form of one.
#[must_use]
pub fn hash_if_well_formed(token: &str) -> Option<TokenHash> {
    is_well_formed(token).then(|| TokenHash::of(token))
}

/// Whether the use of a token must be recorded: it was not yet, or a minute ago.
#[must_use]
pub fn is_use_due(used_at: Option<Moment>, now: Moment) -> bool {
    used_at.is_none_or(|used_at| now.is_past(used_at, RECORD_INTERVAL))
}

/// Stores that tokens were used now, which extends their lives.
///
/// # Errors
/// When the database fails.
pub fn record_uses(conn: &mut Conn, hashes: &[TokenHash], now: Moment) -> Result<(), StoreError> {
    let hashes = hashes.iter().map(TokenHash::stored);
    diesel::update(tokens::table.filter(tokens::hash.eq_any(hashes)))
        .set(tokens::used_at.eq(now.millis()))
        .execute(conn)?;
    Ok(())
}

/// Whether a token is a valid one of this user.
fn is_token_of(
    conn: &mut Conn,
    hash: &TokenHash,
    user: UserId,
    now: Moment,
) -> Result<bool, StoreError> {
    let alive = tokens::table
        .find(hash.stored())
        .filter(tokens::user_id.eq(user.get()))
        .filter(tokens::used_at.gt(now.before(LIFETIME).millis()));
    let count: i64 = alive.count().get_result(conn)?;
    Ok(count == 1)
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
        && let Some(hash) = hash_if_well_formed(token.expose_secret())
        && is_token_of(conn, &hash, user, now)?
    {
        record_uses(conn, &[hash], now)?;
        return Ok(token.clone());
    }
    lock_user(conn, user)?;
    make_room_for_token(conn, user, now)?;
    let token = random::hex(LENGTH / 2);
    diesel::insert_into(tokens::table)
        .values((
            tokens::hash.eq(TokenHash::of(&token).stored()),
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
        record_authentication_change(conn, user, now)?;
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
