//! The stable access token: how long it lives, and how often a new one may be forced. No I/O.

use std::time::Duration;

use qlive_types::{Moment, random};
use serde::Deserialize;
use serde_json::{Value, json};

/// The lifetime of a token.
const LIFETIME: Duration = Duration::from_secs(7200);
/// A token that ends within this time is replaced; it stays valid until its end.
const RENEWAL: Duration = Duration::from_secs(300);
/// A refresh that is forced sooner after another one gets the same token.
const FORCED_INTERVAL: Duration = Duration::from_secs(30);
/// How many tokens may be forced on a day of Shanghai.
const FORCED_PER_DAY: u64 = 20;
/// `reach max api daily quota limit`.
const QUOTA_USED_UP: i64 = 45009;

/// What happens to the token in force.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenChange {
    /// Every call refuses it, although it is still what a plain request gets.
    Kill,
    /// WeChat issues another one, and refuses this one.
    Renew,
}

struct Token {
    text: String,
    ends_at: Moment,
    is_dead: bool,
}

impl Token {
    fn issue(now: Moment) -> Self {
        Self {
            text: random::hex(32),
            ends_at: now.after(LIFETIME),
            is_dead: false,
        }
    }

    fn is_valid(&self, text: &str, now: Moment) -> bool {
        self.text == text && !self.is_dead && now < self.ends_at
    }
}

/// The tokens of the app, and the requests for them.
#[derive(Default)]
pub(crate) struct AccessTokens {
    current: Option<Token>,
    /// The one that was replaced because it ended soon.
    previous: Option<Token>,
    forced_at: Option<Moment>,
    /// The day of the last forced token, and how many were forced on it.
    forced_on: (String, u64),
    plain_requests: u64,
    forced_requests: u64,
    issued: u64,
}

impl AccessTokens {
    /// Whether calls may use this token.
    pub(crate) fn is_valid(&self, text: &str, now: Moment) -> bool {
        let tokens = [&self.current, &self.previous];
        tokens
            .into_iter()
            .flatten()
            .any(|token| token.is_valid(text, now))
    }

    /// The body of the answer to a request for the token; the error is WeChat's code.
    pub(crate) fn request(&mut self, force_refresh: bool, now: Moment) -> Result<Value, i64> {
        if force_refresh {
            self.forced_requests += 1;
            self.force(now)?;
        } else {
            self.plain_requests += 1;
        }
        let renewed_at = now.after(RENEWAL);
        if self
            .current
            .as_ref()
            .is_none_or(|token| token.ends_at <= renewed_at)
        {
            self.previous = self.current.take();
        }
        let issued = &mut self.issued;
        let token = self.current.get_or_insert_with(|| {
            *issued += 1;
            Token::issue(now)
        });
        // Rounded up, so that the answer to a first request announces the whole lifetime.
        let expires_in = token.ends_at.since(now).as_millis().div_ceil(1000);
        let expires_in = u64::try_from(expires_in).unwrap_or(0);
        Ok(json!({"access_token": token.text, "expires_in": expires_in}))
    }

    /// Ends the token in force, unless another one was forced just before.
    fn force(&mut self, now: Moment) -> Result<(), i64> {
        if self
            .forced_at
            .is_some_and(|at| now.since(at) < FORCED_INTERVAL)
        {
            return Ok(());
        }
        let today = now.shanghai_day();
        if self.forced_on.0 != today {
            self.forced_on = (today, 0);
        }
        if self.forced_on.1 >= FORCED_PER_DAY {
            return Err(QUOTA_USED_UP);
        }
        self.forced_on.1 += 1;
        self.forced_at = Some(now);
        (self.current, self.previous) = (None, None);
        Ok(())
    }

    /// Changes the token in force without a request.
    pub(crate) fn apply(&mut self, change: TokenChange) {
        match change {
            TokenChange::Kill => {
                if let Some(token) = &mut self.current {
                    token.is_dead = true;
                }
            }
            TokenChange::Renew => (self.current, self.previous) = (None, None),
        }
    }

    /// How many requests there were, and how many tokens were issued.
    pub(crate) fn overview(&self) -> Value {
        json!({"plain": self.plain_requests, "forced": self.forced_requests,
            "issued": self.issued})
    }
}
