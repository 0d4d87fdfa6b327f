//! [`Outbox`]: the handle with which other services wake the outbox worker and read its state.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::prelude::*;
use qlive_store::schema::outbox;
use qlive_store::{Db, StoreError, count_up_to};
use qlive_types::{Clock, Moment};
use tokio::sync::Notify;

use crate::status::Status;

/// The outbox of one instance. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    wake_signal: Arc<Notify>,
    failures: Arc<DeliveryFailures>,
    delivered: Arc<AtomicU64>,
}

/// The numbers of deliveries of this instance that failed or were refused, by system.
#[derive(Debug, Default)]
pub struct DeliveryFailures {
    pub im: AtomicU64,
    pub css: AtomicU64,
}

/// The numbers of rows that are not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxStats {
    pub waiting: i64,
    pub parked: i64,
    /// When the oldest waiting row was written.
    pub oldest: Option<Moment>,
}

impl Outbox {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            db,
            clock,
            wake_signal: Arc::default(),
            failures: Arc::default(),
            delivered: Arc::default(),
        }
    }

    /// The failures of this instance since it started.
    #[must_use]
    pub fn failures(&self) -> &DeliveryFailures {
        &self.failures
    }

    /// The number of rows that this instance has delivered since it started. Rows that were merged
    /// into them are not counted.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Counts a delivered row.
    pub(crate) fn count_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// Wakes the outbox worker of this instance. Call it after the commit of a transaction that
    /// wrote a delivery.
    pub fn wake(&self) {
        self.wake_signal.notify_one();
    }

    /// The signal for which the outbox worker waits.
    pub(crate) fn wake_signal(&self) -> Arc<Notify> {
        Arc::clone(&self.wake_signal)
    }

    /// Counts the rows that are not delivered.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn stats(&self) -> Result<OutboxStats, StoreError> {
        self.stats_up_to(i64::MAX).await
    }

    /// The same, counting at most `most` of each.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn stats_up_to(&self, most: i64) -> Result<OutboxStats, StoreError> {
        self.db
            .read(move |conn| {
                let oldest: Option<i64> = outbox::table
                    .filter(Status::Waiting.condition())
                    .select(diesel::dsl::min(outbox::created_at))
                    .get_result(conn)?;
                let rows = |status: Status| format!("outbox WHERE status = {}", status.number());
                Ok(OutboxStats {
                    waiting: count_up_to(conn, &rows(Status::Waiting), most)?,
                    parked: count_up_to(conn, &rows(Status::Parked), most)?,
                    oldest: oldest.map(Moment::from_millis),
                })
            })
            .await
    }
}
