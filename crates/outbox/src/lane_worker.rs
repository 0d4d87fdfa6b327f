//! Delivers the rows of one lane, one after the other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use qlive_store::{Conn, Db, StoreError};
use qlive_types::{Clock, Moment, Tick, random};
use tokio_util::sync::CancellationToken;

use crate::attempt::AttemptOutcome;
use crate::dispatcher::Dispatcher;
use crate::lane::{Lane, LaneKind};
use crate::lease::{
    lease_lane, release_lane, release_lane_after_failure, renew_lease, reset_failures,
};
use crate::lookup::Lookup;
use crate::plan::{LiveBroadcasts, plan_lane};
use crate::prepared::{PreparedDelivery, prepare_delivery};
use crate::queue::{WaitingRow, finish_row, load_waiting, record_failure};
use crate::service::Outbox;
use crate::status::Status;

/// How long a lane is delivered before other lanes of its pool have their turn.
const TURN: Duration = Duration::from_secs(2);
/// The least time between two gifts of a room: IM carries about 40 messages a second per group.
const GIFT_SPACING: Duration = Duration::from_millis(50);

/// Delivers lanes under the leases of one instance.
pub(crate) struct LaneWorker {
    db: Db,
    clock: Clock,
    dispatcher: Dispatcher,
    outbox: Outbox,
    /// Identifies this worker in leases.
    owner: String,
}

impl LaneWorker {
    pub(crate) fn new(db: Db, clock: Clock, dispatcher: Dispatcher, outbox: Outbox) -> Self {
        Self {
            db,
            clock,
            dispatcher,
            outbox,
            owner: random::hex(8),
        }
    }

    pub(crate) const fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(crate) fn tick(&self) -> Tick {
        self.clock.tick()
    }

    /// Delivers a lane until nothing in it is due, a delivery fails, another instance has the
    /// lease, the turn is over, or `stop` is cancelled.
    pub(crate) async fn deliver_lane(&self, lane: Lane, stop: &CancellationToken) {
        let Err(error) = self.deliver_rows(lane, stop).await else {
            return;
        };
        tracing::warn!(%error, %lane, "cannot deliver a lane");
        let (now, owner) = (self.now(), self.owner.clone());
        let released = self
            .db
            .write(move |conn| release_lane_after_failure(conn, lane, &owner, now));
        if let Err(error) = released.await {
            tracing::warn!(%error, %lane, "cannot release a lane; its lease expires");
        }
    }

    async fn deliver_rows(&self, lane: Lane, stop: &CancellationToken) -> Result<(), StoreError> {
        let (now, owner) = (self.now(), self.owner.clone());
        let started = self.tick();
        let leased = self
            .db
            .write(move |conn| lease_lane(conn, lane, &owner, now));
        if !leased.await? {
            return Ok(());
        }
        while let Some((id, prepared)) = self.prepare_next(lane).await? {
            let call = self.dispatcher.dispatch(&prepared, &self.db, &self.clock);
            let Some(outcome) = stop.run_until_cancelled(call).await else {
                return Ok(());
            };
            if !self.record_outcome(lane, id, outcome).await? {
                return Ok(());
            }
            if lane.kind == LaneKind::Gifts {
                tokio::time::sleep(GIFT_SPACING).await;
            }
            if self.tick().since(started) >= TURN {
                let owner = self.owner.clone();
                let released = self.db.write(move |conn| release_lane(conn, lane, &owner));
                return released.await;
            }
        }
        Ok(())
    }

    /// Plans the lane, records the rows to skip, and prepares the next row, in one transaction.
    /// `None` if nothing is due, in which case the lease ends, or if the lease was lost.
    async fn prepare_next(
        &self,
        lane: Lane,
    ) -> Result<Option<(i64, PreparedDelivery)>, StoreError> {
        let (clock, owner) = (self.clock.clone(), self.owner.clone());
        let lookup = Arc::clone(&self.dispatcher.lookup);
        self.db
            .write(move |conn| {
                let now = clock.now();
                if !renew_lease(conn, lane, &owner, now)? {
                    return Ok(None);
                }
                let rows = load_waiting(conn, lane, now)?;
                let live = find_live_broadcasts(conn, &*lookup, &rows)?;
                let plan = plan_lane(&rows, &live, now);
                for (id, reason) in &plan.skipped {
                    finish_row(conn, *id, Status::Skipped, reason, now)?;
                }
                let Some(row) = plan.next else {
                    release_lane(conn, lane, &owner)?;
                    return Ok(None);
                };
                let id = row.id;
                Ok(Some((id, prepare_delivery(conn, &*lookup, row)?)))
            })
            .await
    }

    /// Records the outcome of an attempt. False if the attempt failed: the lease has ended, and the
    /// lane rests.
    async fn record_outcome(
        &self,
        lane: Lane,
        id: i64,
        outcome: AttemptOutcome,
    ) -> Result<bool, StoreError> {
        self.count_failure(lane, &outcome);
        let (clock, owner) = (self.clock.clone(), self.owner.clone());
        self.db
            .write(move |conn| {
                let now = clock.now();
                match &outcome {
                    AttemptOutcome::Failed(error) => {
                        record_failure(conn, id, error)?;
                        release_lane_after_failure(conn, lane, &owner, now)?;
                        return Ok(false);
                    }
                    AttemptOutcome::Delivered => finish_row(conn, id, Status::Delivered, "", now)?,
                    AttemptOutcome::Skipped(reason) => {
                        finish_row(conn, id, Status::Skipped, reason, now)?;
                    }
                    AttemptOutcome::Refused(error) => {
                        tracing::warn!(id, %lane, error, "a delivery was refused and is parked");
                        finish_row(conn, id, Status::Parked, error, now)?;
                    }
                }
                reset_failures(conn, lane, &owner)?;
                Ok(true)
            })
            .await
    }

    fn count_failure(&self, lane: Lane, outcome: &AttemptOutcome) {
        let failures = self.outbox.failures();
        let counter = match lane.kind {
            LaneKind::Stream => &failures.css,
            LaneKind::Room | LaneKind::Gifts | LaneKind::ApplicantCounts | LaneKind::User => {
                &failures.im
            }
        };
        match outcome {
            AttemptOutcome::Failed(_) | AttemptOutcome::Refused(_) => {
                counter.fetch_add(1, Ordering::Relaxed);
            }
            AttemptOutcome::Delivered | AttemptOutcome::Skipped(_) => {}
        }
    }
}

/// The broadcast that is live now in each room that these rows are about.
fn find_live_broadcasts(
    conn: &mut Conn,
    lookup: &dyn Lookup,
    rows: &[WaitingRow],
) -> Result<LiveBroadcasts, StoreError> {
    let rooms: BTreeSet<_> = rows
        .iter()
        .filter_map(|row| row.delivery.about())
        .map(|about| about.live)
        .collect();
    let mut live = LiveBroadcasts::new();
    for live_id in rooms {
        let room = lookup.find_room(conn, live_id)?;
        if let Some(broadcast) = room.and_then(|room| room.broadcast) {
            live.insert(live_id, broadcast);
        }
    }
    Ok(live)
}
