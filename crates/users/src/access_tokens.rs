//! The stored access tokens of WeChat, which all instances share, and the refresh lease: the
//! right to fetch a new one.

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
/// How long a refresh lease lasts that is not released: longer than two calls to WeChat take.
const LEASE_TIME: Duration = Duration::from_secs(20);
/// How far apart forced refreshes are: WeChat's limit is 30 seconds on its own clock.
const FORCED_INTERVAL: Duration = Duration::from_secs(31);
/// How many refreshes may be forced on a day.
const FORCED_PER_DAY: i64 = 20;
const DAY_SECS: i64 = 86_400;
/// Shanghai's offset from UTC, in seconds.
const SHANGHAI_SECS: i64 = 8 * 3600;

/// What a caller without a usable token can do.
pub(crate) enum RefreshLease {
    /// Another caller has stored a token meanwhile.
    Usable(SecretString),
    /// Fetch a token: the caller has the lease now.
    Taken,
    /// Wait: another caller has the lease.
    Busy,
    /// Give up: the lease that the caller waited for has ended without a token.
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

/// How long a stored access token can be used. The token itself is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTokenStatus {
    pub app_id: String,
    /// Then it is fetched anew, when it is needed.
    pub usable_until: Moment,
    /// How often WeChat was made to replace it today.
    pub forced_today: i64,
}

/// The day in Shanghai, counted from the epoch.
const fn day_of(now: Moment) -> i64 {
    (now.secs() + SHANGHAI_SECS).div_euclid(DAY_SECS)
}

/// The status of the token of each app.
pub(crate) fn load_status(
    conn: &mut Conn,
    now: Moment,
) -> Result<Vec<AccessTokenStatus>, StoreError> {
    let rows: Vec<(String, i64, i64, i64)> = wechat_access_tokens::table
        .order(wechat_access_tokens::app_id)
        .select((
            wechat_access_tokens::app_id,
            wechat_access_tokens::usable_until,
            wechat_access_tokens::forced_day,
            wechat_access_tokens::forced_count,
        ))
        .load(conn)?;
    let today = day_of(now);
    let status = rows
        .into_iter()
        .map(|(app_id, until, day, count)| AccessTokenStatus {
            app_id,
            usable_until: Moment::from_millis(until),
            forced_today: if day == today { count } else { 0 },
        });
    Ok(status.collect())
}

#[derive(Queryable)]
struct TokenRow {
    token: String,
    usable_until: i64,
    lease_owner: String,
    lease_until: i64,
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
                wechat_access_tokens::lease_owner,
                wechat_access_tokens::lease_until,
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
        let is_valid = now.is_waiting(Moment::from_millis(self.usable_until), MAX_LIFE);
        let is_usable = !self.token.is_empty() && !is_refused && is_valid;
        is_usable.then(|| self.token.into())
    }

    /// Whether a caller, here or in another instance, has the lease.
    fn is_leased(&self, now: Moment) -> bool {
        let until = Moment::from_millis(self.lease_until);
        !self.lease_owner.is_empty() && now.is_waiting(until, LEASE_TIME)
    }
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

/// Takes the lease to fetch a token for an app, as `owner`. `has_waited`: the caller has found the
/// lease busy before.
pub(crate) fn take_refresh_lease(
    conn: &mut Conn,
    app_id: &str,
    refused: Option<&SecretString>,
    owner: &str,
    has_waited: bool,
    now: Moment,
) -> Result<RefreshLease, StoreError> {
    let lease = (
        wechat_access_tokens::lease_owner.eq(owner),
        wechat_access_tokens::lease_until.eq(now.after(LEASE_TIME).millis()),
    );
    let Some(row) = TokenRow::find(conn, app_id)? else {
        let row = (
            wechat_access_tokens::app_id.eq(app_id),
            wechat_access_tokens::token.eq(""),
            wechat_access_tokens::usable_until.eq(0),
            lease,
            wechat_access_tokens::forced_at.eq(0),
            wechat_access_tokens::forced_day.eq(0),
            wechat_access_tokens::forced_count.eq(0),
        );
        let inserted = diesel::insert_into(wechat_access_tokens::table).values(row);
        key_violation_as_contention(inserted.execute(conn))?;
        return Ok(RefreshLease::Taken);
    };
    let owner_before = row.lease_owner.clone();
    let is_leased = row.is_leased(now);
    if let Some(token) = row.usable(refused, now) {
        return Ok(RefreshLease::Usable(token));
    }
    if owner_before.is_empty() && has_waited {
        return Ok(RefreshLease::Ended);
    }
    if is_leased {
        return Ok(RefreshLease::Busy);
    }
    let row_as_read = wechat_access_tokens::table
        .find(app_id)
        .filter(wechat_access_tokens::lease_owner.eq(owner_before));
    if diesel::update(row_as_read).set(lease).execute(conn)? == 0 {
        return Err(StoreError::Contended);
    }
    Ok(RefreshLease::Taken)
}

/// Counts a forced refresh by the owner of the lease. False when WeChat's limits do not allow one
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
    let today = day_of(now);
    let count = if row.forced_day == today {
        row.forced_count
    } else {
        0
    };
    let next_at = Moment::from_millis(row.forced_at).after(FORCED_INTERVAL);
    if count >= FORCED_PER_DAY || now.is_waiting(next_at, FORCED_INTERVAL) {
        return Ok(false);
    }
    let own_row = wechat_access_tokens::table
        .find(app_id)
        .filter(wechat_access_tokens::lease_owner.eq(owner));
    let counted = diesel::update(own_row)
        .set((
            wechat_access_tokens::forced_at.eq(now.millis()),
            wechat_access_tokens::forced_day.eq(today),
            wechat_access_tokens::forced_count.eq(count + 1),
        ))
        .execute(conn)?;
    Ok(counted == 1)
}

/// Releases the lease, with the token that was fetched. Changes nothing when the lease has ended
/// meanwhile and another caller has taken it.
pub(crate) fn release_refresh_lease(
    conn: &mut Conn,
    app_id: &str,
    owner: &str,
    issued: Option<&IssuedToken>,
    now: Moment,
) -> Result<(), StoreError> {
    let own_row = wechat_access_tokens::table
        .find(app_id)
        .filter(wechat_access_tokens::lease_owner.eq(owner));
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
        .set(wechat_access_tokens::lease_owner.eq(""))
        .execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leased_until(until: Moment) -> TokenRow {
        TokenRow {
            token: String::new(),
            usable_until: 0,
            lease_owner: "another instance".into(),
            lease_until: until.millis(),
            forced_at: 0,
            forced_day: 0,
            forced_count: 0,
        }
    }

    #[test]
    fn lease_of_an_instance_whose_clock_is_a_second_ahead_is_respected() {
        let now = Moment::from_millis(1_750_000_000_000);
        let ahead = now.after(Duration::from_secs(1));
        assert!(leased_until(ahead.after(LEASE_TIME)).is_leased(now));
        assert!(!leased_until(now).is_leased(now), "it has ended");
        let hour = Duration::from_secs(3600);
        let wrong = now.after(hour).after(LEASE_TIME);
        assert!(!leased_until(wrong).is_leased(now), "the clock was wrong");
    }
}
