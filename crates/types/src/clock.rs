//! Moments in time, and the clock. Every other crate reads the time here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// A day. In Shanghai each has this length.
pub const DAY: Duration = Duration::from_secs(86_400);

/// A moment in milliseconds since the Unix epoch, which is also how the database stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The most by which the clocks of two instances differ, with the time between reading a clock
    /// and storing what it showed. What lies ahead by more was written before a clock was set back.
    pub const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

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

    /// Whether `wait` has passed since a stored moment. One that lies ahead by more than
    /// [`Self::CLOCK_DIFFERENCE`] was written before the clock was set back: it counts as past.
    #[must_use]
    pub fn is_past(self, stored: Self, wait: Duration) -> bool {
        let (first, last) = self.recent(wait);
        !(first..=last).contains(&stored.0)
    }

    /// The stored ends of a wait that still runs at this moment, first and last, in milliseconds.
    /// Whatever is outside of them is due: an end that lies ahead by more than the wait and
    /// [`Self::CLOCK_DIFFERENCE`] was written before the clock was set back.
    ///
    /// In SQL, `qlive_store::outside!` selects what is due. For one end see
    /// [`Moment::is_waiting`].
    #[must_use]
    pub fn running(self, wait: Duration) -> (i64, i64) {
        let last = self.after(wait).after(Self::CLOCK_DIFFERENCE);
        (self.0.saturating_add(1), last.0)
    }

    /// The stored moments since which `wait` has not passed, first and last, in milliseconds; see
    /// [`Moment::is_past`]. In SQL, `qlive_store::outside!` selects what is past.
    #[must_use]
    pub fn recent(self, wait: Duration) -> (i64, i64) {
        let last = self.after(Self::CLOCK_DIFFERENCE);
        (self.before(wait).0.saturating_add(1), last.0)
    }

    /// Whether a wait that ends at `until` still runs at this moment; see [`Moment::running`].
    #[must_use]
    pub fn is_waiting(self, until: Self, wait: Duration) -> bool {
        let (first, last) = self.running(wait);
        (first..=last).contains(&until.0)
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

    /// The day in Shanghai: `2019-07-24`.
    #[must_use]
    pub fn shanghai_day(self) -> String {
        self.shanghai()
            .split('T')
            .next()
            .unwrap_or_default()
            .to_owned()
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

/// A moment on a clock that nobody can set, for waits and ages within this process. It cannot be
/// stored: each process begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(Duration);

impl Tick {
    /// The tick this much later.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by))
    }

    /// The time from `earlier` to this tick; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The machine's clock. Tests can move it; all clones move together.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Milliseconds by which the time was moved; shared by all clones.
    offset: Arc<AtomicI64>,
    /// Milliseconds by which the ticks were moved forward; shared by all clones.
    ticks_offset: Arc<AtomicU64>,
    started: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            offset: Arc::default(),
            ticks_offset: Arc::default(),
            started: Instant::now(),
        }
    }
}

impl Clock {
    /// A clock that shows the machine's time.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// The present moment, as the machine's time says. Whoever sets the machine's time moves it.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment(machine_millis().saturating_add(self.offset.load(Ordering::SeqCst)))
    }

    /// The present tick, which only ever grows, at the same speed.
    #[must_use]
    pub fn tick(&self) -> Tick {
        let moved = Duration::from_millis(self.ticks_offset.load(Ordering::SeqCst));
        Tick(self.started.elapsed().saturating_add(moved))
    }

    /// Lets time pass: moves this clock and its clones forward.
    pub fn advance(&self, by: Duration) {
        self.offset.fetch_add(millis(by), Ordering::SeqCst);
        let ticks = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ticks_offset.fetch_add(ticks, Ordering::SeqCst);
    }

    /// Sets the time back without letting time pass, as a correction of the machine's time does.
    pub fn set_back(&self, by: Duration) {
        self.offset.fetch_sub(millis(by), Ordering::SeqCst);
    }

    /// Sets the time forward without letting time pass.
    pub fn set_forward(&self, by: Duration) {
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

    #[test]
    fn setting_the_time_moves_no_tick() {
        let clock = Clock::system();
        let hour = Duration::from_secs(3_600);
        let (moment, tick) = (clock.now(), clock.tick());
        clock.set_back(hour);
        assert!(clock.now() < moment && clock.tick() >= tick);
        clock.set_forward(hour);
        clock.set_forward(hour);
        assert!(clock.now() >= moment.after(hour));
        assert!(clock.tick().since(tick) < hour, "no time has passed");
        clock.advance(hour);
        assert!(clock.clone().tick().since(tick) >= hour);
        assert_eq!(tick.since(clock.tick()), Duration::ZERO);
        assert!(tick.after(hour) <= clock.tick());
    }

    #[test]
    fn stored_moment_that_lies_far_ahead_counts_as_past() {
        let (now, wait) = (Moment::from_millis(100_000), Duration::from_secs(10));
        for (stored, is_past) in [(89_999, true), (90_000, true), (90_001, false)] {
            assert_eq!(now.is_past(Moment::from_millis(stored), wait), is_past);
        }
        for (stored, is_past) in [(100_000, false), (160_000, false), (160_001, true)] {
            assert_eq!(now.is_past(Moment::from_millis(stored), wait), is_past);
        }
    }

    #[test]
    fn end_that_lies_ahead_by_more_than_its_wait_is_due() {
        let (now, wait) = (Moment::from_millis(100_000), Duration::from_secs(10));
        for (until, is_due) in [
            (0, true),
            (100_000, true),
            (100_001, false),
            (110_000, false),
            (170_000, false),
            (170_001, true),
        ] {
            let is_waiting = now.is_waiting(Moment::from_millis(until), wait);
            assert_eq!(!is_waiting, is_due, "{until}");
        }
    }
}
