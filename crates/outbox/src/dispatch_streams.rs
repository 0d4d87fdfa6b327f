//! The calls to CSS for the streams of users.

use std::time::Duration;

use qlive_tencent::tc3::SigningTime;
use qlive_types::{Clock, UserId};

use crate::attempt::AttemptOutcome;
use crate::dispatcher::Dispatcher;

/// How long a forbidden stream is refused: the longest time that CSS accepts. Lifting a ban ends it
/// earlier.
const FORBIDDEN_FOR: Duration = Duration::from_secs(90 * 86_400);

const NO_CREDENTIALS: AttemptOutcome = AttemptOutcome::Skipped("no cloud credentials");

/// The time of a call in the two forms that its signature needs: Unix seconds and the date.
struct CallTime {
    secs: i64,
    utc: String,
}

impl CallTime {
    fn now(clock: &Clock) -> Self {
        let now = clock.now();
        Self {
            secs: now.secs(),
            utc: now.utc(),
        }
    }

    fn signing_time(&self) -> SigningTime<'_> {
        SigningTime {
            unix_secs: self.secs,
            utc_date: self.utc.get(..10).unwrap_or_default(),
        }
    }
}

impl Dispatcher {
    pub(crate) async fn drop_stream(&self, user: UserId, clock: &Clock) -> AttemptOutcome {
        let Some(css) = &self.css else {
            return NO_CREDENTIALS;
        };
        let time = CallTime::now(clock);
        AttemptOutcome::of_css(
            css.drop_stream(&user.to_string(), time.signing_time())
                .await,
        )
    }

    pub(crate) async fn forbid_stream(&self, user: UserId, clock: &Clock) -> AttemptOutcome {
        let Some(css) = &self.css else {
            return NO_CREDENTIALS;
        };
        let time = CallTime::now(clock);
        let (stream, until) = (user.to_string(), clock.now().after(FORBIDDEN_FOR).utc());
        AttemptOutcome::of_css(
            css.forbid_stream(&stream, &until, time.signing_time())
                .await,
        )
    }

    pub(crate) async fn resume_stream(&self, user: UserId, clock: &Clock) -> AttemptOutcome {
        let Some(css) = &self.css else {
            return NO_CREDENTIALS;
        };
        let time = CallTime::now(clock);
        AttemptOutcome::of_css(
            css.resume_stream(&user.to_string(), time.signing_time())
                .await,
        )
    }
}
