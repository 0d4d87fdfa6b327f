//! [`Recent`]: a value that was read a moment ago and that many requests share.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qlive_types::{Clock, Tick};

use crate::operation::{run_background, within_limit};
use crate::{StoreError, TransactionError};

/// The greatest age of a value.
const MAX_AGE: Duration = Duration::from_secs(1);
/// From this age on it is read again, while requests still get the old one.
const REFRESH_AGE: Duration = Duration::from_millis(500);

/// A value that is at most one second old. One request at a time reads it, the others wait for
/// that or get the value as it was: a value that many ask for is read twice a second. No setting
/// of the time makes a value older or younger. Cheap to clone.
pub struct Recent<T>(Arc<Shared<T>>);

struct Shared<T> {
    clock: Clock,
    state: Mutex<State<T>>,
    /// Held by the request that reads the first value, or one in place of an old one.
    reading: tokio::sync::Mutex<()>,
}

struct State<T> {
    value: Option<(Tick, Arc<T>)>,
    /// Whether the value is being read in the background.
    is_refreshing: bool,
    /// How often the value was forgotten: what began to be read before is not kept.
    forgotten: u64,
    /// When the database was last not available for a reading, and why.
    failed: Option<(Tick, String)>,
}

impl<T> Clone for Recent<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + Sync + 'static> Recent<T> {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Shared {
            clock,
            state: Mutex::new(State {
                value: None,
                is_refreshing: false,
                forgotten: 0,
                failed: None,
            }),
            reading: tokio::sync::Mutex::default(),
        }))
    }

    /// The value. `read` reads it, perhaps after this call has returned.
    ///
    /// # Errors
    /// The error of `read`, or [`StoreError::Unavailable`] when the database was not available for
    /// the request that this one waited for. Nobody gets a value that is too old.
    pub async fn get<E, F>(&self, read: impl FnOnce() -> F) -> Result<Arc<T>, E>
    where
        E: TransactionError + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let now = self.0.clock.tick();
        if let Some((value, refresh)) = self.find(now) {
            if refresh {
                let (shared, value) = (self.clone(), read());
                // Not within the operation of this request, which may have ended by then.
                tokio::spawn(run_background("refresh", async move {
                    shared.refresh(now, value).await;
                }));
            }
            return Ok(value);
        }
        let came = now;
        let _reading = within_limit(self.0.reading.lock()).await?;
        let now = self.0.clock.tick();
        if let Some((value, refresh)) = self.find(now) {
            if refresh {
                self.lock().is_refreshing = false;
            }
            return Ok(value);
        }
        if let Some(why) = self.failure_since(came) {
            return Err(StoreError::Unavailable(why).into());
        }
        let forgotten = self.lock().forgotten;
        let value = read().await;
        if let Err(error) = &value
            && let Some(StoreError::Unavailable(why)) = error.store_error()
        {
            self.lock().failed = Some((self.0.clock.tick(), why.clone()));
        }
        let value = Arc::new(value?);
        self.keep(now, forgotten, &value);
        Ok(value)
    }

    /// Why the reading failed for which a request has waited that came at this tick.
    fn failure_since(&self, came: Tick) -> Option<String> {
        let state = self.lock();
        let (at, why) = state.failed.as_ref()?;
        (*at > came).then(|| why.clone())
    }

    /// Forgets the value: this instance has changed it.
    pub fn forget(&self) {
        let mut state = self.lock();
        state.value = None;
        state.forgotten += 1;
    }

    /// The value, unless it is too old, and whether the caller is to read it again.
    fn find(&self, now: Tick) -> Option<(Arc<T>, bool)> {
        let mut state = self.lock();
        let (read_at, value) = state.value.as_ref()?;
        let (age, value) = (now.since(*read_at), Arc::clone(value));
        if age >= MAX_AGE {
            return None;
        }
        let refresh = age >= REFRESH_AGE && !mem::replace(&mut state.is_refreshing, true);
        Some((value, refresh))
    }

    async fn refresh<E>(&self, began: Tick, read: impl Future<Output = Result<T, E>>) {
        let forgotten = self.lock().forgotten;
        let guard = RefreshGuard(self);
        // A failure is met again by the request that needs a new value.
        if let Ok(value) = read.await {
            self.keep(began, forgotten, &Arc::new(value));
        }
        drop(guard);
    }

    fn keep(&self, began: Tick, forgotten: u64, value: &Arc<T>) {
        let mut state = self.lock();
        let is_newer = state.value.as_ref().is_none_or(|(at, _)| *at <= began);
        if state.forgotten == forgotten && is_newer {
            state.value = Some((began, Arc::clone(value)));
        }
    }
}

impl<T> Recent<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the next request refresh, also when this refresh was dropped.
struct RefreshGuard<'a, T>(&'a Recent<T>);

impl<T> Drop for RefreshGuard<'_, T> {
    fn drop(&mut self) {
        self.0.lock().is_refreshing = false;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    struct Counted {
        clock: Clock,
        recent: Recent<u32>,
        reads: Arc<AtomicU32>,
    }

    impl Counted {
        fn new() -> Self {
            let clock = Clock::system();
            Self {
                recent: Recent::new(clock.clone()),
                clock,
                reads: Arc::default(),
            }
        }

        /// The value: the number of the reading that it is of.
        async fn get(&self) -> u32 {
            let reads = Arc::clone(&self.reads);
            let read = || async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok::<_, StoreError>(reads.fetch_add(1, Ordering::SeqCst) + 1)
            };
            *self.recent.get(read).await.unwrap()
        }
    }

    #[tokio::test]
    async fn many_requests_read_once() {
        let counted = Counted::new();
        let (a, b, c) = tokio::join!(counted.get(), counted.get(), counted.get());
        assert_eq!([a, b, c], [1, 1, 1]);
        assert_eq!(counted.get().await, 1);
    }

    #[tokio::test]
    async fn value_is_refreshed_once_in_the_background_and_ends_with_a_second() {
        let counted = Counted::new();
        assert_eq!(counted.get().await, 1);
        counted.clock.advance(Duration::from_millis(600));
        for _ in 0..3 {
            assert_eq!(counted.get().await, 1, "the old value meanwhile");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(counted.get().await, 2);
        counted.clock.advance(Duration::from_secs(1));
        assert_eq!(counted.get().await, 3);
    }

    #[tokio::test]
    async fn value_ends_by_its_age_whatever_the_time_is_set_to() {
        let counted = Counted::new();
        assert_eq!(counted.get().await, 1);
        counted.clock.set_back(Duration::from_secs(3_600));
        assert_eq!(counted.get().await, 1);
        counted.clock.set_forward(Duration::from_secs(7_200));
        assert_eq!(counted.get().await, 1);
    }

    #[tokio::test]
    async fn reading_that_began_before_a_change_is_not_kept() {
        let counted = Counted::new();
        let change = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            counted.recent.forget();
        };
        let (first, ()) = tokio::join!(counted.get(), change);
        assert_eq!((first, counted.get().await), (1, 2));
        counted.recent.forget();
        assert_eq!(counted.get().await, 3);
    }

    #[tokio::test]
    async fn failed_reading_is_an_error_and_the_next_request_reads_again() {
        let counted = Counted::new();
        let failed = counted.recent.get(|| async { Err(StoreError::Busy) }).await;
        assert!(matches!(failed, Err(StoreError::Busy)));
        assert_eq!(counted.get().await, 1);
    }

    #[tokio::test]
    async fn outage_is_met_once_by_all_who_wait() {
        let counted = Counted::new();
        let outage = || {
            counted.reads.fetch_add(1, Ordering::SeqCst);
            async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err::<u32, _>(StoreError::Unavailable("it sleeps".to_owned()))
            }
        };
        let get = || async { counted.recent.get(outage).await.unwrap_err().to_string() };
        let (a, b, c) = tokio::join!(get(), get(), get());
        let text = "the database is not available: it sleeps";
        assert_eq!([a.as_str(), &b, &c], [text; 3]);
        assert_eq!(counted.reads.load(Ordering::SeqCst), 1);
        assert_eq!(counted.get().await, 2, "the next one reads again");
    }
}
