//! The one place that reads a clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// A moment: milliseconds since the Unix epoch. What the database stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The moment so many milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// So much later.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// So much earlier.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// How long after `earlier` this is; zero when it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The wall clock in Shanghai without a zone: `2019-07-24T14:11:37`.
    #[must_use]
    pub fn shanghai(self) -> String {
        // China has kept UTC+8 the year round since 1991, before any moment stored here.
        let zone = TimeZone::fixed(Offset::constant(8));
        jiff::Timestamp::from_millisecond(self.0)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(zone)
            .strftime("%Y-%m-%dT%H:%M:%S")
            .to_string()
    }

    /// The wall clock in Shanghai, as WeChat writes it in payments: `2019-07-24T14:11:37+08:00`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{}+08:00", self.shanghai())
    }

    /// Reads RFC 3339: `2019-07-24T14:11:37+08:00`.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|moment| Self(moment.as_millisecond()))
    }

    /// The beginning of a day in Shanghai that is given as `2019-07-24`.
    #[must_use]
    pub fn parse_day(text: &str) -> Option<Self> {
        let shape = |(at, b): (usize, u8)| {
            if [4, 7].contains(&at) {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        };
        let is_day = text.len() == 10 && text.bytes().enumerate().all(shape);
        is_day
            .then(|| Self::parse_rfc3339(&format!("{text}T00:00:00+08:00")))
            .flatten()
    }

    /// UTC in ISO 8601 to the second: `2026-01-02T03:04:05Z`.
    #[must_use]
    pub fn utc(self) -> String {
        jiff::Timestamp::from_millisecond(self.0)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Where the time comes from: the machine's clock, which a test may put forward.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds by which it was put forward; shared by all clones.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment(machine_millis().saturating_add(self.ahead.load(Ordering::SeqCst)))
    }

    /// Puts this clock and its clones forward.
    pub fn advance(&self, by: Duration) {
        self.ahead.fetch_add(millis(by), Ordering::SeqCst);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one home of the clock"
)]
fn machine_millis() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_shown_in_shanghai() {
        assert_eq!(
            Moment::from_millis(1_563_948_697_999).shanghai(),
            "2019-07-24T14:11:37"
        );
        assert_eq!(Moment::from_millis(0).utc(), "1970-01-01T00:00:00Z");
        let moment = Moment::parse_rfc3339("2019-07-24T14:11:37+08:00").unwrap();
        assert_eq!(
            (moment.millis(), moment.rfc3339().as_str()),
            (1_563_948_697_000, "2019-07-24T14:11:37+08:00")
        );
        assert_eq!(Moment::parse_rfc3339("2019-07-24 14:11"), None);
        assert_eq!(
            Moment::parse_day("2019-07-24").unwrap().rfc3339(),
            "2019-07-24T00:00:00+08:00"
        );
        for wrong in ["2019-7-24", "2019-13-01", "20190724", "2019-07-24T", ""] {
            assert_eq!(Moment::parse_day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn clones_are_put_forward_together() {
        let clock = Clock::system();
        let shared = clock.clone();
        let before = shared.now();
        clock.advance(Duration::from_secs(1000));
        assert!(shared.now().since(before) >= Duration::from_secs(1000));
        assert_eq!(before.since(shared.now()), Duration::ZERO);
    }
}
