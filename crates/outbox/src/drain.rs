//! Draining: every instance takes lanes that are due and works each to its end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use qlive_store::{Conn, Db, StoreError};
use qlive_types::{Clock, random};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::deliver::{Outcome, Outside, Ready, prepare};
use crate::facts::Facts;
use crate::lanes::{self, Kind};
use crate::office::{self, Office};
use crate::plan::{LiveNow, plan};
use crate::queue::{self, Row, Status};

/// How long the drainer sleeps when nobody wakes it: the delay of another instance's rows, and of a `num`.
const POLL: Duration = Duration::from_millis(150);
/// Deliveries under way at once, for each kind of lanes.
const CONCURRENCY: usize = 24;
/// How long a lane is worked before others of its kind have their turn.
const TURN: Duration = Duration::from_secs(2);
/// The least time between two gifts of a room: IM carries some 40 messages a second per group.
const GIFT_SPACING: Duration = Duration::from_millis(50);
/// How often old rows are swept out.
const SWEEP: Duration = Duration::from_secs(600);

/// The worker of one instance.
pub struct Drainer {
    db: Db,
    clock: Clock,
    outside: Arc<Outside>,
    owner: String,
    wake: Arc<Notify>,
    office: Office,
}

impl Drainer {
    /// `office` wakes it, and hears of its failures.
    #[must_use]
    pub fn new(db: Db, clock: Clock, outside: Outside, office: &Office) -> Self {
        let owner = random::hex(8);
        Self {
            db,
            clock,
            outside: Arc::new(outside),
            owner,
            wake: office.bell(),
            office: office.clone(),
        }
    }

    /// Works until it is told to stop. Deliveries under way are then left to be made again, and the
    /// lanes are given back, so that nobody waits for the leases of who is gone.
    pub async fn run(self, stop: CancellationToken) {
        let this = Arc::new(self);
        let workers = Kind::ALL.map(|kind| (kind, Arc::new(Semaphore::new(CONCURRENCY))));
        let mut tasks = JoinSet::new();
        let mut sweep_due = this.clock.now();
        while !stop.is_cancelled() {
            if this.clock.now() >= sweep_due {
                sweep_due = this.clock.now().after(SWEEP);
                this.sweep(&stop).await;
            }
            for (kind, permits) in &workers {
                for lane in this.due(*kind, permits.available_permits()).await {
                    // Nobody else takes permits, so there is one for each lane.
                    let Ok(permit) = Arc::clone(permits).try_acquire_owned() else {
                        break;
                    };
                    let (worker, stop) = (Arc::clone(&this), stop.clone());
                    tasks.spawn(async move {
                        worker.drain(&lane, &stop).await;
                        drop(permit);
                    });
                }
            }
            while tasks.try_join_next().is_some() {}
            // A timeout and a wake mean the same: look again.
            let _ = stop
                .run_until_cancelled(tokio::time::timeout(POLL, this.wake.notified()))
                .await;
        }
        // Whoever is just taking a lane has it before all are given back.
        while tasks.join_next().await.is_some() {}
        this.give_back().await;
    }

    async fn give_back(&self) {
        let owner = self.owner.clone();
        if let Err(fault) = self
            .db
            .write(move |conn| lanes::release_all(conn, &owner))
            .await
        {
            // Then the leases have to run out.
            tracing::warn!(%fault, "cannot give the lanes back");
        }
    }

    async fn due(&self, kind: Kind, free: usize) -> Vec<String> {
        let (now, limit) = (self.clock.now(), i64::try_from(free).unwrap_or(0));
        if limit == 0 {
            return Vec::new();
        }
        match self
            .db
            .read(move |conn| lanes::due(conn, kind, limit, now))
            .await
        {
            Ok(lanes) => lanes,
            Err(fault) => {
                tracing::warn!(%fault, "cannot read the outbox");
                Vec::new()
            }
        }
    }

    async fn sweep(&self, stop: &CancellationToken) {
        let now = self.clock.now();
        while !stop.is_cancelled() {
            match self.db.write(move |conn| office::sweep(conn, now)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => {
                    tracing::warn!(%fault, "cannot sweep the outbox");
                    return;
                }
            }
        }
    }

    /// Works a lane until it is empty, not due, failing, somebody else's, its turn is over, or all stops.
    async fn drain(&self, lane: &str, stop: &CancellationToken) {
        let Err(fault) = self.work(lane, stop).await else {
            return;
        };
        tracing::warn!(%fault, lane, "cannot work a lane");
        let (now, owner, name) = (self.clock.now(), self.owner.clone(), lane.to_owned());
        if let Err(fault) = self
            .db
            .write(move |conn| lanes::back_off(conn, &name, &owner, now))
            .await
        {
            // Then the lease has to run out.
            tracing::warn!(%fault, lane, "cannot give a lane back");
        }
    }

    async fn work(&self, lane: &str, stop: &CancellationToken) -> Result<(), StoreError> {
        let (started, owner, name) = (self.clock.now(), self.owner.clone(), lane.to_owned());
        if !self
            .db
            .write(move |conn| lanes::lease(conn, &name, &owner, started))
            .await?
        {
            return Ok(());
        }
        while let Some((id, ready)) = self.next(lane).await? {
            let delivery = self.outside.deliver(&ready, &self.db, &self.clock);
            let Some(outcome) = stop.run_until_cancelled(delivery).await else {
                return Ok(());
            };
            if !self.settle(lane, id, outcome).await? {
                return Ok(());
            }
            if Kind::of(lane) == Kind::Gifts {
                tokio::time::sleep(GIFT_SPACING).await;
            }
            if self.clock.now().since(started) >= TURN {
                let (owner, name) = (self.owner.clone(), lane.to_owned());
                return self
                    .db
                    .write(move |conn| lanes::release(conn, &name, &owner))
                    .await;
            }
        }
        Ok(())
    }

    /// Plans, records what will not be told, and makes the next row ready, in one transaction.
    /// `None` when nothing is due (the lane is given back) or the lease was lost.
    async fn next(&self, lane: &str) -> Result<Option<(i64, Ready)>, StoreError> {
        let (clock, owner, lane) = (self.clock.clone(), self.owner.clone(), lane.to_owned());
        let facts = Arc::clone(&self.outside.facts);
        self.db
            .write(move |conn| {
                let now = clock.now();
                if !lanes::renew(conn, &lane, &owner, now)? {
                    return Ok(None);
                }
                let rows = queue::waiting(conn, &lane, now)?;
                let planned = plan(&rows, &live_now(conn, &*facts, &rows)?, now);
                for (id, why) in &planned.untold {
                    queue::settle(conn, *id, Status::Untold, why, now)?;
                }
                let Some(row) = planned.next else {
                    lanes::release(conn, &lane, &owner)?;
                    return Ok(None);
                };
                let id = row.id;
                Ok(Some((id, prepare(conn, &*facts, row)?)))
            })
            .await
    }

    /// Records the outcome; false when the lane must rest.
    async fn settle(&self, lane: &str, id: i64, outcome: Outcome) -> Result<bool, StoreError> {
        if matches!(outcome, Outcome::Later(_) | Outcome::Parked(_)) {
            let troubles = self.office.troubles();
            let whose = if Kind::of(lane) == Kind::Streams {
                &troubles.css
            } else {
                &troubles.im
            };
            whose.fetch_add(1, Ordering::Relaxed);
        }
        let (clock, owner, lane) = (self.clock.clone(), self.owner.clone(), lane.to_owned());
        self.db
            .write(move |conn| {
                let now = clock.now();
                match &outcome {
                    Outcome::Later(why) => {
                        queue::note_failure(conn, id, why)?;
                        lanes::back_off(conn, &lane, &owner, now)?;
                        return Ok(false);
                    }
                    Outcome::Told => queue::settle(conn, id, Status::Told, "", now)?,
                    Outcome::Untold(why) => queue::settle(conn, id, Status::Untold, why, now)?,
                    Outcome::Parked(why) => {
                        tracing::warn!(id, lane, why, "refused for good, parked");
                        queue::settle(conn, id, Status::Parked, why, now)?;
                    }
                }
                lanes::recovered(conn, &lane, &owner)?;
                Ok(true)
            })
            .await
    }
}

/// What is live in each room that these rows speak of.
fn live_now(conn: &mut Conn, facts: &dyn Facts, rows: &[Row]) -> Result<LiveNow, StoreError> {
    let rooms: BTreeSet<_> = rows
        .iter()
        .filter_map(|row| row.effect.about())
        .map(|about| about.live)
        .collect();
    let mut live = LiveNow::new();
    for room in rooms {
        if let Some(broadcast) = facts.room(conn, room)?.and_then(|room| room.live) {
            live.insert(room, broadcast);
        }
    }
    Ok(live)
}
