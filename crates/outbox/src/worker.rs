//! [`OutboxWorker`]: finds due lanes and starts their delivery.

use std::sync::Arc;
use std::time::Duration;

use qlive_store::operation::run_background;
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_store::{Db, StoreError};
use qlive_types::{Clock, Tick};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;
use crate::lane::WorkerPool;
use crate::lane_worker::LaneWorker;
use crate::lease::{find_due_lanes, release_all_lanes};
use crate::service::Outbox;
use crate::sweep::delete_old_rows;

/// The most lanes that each pool delivers at once.
const POOL_SIZE: usize = 24;
/// The time between two deletions of old rows.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);

/// The background worker that delivers the outbox. Every instance may run one.
pub struct OutboxWorker {
    lane_worker: Arc<LaneWorker>,
    wake_signal: Arc<Notify>,
    pools: [(WorkerPool, Arc<Semaphore>); 3],
    /// The lanes that are being delivered.
    tasks: JoinSet<()>,
    sweep_due: Tick,
}

impl OutboxWorker {
    /// `outbox` wakes the worker and counts its failures.
    #[must_use]
    pub fn new(db: Db, clock: Clock, dispatcher: Dispatcher, outbox: &Outbox) -> Self {
        let pools = WorkerPool::ALL.map(|pool| (pool, Arc::new(Semaphore::new(POOL_SIZE))));
        Self {
            sweep_due: clock.tick(),
            lane_worker: Arc::new(LaneWorker::new(db, clock, dispatcher, outbox.clone())),
            wake_signal: outbox.wake_signal(),
            pools,
            tasks: JoinSet::new(),
        }
    }

    /// Delivers until `stop` is cancelled. Calls that run then are aborted and made again later.
    /// The leases of this instance end, so that another one continues at once.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
        // A task that is taking a lease must have it before all leases end.
        while self.tasks.join_next().await.is_some() {}
        let owner = self.lane_worker.owner().to_owned();
        let db = self.lane_worker.db();
        let released = db.write(move |conn| release_all_lanes(conn, &owner));
        if let Err(error) = released.await {
            tracing::warn!(%error, "cannot release the lanes; their leases expire");
        }
    }

    /// Starts the due lanes of each pool, as many as the pool has workers free. A pool whose lanes
    /// cannot be read does not keep the others waiting.
    async fn start_due_lanes(&mut self, stop: &CancellationToken) {
        let now = self.lane_worker.now();
        for (pool, permits) in &self.pools {
            let limit = i64::try_from(permits.available_permits()).unwrap_or(0);
            if limit == 0 {
                continue;
            }
            let (db, pool) = (self.lane_worker.db(), *pool);
            let due = db.read(move |conn| find_due_lanes(conn, pool, limit, now));
            let lanes = match due.await {
                Ok(lanes) => lanes,
                Err(error) => {
                    tracing::warn!(%error, ?pool, "cannot read the due lanes");
                    continue;
                }
            };
            for lane in lanes {
                // No other code takes permits, so there is one for each lane.
                let Ok(permit) = Arc::clone(permits).try_acquire_owned() else {
                    break;
                };
                let (worker, stop) = (Arc::clone(&self.lane_worker), stop.clone());
                self.tasks.spawn(run_background(Self::NAME, async move {
                    worker.deliver_lane(lane, &stop).await;
                    drop(permit);
                }));
            }
        }
    }

    async fn sweep(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let now = self.lane_worker.now();
        while !stop.is_cancelled() {
            let db = self.lane_worker.db();
            if !db.write(move |conn| delete_old_rows(conn, now)).await? {
                break;
            }
        }
        Ok(())
    }
}

impl BackgroundWorker for OutboxWorker {
    const NAME: &'static str = "outbox worker";
    /// The longest delay of rows that another instance wrote, and of applicant counts.
    const INTERVAL: Duration = Duration::from_millis(150);
    type Error = StoreError;

    async fn run_round(&mut self, stop: &CancellationToken) -> Result<RoundOutcome, StoreError> {
        while self.tasks.try_join_next().is_some() {}
        let now = self.lane_worker.tick();
        if now >= self.sweep_due {
            self.sweep_due = now.after(SWEEP_INTERVAL);
            if let Err(error) = self.sweep(stop).await {
                tracing::warn!(%error, "cannot delete old rows of the outbox");
            }
        }
        self.start_due_lanes(stop).await;
        Ok(RoundOutcome::Done)
    }

    async fn pause(&self) {
        // The signal and the timeout both lead to the next round.
        let _ = tokio::time::timeout(Self::INTERVAL, self.wake_signal.notified()).await;
    }
}
