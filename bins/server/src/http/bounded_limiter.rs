//! A rate limiter of many keys whose memory is bounded.

use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

/// How many keys a limiter holds.
const MAX_KEYS: usize = 100_000;
/// How often a full limiter looks for idle keys at most, since it must look at all of them.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A rate limiter with a limit for each key. Keys that come when it is full share one limit, so
/// that whoever has many addresses cannot make it grow.
pub(super) struct BoundedLimiter<K: Clone + Eq + Hash> {
    keys: DefaultKeyedRateLimiter<K>,
    shared: DefaultDirectRateLimiter,
    max_keys: usize,
    next_sweep: Mutex<Instant>,
}

impl<K: Clone + Eq + Hash> BoundedLimiter<K> {
    pub(super) fn new(quota: Quota) -> Self {
        Self::with_max_keys(quota, MAX_KEYS)
    }

    fn with_max_keys(quota: Quota, max_keys: usize) -> Self {
        Self {
            keys: RateLimiter::keyed(quota),
            shared: RateLimiter::direct(quota),
            max_keys,
            next_sweep: Mutex::new(Instant::now()),
        }
    }

    /// Counts one event of `key`. Returns whether it is within the limit.
    pub(super) fn allows(&self, key: K) -> bool {
        if self.is_full() {
            self.shared.check().is_ok()
        } else {
            self.keys.check_key(&key).is_ok()
        }
    }

    /// Whether there is no room for another key, also after idle ones were removed.
    fn is_full(&self) -> bool {
        if self.keys.len() < self.max_keys {
            return false;
        }
        if self.is_sweep_due() {
            self.keys.retain_recent();
        }
        self.keys.len() >= self.max_keys
    }

    /// Whether the idle keys are to be removed now. The next time is an interval later.
    fn is_sweep_due(&self) -> bool {
        let now = Instant::now();
        let next = self.next_sweep.lock();
        let mut next = next.unwrap_or_else(PoisonError::into_inner);
        let is_due = now >= *next;
        if is_due {
            *next = now + SWEEP_INTERVAL;
        }
        is_due
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    /// A limit that does not recover during a test.
    fn slow_quota(burst: u32) -> Quota {
        let burst = NonZeroU32::new(burst).unwrap();
        Quota::per_hour(NonZeroU32::MIN).allow_burst(burst)
    }

    #[test]
    fn each_key_has_a_limit_of_its_own() {
        let limiter = BoundedLimiter::new(slow_quota(2));
        assert_eq!(
            [1, 1, 1, 2].map(|key| limiter.allows(key)),
            [true, true, false, true]
        );
    }

    #[test]
    fn keys_beyond_the_bound_share_one_limit_and_take_no_memory() {
        let limiter = BoundedLimiter::with_max_keys(slow_quota(3), 10);
        for key in 0..10 {
            assert!(limiter.allows(key), "{key}");
        }
        let allowed = (10..10_000).filter(|key| limiter.allows(*key)).count();
        assert_eq!(allowed, 3);
        assert_eq!(limiter.keys.len(), 10);
    }

    #[test]
    fn idle_keys_make_room() {
        let fast = Quota::with_period(Duration::from_nanos(1)).unwrap();
        let limiter = BoundedLimiter::with_max_keys(fast, 10);
        for key in 0..11 {
            assert!(limiter.allows(key), "{key}");
        }
        assert_eq!(limiter.keys.len(), 1, "the first ten are idle");
    }

    #[test]
    fn full_limiter_sweeps_once_a_second() {
        let limiter = BoundedLimiter::with_max_keys(slow_quota(3), 1);
        assert!(limiter.allows(0));
        assert!(limiter.is_sweep_due());
        assert!(!limiter.is_sweep_due());
        let next = *limiter.next_sweep.lock().unwrap();
        assert!(next > Instant::now() && next <= Instant::now() + SWEEP_INTERVAL);
        *limiter.next_sweep.lock().unwrap() = Instant::now();
        assert!(limiter.is_sweep_due());
    }
}
