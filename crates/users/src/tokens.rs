//! Tokens: 160 random bits in hex, of which only the SHA-256 is stored.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{tokens, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, UserId, random};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// A token dies when it was not used for so long.
const LIFETIME: Duration = Duration::from_secs(30 * 86_400);
/// Its use is noted at most so often.
const NOTED_EVERY: Duration = Duration::from_secs(600);
/// The most tokens a user keeps; the longest unused goes first.
const KEPT: i64 = 5;
/// Characters of a token.
const LENGTH: usize = 40;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    pub banned: bool,
}

/// The owner of a live token, and whether its use should be noted.
pub fn authenticate(
    conn: &mut Conn,
    token: &str,
    now: Moment,
) -> Result<Option<(Caller, bool)>, StoreError> {
    if !well_formed(token) {
        return Ok(None);
    }
    let row: Option<(i64, i64, Option<i64>)> = tokens::table
        .inner_join(users::table)
        .filter(
            tokens::hash
                .eq(hash(token))
                .and(tokens::used_at.gt(now.before(LIFETIME).millis())),
        )
        .select((tokens::user_id, tokens::used_at, users::banned_at))
        .get_result(conn)
        .optional()?;
    let Some((user, used_at, banned_at)) = row else {
        return Ok(None);
    };
    let user = UserId::new(user).ok_or(StoreError::Corrupt("tokens.user_id"))?;
    let unnoted = now.since(Moment::from_millis(used_at)) >= NOTED_EVERY;
    Ok(Some((
        Caller {
            user,
            banned: banned_at.is_some(),
        },
        unnoted,
    )))
}

/// Notes that a token was used.
pub fn note_use(conn: &mut Conn, token: &str, now: Moment) -> Result<(), StoreError> {
    diesel::update(tokens::table.find(hash(token)))
        .set(tokens::used_at.eq(now.millis()))
        .execute(conn)?;
    Ok(())
}

/// A token for `user`: the one presented, when it is his and alive, else a new one.
pub(crate) fn issue(
    conn: &mut Conn,
    user: UserId,
    presented: Option<&SecretString>,
    now: Moment,
) -> Result<SecretString, StoreError> {
    if let Some(token) = presented
        && let Some((owner, _)) = authenticate(conn, token.expose_secret(), now)?
        && owner.user == user
    {
        note_use(conn, token.expose_secret(), now)?;
        return Ok(token.clone());
    }
    let token = random::hex(LENGTH / 2);
    diesel::insert_into(tokens::table)
        .values((
            tokens::hash.eq(hash(&token)),
            tokens::user_id.eq(user.get()),
            tokens::created_at.eq(now.millis()),
            tokens::used_at.eq(now.millis()),
        ))
        .execute(conn)?;
    forget_oldest(conn, user)?;
    Ok(token.into())
}

fn forget_oldest(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    let mine = tokens::table.filter(tokens::user_id.eq(user.get()));
    let count: i64 = mine.count().get_result(conn)?;
    if count <= KEPT {
        return Ok(());
    }
    let surplus: Vec<String> = mine
        .order((tokens::used_at, tokens::created_at))
        .limit(count - KEPT)
        .select(tokens::hash)
        .load(conn)?;
    diesel::delete(tokens::table.filter(tokens::hash.eq_any(surplus))).execute(conn)?;
    Ok(())
}

fn well_formed(token: &str) -> bool {
    token.len() == LENGTH
        && token
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// What is stored in a secret's stead.
pub(crate) fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}
