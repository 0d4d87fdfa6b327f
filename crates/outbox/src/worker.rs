//! [`OutboxWorker`]: the rounds, and the calls between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use qlive_store::operation::run_background;
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_store::{Db, StoreError};
use qlive_types::{Clock, Tick};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::attempt::AttemptOutcome;
use crate::dispatcher::Dispatcher;
use crate::held_lanes::{HeldLanes, RunningCall};
use crate::instances::{BEAT_INTERVAL, Heartbeat, SeenBeats, beat, remove_dead};
use crate::lane::{Lane, WorkerPool};
use crate::lease::release_all_lanes;
use crate::limits::{GroupPaces, ImLimits, Pace};
use crate::prepared::PreparedDelivery;
use crate::round::{PlannedCall, Round, RoundResult, Slots};
use crate::service::Outbox;
use crate::settle::FinishedCall;
use crate::sweep::delete_old_rows;

/// The most calls to CSS at once.
const STREAM_CALLS: usize = 24;
/// The time between two deletions of old rows.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);
/// How soon a lane is looked at again whose group is busy.
const BUSY_INTERVAL: Duration = Duration::from_millis(10);

/// The background worker that delivers the outbox. Every instance may run one.
pub struct OutboxWorker {
    db: Db,
    clock: Clock,
    dispatcher: Arc<Dispatcher>,
    outbox: Outbox,
    limits: ImLimits,
    wake_signal: Arc<Notify>,
    heartbeat: Arc<Heartbeat>,
    seen_beats: SeenBeats,
    lanes: HeldLanes,
    /// The calls that run, and the heartbeat. They end with the worker.
    tasks: JoinSet<()>,
    results: (
        mpsc::UnboundedSender<CallResult>,
        mpsc::UnboundedReceiver<CallResult>,
    ),
    /// Calls that have ended and are not settled yet.
    finished: Vec<FinishedCall>,
    next_call: u64,
    im_pace: Pace,
    /// The calls of the IM client that `im_pace` has counted.
    counted_calls: u64,
    /// Calls that were planned and have not begun.
    unstarted: Arc<AtomicUsize>,
    groups: GroupPaces,
    /// Whether the outcome of the last round is unknown.
    is_uncertain: bool,
    next_round: Duration,
    sweep_due: Tick,
}

/// The end of a call. Without an outcome it was not made: the lease may have been lost.
struct CallResult {
    lane: Lane,
    number: u64,
    outcome: Option<AttemptOutcome>,
}

impl OutboxWorker {
    /// `outbox` wakes the worker and counts its deliveries and failures.
    #[must_use]
    pub fn new(
        db: Db,
        clock: Clock,
        dispatcher: Dispatcher,
        outbox: &Outbox,
        limits: ImLimits,
    ) -> Self {
        let now = clock.tick();
        Self {
            counted_calls: dispatcher.im.calls_made(),
            dispatcher: Arc::new(dispatcher),
            wake_signal: outbox.wake_signal(),
            outbox: outbox.clone(),
            heartbeat: Arc::new(Heartbeat::new(clock.clone())),
            seen_beats: SeenBeats::default(),
            lanes: HeldLanes::default(),
            tasks: JoinSet::new(),
            results: mpsc::unbounded_channel(),
            finished: Vec::new(),
            next_call: 0,
            im_pace: Pace::new(limits.calls_per_second, now),
            unstarted: Arc::default(),
            groups: GroupPaces::new(limits.group_messages_per_second),
            is_uncertain: false,
            next_round: Duration::ZERO,
            sweep_due: now,
            db,
            clock,
            limits,
        }
    }

    /// Delivers until `stop` is cancelled. Calls that run then are aborted and made again later.
    /// The leases of this instance end, so that another one continues at once.
    pub async fn run(mut self, stop: CancellationToken) {
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let heartbeat = Arc::clone(&self.heartbeat);
        self.tasks
            .spawn(run_background("outbox heartbeat", async move {
                keep_beating(&db, &clock, &heartbeat).await;
            }));
        run_worker(&mut self, &stop).await;
        self.tasks.shutdown().await;
        self.collect_results();
        run_background(Self::NAME, self.settle_and_release()).await;
    }

    /// Settles the calls that have ended, and ends all leases.
    async fn settle_and_release(&mut self) {
        let round = self.round(self.clock.tick(), Slots::default());
        let lookup = Arc::clone(&self.dispatcher.lookup);
        let (clock, owner) = (self.clock.clone(), self.heartbeat.name().to_owned());
        let released = self.db.write(move |conn| {
            if !round.finished.is_empty() {
                round.run(conn, &*lookup, clock.now())?;
            }
            release_all_lanes(conn, &owner)
        });
        if let Err(error) = released.await {
            tracing::warn!(%error, "cannot release the lanes; other instances take them over");
        }
    }

    /// Takes the results of the calls that have ended.
    fn collect_results(&mut self) {
        while let Ok(result) = self.results.1.try_recv() {
            self.finish_call(result);
        }
        while let Some(ended) = self.tasks.try_join_next() {
            let Err(error) = ended else { continue };
            if let Some((lane, number)) = self.lanes.find_task(error.id()) {
                tracing::error!(%error, %lane, "a delivery panicked");
                let outcome = Some(AttemptOutcome::Failed(error.to_string()));
                self.finish_call(CallResult {
                    lane,
                    number,
                    outcome,
                });
            }
        }
    }

    fn finish_call(&mut self, result: CallResult) {
        let lane = result.lane;
        let Some(call) = self.lanes.finish_call(lane, result.number) else {
            return;
        };
        let Some(outcome) = result.outcome else {
            self.lanes.set_waiting(lane, self.clock.tick());
            return;
        };
        self.count(lane, call.row, &outcome);
        self.finished.push(FinishedCall {
            lane,
            row: call.row,
            outcome,
            creates_group: call.creates_group,
        });
    }

    fn count(&self, lane: Lane, row: i64, outcome: &AttemptOutcome) {
        let failures = self.outbox.failures();
        let failures = match lane.kind.pool() {
            WorkerPool::Streams => &failures.css,
            WorkerPool::Gifts | WorkerPool::Other => &failures.im,
        };
        match outcome {
            AttemptOutcome::Delivered => self.outbox.count_delivered(),
            AttemptOutcome::Skipped(_) => {}
            AttemptOutcome::Failed(_) => {
                failures.fetch_add(1, Ordering::Relaxed);
            }
            AttemptOutcome::Refused(error) => {
                tracing::warn!(row, %lane, error, "a delivery was refused and is parked");
                failures.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How many calls may begin: as many as IM bears, and no more at once than configured. Gifts
    /// leave a quarter of them to the rest.
    fn slots(&mut self, now: Tick) -> Slots {
        let made = self.dispatcher.im.calls_made();
        let new = made.saturating_sub(self.counted_calls);
        self.counted_calls = made;
        self.im_pace
            .count(now, u32::try_from(new).unwrap_or(u32::MAX));
        let of = |pool| self.lanes.number_of_calls(pool);
        let (gifts, other) = (of(WorkerPool::Gifts), of(WorkerPool::Other));
        let most = size(self.limits.concurrent_calls);
        let paced =
            size(self.im_pace.available(now)).saturating_sub(self.unstarted.load(Ordering::SeqCst));
        Slots {
            im: most.saturating_sub(gifts + other).min(paced),
            gifts: (most - most / 4).saturating_sub(gifts),
            streams: STREAM_CALLS.saturating_sub(of(WorkerPool::Streams)),
        }
    }

    fn round(&self, now: Tick, slots: Slots) -> Round {
        Round {
            owner: self.heartbeat.name().to_owned(),
            finished: self.finished.clone(),
            ready: self.lanes.ready(now),
            busy: self.groups.busy_lanes(now),
            slots,
            dead: self.seen_beats.dead(self.heartbeat.name()),
            beats: !self.heartbeat.has_beaten_within(BEAT_INTERVAL),
            looks: self.seen_beats.is_due(now),
            known_lanes: self.is_uncertain.then(|| self.lanes.all()),
        }
    }

    /// Takes over what a round has done, and begins its calls.
    fn apply(&mut self, begun: Tick, result: RoundResult) {
        self.finished.clear();
        self.is_uncertain = false;
        if result.has_beaten {
            self.heartbeat.record(begun);
        }
        let now = self.clock.tick();
        if let Some(beats) = result.beats {
            self.seen_beats.record(begun, beats);
        }
        for lane in result.ended {
            self.lanes.remove(lane);
        }
        for lane in result.waiting {
            let wait = self.groups.time_until_free(lane, now);
            self.lanes.set_waiting(lane, now.after(wait));
        }
        self.next_round = Self::INTERVAL;
        if result.lacks_slots {
            // A fiftieth of a second's calls together: not one round for each call.
            let few = (self.limits.calls_per_second / 50).max(1);
            self.wait_at_most(self.im_pace.time_until(now, few));
        }
        if result.is_busy {
            self.wait_at_most(BUSY_INTERVAL);
        }
        for call in result.calls {
            self.start_call(call, now);
        }
        if let Some(next) = self.lanes.next_ready() {
            self.wait_at_most(next.since(now));
        }
        self.heartbeat.set_holds_lanes(!self.lanes.is_empty());
    }

    fn wait_at_most(&mut self, wait: Duration) {
        // Time that is over means that something else, like the end of a call, is waited for.
        if wait > Duration::ZERO {
            self.next_round = self.next_round.min(wait);
        }
    }

    fn start_call(&mut self, call: PlannedCall, now: Tick) {
        let PlannedCall {
            lane,
            row,
            delivery,
        } = call;
        if matches!(delivery, PreparedDelivery::GroupMessage { .. }) {
            self.groups.count(lane, now);
        }
        self.next_call += 1;
        let number = self.next_call;
        let creates_group = match &delivery {
            PreparedDelivery::CreateGroup { live, .. } => Some(*live),
            _ => None,
        };
        let dispatcher = Arc::clone(&self.dispatcher);
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let (heartbeat, unstarted) = (Arc::clone(&self.heartbeat), Arc::clone(&self.unstarted));
        let (results, wake_signal) = (self.results.0.clone(), Arc::clone(&self.wake_signal));
        unstarted.fetch_add(1, Ordering::SeqCst);
        let started = Unstarted(unstarted);
        let task = self.tasks.spawn(run_background(Self::NAME, async move {
            drop(started);
            // A frozen process must not send what another one has sent meanwhile.
            let outcome = if heartbeat.is_alive() {
                Some(dispatcher.dispatch(&delivery, &db, &clock).await)
            } else {
                None
            };
            let result = CallResult {
                lane,
                number,
                outcome,
            };
            // Nobody receives it when the worker has stopped.
            let _ = results.send(result);
            wake_signal.notify_one();
        }));
        let call = RunningCall {
            number,
            row,
            creates_group,
            task,
        };
        self.lanes.start_call(lane, call);
    }

    /// Frees what dead instances left, and deletes old rows.
    async fn sweep(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let dead = self.seen_beats.dead(self.heartbeat.name());
        self.db.write(move |conn| remove_dead(conn, &dead)).await?;
        let now = self.clock.now();
        while !stop.is_cancelled() {
            if !self
                .db
                .write(move |conn| delete_old_rows(conn, now))
                .await?
            {
                break;
            }
        }
        Ok(())
    }
}

/// Counts a call as not begun until it is dropped.
struct Unstarted(Arc<AtomicUsize>);

impl Drop for Unstarted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Beats as long as the worker holds lanes.
async fn keep_beating(db: &Db, clock: &Clock, heartbeat: &Heartbeat) {
    loop {
        tokio::time::sleep(BEAT_INTERVAL / 4).await;
        if !heartbeat.is_due() {
            continue;
        }
        let (begun, now, name) = (clock.tick(), clock.now(), heartbeat.name().to_owned());
        match db.write(move |conn| beat(conn, &name, now)).await {
            Ok(()) => heartbeat.record(begun),
            Err(error) => tracing::warn!(%error, "the outbox cannot renew its leases"),
        }
    }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl BackgroundWorker for OutboxWorker {
    const NAME: &'static str = "outbox worker";
    /// The longest delay of rows that another instance wrote, and of applicant counts.
    const INTERVAL: Duration = Duration::from_millis(150);
    type Error = StoreError;

    async fn run_round(&mut self, stop: &CancellationToken) -> Result<RoundOutcome, StoreError> {
        let begun = self.clock.tick();
        if begun >= self.sweep_due {
            self.sweep_due = begun.after(SWEEP_INTERVAL);
            if let Err(error) = self.sweep(stop).await {
                tracing::warn!(%error, "cannot delete old rows of the outbox");
            }
        }
        self.collect_results();
        let begun = self.clock.tick();
        let slots = self.slots(begun);
        let round = self.round(begun, slots);
        let (lookup, clock) = (Arc::clone(&self.dispatcher.lookup), self.clock.clone());
        let done = self
            .db
            .write(move |conn| round.run(conn, &*lookup, clock.now()));
        let result = match done.await {
            Ok(result) => result,
            Err(error) => {
                self.is_uncertain = true;
                self.next_round = Self::INTERVAL;
                return Err(error);
            }
        };
        let more_due = result.more_due && !result.lacks_slots;
        self.apply(begun, result);
        Ok(if more_due {
            RoundOutcome::MoreDue
        } else {
            RoundOutcome::Done
        })
    }

    async fn pause(&self) {
        // The signal and the timeout both lead to the next round.
        let _ = tokio::time::timeout(self.next_round, self.wake_signal.notified()).await;
    }
}
