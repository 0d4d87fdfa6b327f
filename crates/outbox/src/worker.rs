//! [`OutboxWorker`]: the rounds, and the calls between them.

mod apart;

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
use crate::instances::{
    BEAT_INTERVAL, Heartbeat, SeenBeats, count_beat, load_idle, remove_instances,
};
use crate::lane::{Lane, WorkerPool};
use crate::lease::{release_all_lanes, release_other_lanes};
use crate::limits::{GroupPaces, ImLimits, Pace};
use crate::prepared::PreparedDelivery;
use crate::round::{PlannedCall, Round, RoundError, RoundResult, Slots};
use crate::service::Outbox;
use crate::settle::FinishedCall;
use crate::sweep::delete_old_rows;

/// The most calls to CSS at once.
const STREAM_CALLS: usize = 24;
/// The time between two deletions of old rows.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);
/// How soon a lane is looked at again whose group is busy.
const BUSY_INTERVAL: Duration = Duration::from_millis(10);
/// After a round that had nothing to settle and found nothing to call for, the next one waits this
/// many times as long as that one took, up to a limit, so that a backlog of lanes that rest does
/// not occupy the database.
const REST_FACTOR: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The background worker that delivers the outbox. Every instance may run one.
pub struct OutboxWorker {
    db: Db,
    clock: Clock,
    dispatcher: Arc<Dispatcher>,
    outbox: Outbox,
    limits: ImLimits,
    wake_signal: Arc<Notify>,
    heartbeat: Arc<Heartbeat>,
    /// The name under which `lanes` are held.
    owner: String,
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
    /// Whether this instance may hold lanes that are not in `lanes`.
    is_uncertain: bool,
    next_round: Duration,
    /// No round begins before, whatever is new.
    rests_until: Tick,
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
        let heartbeat = Arc::new(Heartbeat::new(clock.clone()));
        Self {
            counted_calls: dispatcher.im.calls_made(),
            dispatcher: Arc::new(dispatcher),
            wake_signal: outbox.wake_signal(),
            outbox: outbox.clone(),
            owner: heartbeat.name(),
            heartbeat,
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
            rests_until: now,
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
        if !round.finished.is_empty()
            && let Err(error) = self.run_in_transaction(round).await
        {
            tracing::warn!(%error, "cannot record the last deliveries; they are repeated");
        }
        let owner = self.owner.clone();
        let released = self.db.write(move |conn| release_all_lanes(conn, &owner));
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
            beat: self.heartbeat.next(),
            finished: self.finished.clone(),
            ready: self.lanes.ready(now),
            busy: self.groups.busy_lanes(now),
            slots,
            due: None,
            beats: !self.heartbeat.has_beaten_within(BEAT_INTERVAL),
            looks: self.seen_beats.is_due(now),
        }
    }

    /// Runs a round in one transaction.
    async fn run_in_transaction(&self, round: Round) -> Result<RoundResult, RoundError> {
        let (lookup, clock) = (Arc::clone(&self.dispatcher.lookup), self.clock.clone());
        let (begun, beat) = (self.clock.tick(), round.beat.clone());
        let done = self
            .db
            .write(move |conn| round.run(conn, &*lookup, &clock))
            .await;
        match &done {
            Ok(result) if result.has_beaten => self.heartbeat.record(&beat, begun),
            Err(RoundError::LeasesLost) => self.heartbeat.lose(&beat.name),
            Ok(_) | Err(RoundError::Store(_)) => {}
        }
        done
    }

    /// Gives up all lanes if they were lost. Calls that run for them are aborted.
    fn notice_loss(&mut self) {
        let name = self.heartbeat.name();
        if name != self.owner {
            tracing::warn!("the outbox lost its leases; its calls are made again");
            self.owner = name;
            self.lanes.clear();
            self.finished.clear();
            self.is_uncertain = false;
        }
    }

    /// Frees the lanes of dead instances, and those that this one may hold without knowing it.
    async fn free_lanes(&mut self) -> Result<(), StoreError> {
        let dead = self.seen_beats.dead(&self.owner);
        if !dead.is_empty() {
            let instances = dead.clone();
            self.db
                .write(move |conn| remove_instances(conn, &instances))
                .await?;
            self.seen_beats.forget(&dead);
        }
        if self.is_uncertain {
            let (owner, known) = (self.owner.clone(), self.lanes.all());
            self.db
                .write(move |conn| release_other_lanes(conn, &known, &owner))
                .await?;
            self.is_uncertain = false;
        }
        Ok(())
    }

    /// Takes over what a round has done, and begins its calls.
    fn apply(&mut self, result: RoundResult) {
        let now = self.clock.tick();
        if let Some((loaded, beats)) = result.beats {
            self.seen_beats.record(loaded, beats);
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
        let (heartbeat, owner) = (Arc::clone(&self.heartbeat), self.owner.clone());
        let unstarted = Arc::clone(&self.unstarted);
        let (results, wake_signal) = (self.results.0.clone(), Arc::clone(&self.wake_signal));
        unstarted.fetch_add(1, Ordering::SeqCst);
        let started = Unstarted(unstarted);
        let task = self.tasks.spawn(run_background(Self::NAME, async move {
            drop(started);
            // A process that was frozen, or does not reach the database, must not send what
            // another one has sent meanwhile.
            let outcome = tokio::select! {
                biased;
                () = heartbeat.until_calls_must_end(&owner) => None,
                outcome = dispatcher.dispatch(&delivery, &db, &clock) => Some(outcome),
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

    /// Settles the calls that have ended, and begins those that are due.
    async fn settle_and_begin(&mut self) -> Result<RoundOutcome, RoundError> {
        let begun = self.clock.tick();
        let slots = self.slots(begun);
        let round = self.round(begun, slots);
        self.next_round = Self::INTERVAL;
        let result = match self.run_in_transaction(round).await {
            Ok(result) => result,
            Err(RoundError::LeasesLost) => return Err(RoundError::LeasesLost),
            Err(RoundError::Store(error)) => {
                self.is_uncertain = true;
                return self.run_apart(error).await;
            }
        };
        let had_finished = !self.finished.is_empty();
        self.finished.clear();
        let now = self.clock.tick();
        if result.calls.is_empty() && !had_finished && !result.lacks_slots {
            let rest = now.since(begun) * REST_FACTOR;
            self.rests_until = now.after(rest.min(LONGEST_PAUSE));
        }
        let more_due = result.more_due && !result.lacks_slots;
        self.apply(result);
        Ok(if more_due {
            RoundOutcome::MoreDue
        } else {
            RoundOutcome::Done
        })
    }

    /// Deletes old rows, and those of instances that crashed without a lane. One that only had
    /// nothing to do takes another name.
    async fn sweep(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let own = self.owner.clone();
        self.db
            .write(move |conn| {
                let mut idle = load_idle(conn)?;
                idle.retain(|(name, _)| *name != own);
                remove_instances(conn, &idle)
            })
            .await?;
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
        let (begun, now, beat) = (clock.tick(), clock.now(), heartbeat.next());
        let counted = beat.clone();
        match db.write(move |conn| count_beat(conn, &counted, now)).await {
            Ok(true) => heartbeat.record(&beat, begun),
            Ok(false) => heartbeat.lose(&beat.name),
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
        self.notice_loss();
        if let Err(error) = self.free_lanes().await {
            tracing::warn!(%error, "the outbox cannot free lanes");
        }
        match self.settle_and_begin().await {
            Ok(outcome) => Ok(outcome),
            // Under another name, and without lanes.
            Err(RoundError::LeasesLost) => Ok(RoundOutcome::MoreDue),
            Err(RoundError::Store(error)) => Err(error),
        }
    }

    async fn pause(&self) {
        tokio::time::sleep(self.rests_until.since(self.clock.tick())).await;
        // The signal and the timeout both lead to the next round.
        let _ = tokio::time::timeout(self.next_round, self.wake_signal.notified()).await;
    }
}
