//! [`Cached`]: a value in memory that is read again when it is too old.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Tick;

/// A value with the tick at which it was read. No setting of the time makes it older or younger.
#[derive(Debug)]
pub struct Cached<T> {
    max_age: Duration,
    value: Mutex<Option<(Tick, Arc<T>)>>,
}

impl<T> Cached<T> {
    /// Nothing yet. A value counts until it is `max_age` old.
    #[must_use]
    pub const fn new(max_age: Duration) -> Self {
        Self {
            max_age,
            value: Mutex::new(None),
        }
    }

    /// The value, unless it is too old.
    #[must_use]
    pub fn get(&self, now: Tick) -> Option<Arc<T>> {
        self.lock()
            .as_ref()
            .filter(|(read_at, _)| now.since(*read_at) < self.max_age)
            .map(|(_, value)| Arc::clone(value))
    }

    /// Stores a value. Its age counts from `read_at`, when reading it began.
    pub fn put(&self, read_at: Tick, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.lock() = Some((read_at, Arc::clone(&value)));
        value
    }

    /// Forgets the value: it has changed.
    pub fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Tick, Arc<T>)>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    #[test]
    fn value_ends_by_its_age_whatever_the_time_is_set_to() {
        let (clock, cached) = (Clock::system(), Cached::new(Duration::from_secs(60)));
        assert!(cached.get(clock.tick()).is_none());
        cached.put(clock.tick(), 7);
        clock.set_back(Duration::from_secs(3_600));
        assert_eq!(cached.get(clock.tick()).as_deref(), Some(&7));
        clock.set_forward(Duration::from_secs(7_200));
        assert_eq!(cached.get(clock.tick()).as_deref(), Some(&7));
        clock.set_back(Duration::from_secs(3_600));
        clock.advance(Duration::from_secs(60));
        assert!(cached.get(clock.tick()).is_none());
        cached.put(clock.tick(), 8);
        cached.forget();
        assert!(cached.get(clock.tick()).is_none());
    }
}
