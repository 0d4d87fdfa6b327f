//! Moments in time, and the clock. Every other crate reads the time here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// A moment in milliseconds since the Unix epoch, which is also how the database stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The moment that is this many milliseconds after the epoch.
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

    /// The moment this much later.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// The moment this much earlier.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// The time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The time in Shanghai without an offset: `2019-07-24T14:11:37`.
    #[must_use]
    pub fn shanghai(self) -> String {
        // China has used UTC+8 all year since 1991, which is earlier than any stored moment.
        let zone = TimeZone::fixed(Offset::constant(8));
        jiff::Timestamp::from_millisecond(self.0)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(zone)
            .strftime("%Y-%m-%dT%H:%M:%S")
            .to_string()
    }

    /// RFC 3339 in Shanghai, as WeChat Pay writes times: `2019-07-24T14:11:37+08:00`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{}+08:00", self.shanghai())
    }

    /// Parses RFC 3339 with any offset: `2019-07-24T14:11:37+08:00`.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|moment| Self(moment.as_millisecond()))
    }

    /// Parses a day like `2019-07-24` and returns its beginning in Shanghai.
    #[must_use]
    pub fn parse_day(text: &str) -> Option<Self> {
        let is_expected = |(at, b): (usize, u8)| {
            if [4, 7].contains(&at) {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        };
        let is_day = text.len() == 10 && text.bytes().enumerate().all(is_expected);
        is_day
            .then(|| Self::parse_rfc3339(&format!("{text}T00:00:00+08:00")))
            .flatten()
    }

    /// ISO 8601 in UTC, to the second: `2026-01-02T03:04:05Z`.
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

/// The machine's clock. Tests can move it forward; all clones move together.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds by which the clock was moved forward; shared by all clones.
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that shows the machine's time.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment(machine_millis().saturating_add(self.offset.load(Ordering::SeqCst)))
    }

    /// Moves this clock and its clones forward.
    pub fn advance(&self, by: Duration) {
        self.offset.fetch_add(millis(by), Ordering::SeqCst);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is where the ban on the system clock points to"
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
    fn moments_are_formatted_and_parsed_in_shanghai_time() {
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
    fn advancing_a_clock_advances_its_clones() {
        let clock = Clock::system();
        let shared = clock.clone();
        let before = shared.now();
        clock.advance(Duration::from_secs(1000));
        assert!(shared.now().since(before) >= Duration::from_secs(1000));
        assert_eq!(before.since(shared.now()), Duration::ZERO);
    }
}
