//! What IM bears, and how the calls keep to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use qlive_types::Tick;

use crate::lane::{Lane, LaneKind};

/// What one instance may ask of IM. IM counts for the whole application, so several instances
/// divide its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImLimits {
    /// The most REST calls in a second.
    pub calls_per_second: u32,
    /// The most messages to one group in a second.
    pub group_messages_per_second: u32,
    /// The most calls that run at once.
    pub concurrent_calls: u32,
}

impl Default for ImLimits {
    /// What Tencent documents for every application: 200 calls of a command and 40 messages to a
    /// group in a second.
    fn default() -> Self {
        Self {
            calls_per_second: 200,
            group_messages_per_second: 40,
            concurrent_calls: 128,
        }
    }
}

/// Counts what may happen a number of times in any second: a tenth of it at once, the rest evenly.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    interval: Duration,
    burst: u32,
    /// When all of the burst is available again.
    full_at: Tick,
}

impl Pace {
    /// At most `limit` in any second, from `now` on.
    pub(crate) fn new(limit: u32, now: Tick) -> Self {
        let burst = (limit / 10).max(1);
        let evenly = limit.saturating_sub(burst).max(1);
        Self {
            interval: Duration::from_secs(1) / evenly,
            burst,
            full_at: now,
        }
    }

    /// How many may happen now.
    pub(crate) fn available(&self, now: Tick) -> u32 {
        let missing = self.full_at.since(now).as_nanos();
        let used = missing.div_ceil(self.interval.as_nanos().max(1));
        self.burst
            .saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
    }

    /// Counts what has happened. It may be more than was available; the rest is made up for.
    pub(crate) fn count(&mut self, now: Tick, number: u32) {
        let taken = self.interval.saturating_mul(number);
        self.full_at = self.full_at.max(now).after(taken);
    }

    /// The time until `number`, or the whole burst if that is less, may happen.
    pub(crate) fn time_until(&self, now: Tick, number: u32) -> Duration {
        let spare = self.burst.saturating_sub(number);
        let missing = self.full_at.since(now);
        missing.saturating_sub(self.interval.saturating_mul(spare))
    }

    fn is_full(&self, now: Tick) -> bool {
        self.full_at <= now
    }
}

/// The messages to the groups of rooms. Gifts leave one message for the seats.
#[derive(Debug)]
pub(crate) struct GroupPaces {
    limit: u32,
    paces: BTreeMap<i64, Pace>,
    /// The number of paces from which those that no longer matter are removed.
    clean_at: usize,
}

impl GroupPaces {
    const FIRST_CLEANING: usize = 1_000;

    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit,
            paces: BTreeMap::new(),
            clean_at: Self::FIRST_CLEANING,
        }
    }

    /// The time until a message of this lane may be sent to its group. Lanes that send to no group
    /// need not wait.
    pub(crate) fn time_until_free(&self, lane: Lane, now: Tick) -> Duration {
        let needed = match lane.kind {
            LaneKind::Room => 1,
            LaneKind::Gifts => 2,
            LaneKind::ApplicantCounts | LaneKind::User | LaneKind::Stream => return Duration::ZERO,
        };
        let pace = self.paces.get(&lane.id);
        pace.map_or(Duration::ZERO, |pace| pace.time_until(now, needed))
    }

    /// The lanes whose groups must not get a message yet.
    pub(crate) fn busy_lanes(&self, now: Tick) -> BTreeSet<Lane> {
        let rooms = self.paces.iter().filter(|(_, pace)| !pace.is_full(now));
        let lanes = rooms.flat_map(|(id, _)| {
            [LaneKind::Room, LaneKind::Gifts].map(|kind| Lane { kind, id: *id })
        });
        lanes
            .filter(|lane| self.time_until_free(*lane, now) > Duration::ZERO)
            .collect()
    }

    /// Counts a message of this lane.
    pub(crate) fn count(&mut self, lane: Lane, now: Tick) {
        if !matches!(lane.kind, LaneKind::Room | LaneKind::Gifts) {
            return;
        }
        if self.paces.len() >= self.clean_at {
            self.paces.retain(|_, pace| !pace.is_full(now));
            self.clean_at = (2 * self.paces.len()).max(Self::FIRST_CLEANING);
        }
        let limit = self.limit;
        let pace = self.paces.entry(lane.id);
        pace.or_insert_with(|| Pace::new(limit, now)).count(now, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qlive_types::Clock;

    /// How often something happens within `time` that happens as soon as it may.
    fn number_within(limit: u32, time: Duration) -> u32 {
        let start = Clock::system().tick();
        let mut pace = Pace::new(limit, start);
        let mut number = 0;
        let mut passed = Duration::ZERO;
        while passed < time {
            let now = start.after(passed);
            let available = pace.available(now);
            pace.count(now, available);
            number += available;
            passed += pace.time_until(now, 1).max(Duration::from_millis(1));
        }
        number
    }

    #[test]
    fn no_second_has_more_than_the_limit() {
        for limit in [10, 40, 200, 2_000, 20_000] {
            let number = number_within(limit, Duration::from_secs(1));
            assert!(number <= limit, "{number} of {limit}");
            assert!(number >= limit - limit / 8, "{number} of {limit}");
        }
    }

    #[test]
    fn calls_above_the_limit_are_made_up_for() {
        let now = Clock::system().tick();
        let mut pace = Pace::new(200, now);
        pace.count(now, 220);
        assert_eq!(pace.available(now), 0);
        let wait = pace.time_until(now, 1);
        assert!(wait > Duration::from_secs(1), "{wait:?}");
        assert_eq!(pace.available(now.after(wait)), 1);
    }

    #[test]
    fn gifts_leave_a_message_for_the_seats() {
        let now = Clock::system().tick();
        let lane = |kind| Lane { kind, id: 1 };
        let (gifts, seats) = (lane(LaneKind::Gifts), lane(LaneKind::Room));
        let mut paces = GroupPaces::new(40);
        for _ in 0..3 {
            assert_eq!(paces.time_until_free(gifts, now), Duration::ZERO);
            paces.count(gifts, now);
        }
        assert!(paces.time_until_free(gifts, now) > Duration::ZERO);
        assert_eq!(paces.time_until_free(seats, now), Duration::ZERO);
        paces.count(seats, now);
        assert!(paces.time_until_free(seats, now) > Duration::ZERO);
        let other = Lane {
            kind: LaneKind::Gifts,
            id: 2,
        };
        assert_eq!(paces.time_until_free(other, now), Duration::ZERO);
    }
}
