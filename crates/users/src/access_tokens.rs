//! The stored access tokens of WeChat, which all instances share, and the turn to fetch a new one.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::wechat_access_tokens;
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::Moment;
use secrecy::{ExposeSecret as _, SecretString};

/// The longest life of an access token.
const MAX_LIFE: Duration = Duration::from_secs(7200);
/// WeChat replaces a token this long before it ends. From then on it is fetched anew.
const RENEWAL: Duration = Duration::from_secs(300);
/// For how long a token is used at least, however soon it ends.
const MIN_USE: Duration = Duration::from_secs(60);
/// How long a turn lasts that is not given back: longer than two calls to WeChat take.
const TURN: Duration = Duration::from_secs(20);
/// How far apart forced refreshes are: WeChat's limit is 30 seconds on its own clock.
const FORCED_INTERVAL: Duration = Duration::from_secs(31);
/// How many refreshes may be forced on a day.
const FORCED_PER_DAY: i64 = 20;
const DAY_SECS: i64 = 86_400;
/// Shanghai's offset from UTC, in seconds.
const SHANGHAI_SECS: i64 = 8 * 3600;

/// What a caller without a usable token can do.
pub(crate) enum Turn {
    /// Another caller has stored a token meanwhile.
    Usable(SecretString),
    /// Fetch a token: the turn is taken.
    Taken,
    /// Wait: another caller has the turn.
    Busy,
    /// Give up: the turn that the caller waited for has ended without a token.
    Ended,
}

/// A token that WeChat has issued.
#[derive(Clone)]
pub(crate) struct IssuedToken {
    pub(crate) token: SecretString,
    pub(crate) life: Duration,
    /// Whether WeChat was made to replace the token before it.
    pub(crate) was_forced: bool,
}

#[derive(Queryable)]
struct TokenRow {
    token: String,
    usable_until: i64,
    turn_owner: String,
    turn_until: i64,
    forced_at: i64,
    forced_day: i64,
    forced_count: i64,
}

impl TokenRow {
    fn find(conn: &mut Conn, app_id: &str) -> Result<Option<Self>, StoreError> {
        let row = wechat_access_tokens::table
            .find(app_id)
            .select((
                wechat_access_tokens::token,
                wechat_access_tokens::usable_until,
                wechat_access_tokens::turn_owner,
                wechat_access_tokens::turn_until,
                wechat_access_tokens::forced_at,
                wechat_access_tokens::forced_day,
                wechat_access_tokens::forced_count,
            ))
            .get_result(conn)
            .optional()?;
        Ok(row)
    }

    /// The token, unless it is over or is the one that WeChat has refused.
    fn usable(self, refused: Option<&SecretString>, now: Moment) -> Option<SecretString> {
        let is_refused = refused.is_some_and(|refused| refused.expose_secret() == self.token);
        let is_usable =
            !self.token.is_empty() && !is_refused && runs(self.usable_until, MAX_LIFE, now);
        is_usable.then(|| self.token.into())
    }
}

/// Whether a time that is at most `wait` ahead has not come yet. One that lies further ahead was
/// written by a clock that was wrong, and counts as past.
fn runs(until: i64, wait: Duration, now: Moment) -> bool {
    now.millis() < until && until <= now.after(wait).millis()
}

/// The access token of an app, unless it is over or is the one that WeChat has refused.
pub(crate) fn find_access_token(
    conn: &mut Conn,
    app_id: &str,
    refused: Option<&SecretString>,
    now: Moment,
) -> Result<Option<SecretString>, StoreError> {
    let row = TokenRow::find(conn, app_id)?;
    Ok(row.and_then(|row| row.usable(refused, now)))
}

/// Takes the turn to fetch a token for an app, as `owner`. `has_waited`: the caller has found the
/// turn busy before.
pub(crate) fn take_turn(
    conn: &mut Conn,
    app_id: &str,
    refused: Option<&SecretString>,
    owner: &str,
    has_waited: bool,
    now: Moment,
) -> Result<Turn, StoreError> {
    let turn = (
        wechat_access_tokens::turn_owner.eq(owner),
        wechat_access_tokens::turn_until.eq(now.after(TURN).millis()),
    );
    let Some(row) = TokenRow::find(conn, app_id)? else {
        let row = (
            wechat_access_tokens::app_id.eq(app_id),
            wechat_access_tokens::token.eq(""),
            wechat_access_tokens::usable_until.eq(0),
            turn,
            wechat_access_tokens::forced_at.eq(0),
            wechat_access_tokens::forced_day.eq(0),
            wechat_access_tokens::forced_count.eq(0),
        );
        let inserted = diesel::insert_into(wechat_access_tokens::table).values(row);
        key_violation_as_contention(inserted.execute(conn))?;
        return Ok(Turn::Taken);
    };
    let (owner_before, until_before) = (row.turn_owner.clone(), row.turn_until);
    if let Some(token) = row.usable(refused, now) {
        return Ok(Turn::Usable(token));
    }
    if owner_before.is_empty() && has_waited {
        return Ok(Turn::Ended);
    }
    if !owner_before.is_empty() && runs(until_before, TURN, now) {
        return Ok(Turn::Busy);
    }
    let row_as_read = wechat_access_tokens::table
        .find(app_id)
        .filter(wechat_access_tokens::turn_owner.eq(owner_before));
    if diesel::update(row_as_read).set(turn).execute(conn)? == 0 {
        return Err(StoreError::Contended);
    }
    Ok(Turn::Taken)
}

/// Counts a forced refresh by the owner of the turn. False when WeChat's limits do not allow one
/// now; nothing is counted then.
pub(crate) fn count_forced_refresh(
    conn: &mut Conn,
    app_id: &str,
    owner: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let Some(row) = TokenRow::find(conn, app_id)? else {
        return Ok(false);
    };
    let today = (now.secs() + SHANGHAI_SECS).div_euclid(DAY_SECS);
    let count = if row.forced_day == today {
        row.forced_count
    } else {
        0
    };
    let next_at = Moment::from_millis(row.forced_at).after(FORCED_INTERVAL);
    if count >= FORCED_PER_DAY || runs(next_at.millis(), FORCED_INTERVAL, now) {
        return Ok(false);
    }
    let own_row = wechat_access_tokens::table
        .find(app_id)
        .filter(wechat_access_tokens::turn_owner.eq(owner));
    let counted = diesel::update(own_row)
        .set((
            wechat_access_tokens::forced_at.eq(now.millis()),
            wechat_access_tokens::forced_day.eq(today),
            wechat_access_tokens::forced_count.eq(count + 1),
        ))
        .execute(conn)?;
    Ok(counted == 1)
}

/// Gives the turn back, with the token that was fetched. Changes nothing when the turn has ended
/// meanwhile and another caller has taken it.
pub(crate) fn give_turn_back(
    conn: &mut Conn,
    app_id: &str,
    owner: &str,
    issued: Option<&IssuedToken>,
    now: Moment,
) -> Result<(), StoreError> {
    let own_row = wechat_access_tokens::table
        .find(app_id)
        .filter(wechat_access_tokens::turn_owner.eq(owner));
    if let Some(issued) = issued {
        let life = issued.life.min(MAX_LIFE);
        let use_time = life.saturating_sub(RENEWAL).max(life.min(MIN_USE));
        let fields = (
            wechat_access_tokens::token.eq(issued.token.expose_secret()),
            wechat_access_tokens::usable_until.eq(now.after(use_time).millis()),
        );
        diesel::update(own_row).set(fields).execute(conn)?;
        if issued.was_forced {
            // Again: WeChat counts from the moment when it was called.
            diesel::update(own_row)
                .set(wechat_access_tokens::forced_at.eq(now.millis()))
                .execute(conn)?;
        }
    }
    diesel::update(own_row)
        .set(wechat_access_tokens::turn_owner.eq(""))
        .execute(conn)?;
    Ok(())
}
