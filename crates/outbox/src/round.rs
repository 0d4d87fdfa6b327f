//! One round of the outbox worker: one transaction that settles the calls that have ended, leases
//! due lanes, and prepares the next call of each lane.
//!
//! The number of its statements does not depend on the number of lanes or rows.

use std::collections::{BTreeMap, BTreeSet};

use qlive_store::{Conn, StoreError, TransactionError};
use qlive_types::{Clock, Moment, Tick};

use crate::instances::{Beat, Beats, count_beat, load_beats};
use crate::lane::{Lane, LaneKind, WorkerPool};
use crate::lease::{confirm_lanes, find_due_lanes, lease_lanes, release_lanes};
use crate::lookup::Lookup;
use crate::plan::{LiveBroadcasts, plan_lane};
use crate::prepared::{Lookups, PreparedDelivery, number_messages, prepare_delivery};
use crate::queue::{WaitingRow, finish_rows, load_waiting};
use crate::settle::{FinishedCall, settle_calls};
use crate::status::Status;

/// How many due rows are looked at for each call that may be made: a lane may have several.
const ROWS_PER_SLOT: usize = 4;
const LEAST_ROWS: usize = 50;

/// What a round starts from.
pub(crate) struct Round {
    /// The next beat of this instance, under whose name lanes are held.
    pub(crate) beat: Beat,
    pub(crate) finished: Vec<FinishedCall>,
    /// Lanes that this instance holds, without a call.
    pub(crate) ready: Vec<Lane>,
    /// Lanes whose groups must not get a message yet.
    pub(crate) busy: BTreeSet<Lane>,
    pub(crate) slots: Slots,
    /// The lanes to lease; `None`: those that are due.
    pub(crate) due: Option<Vec<Lane>>,
    /// Whether to beat when a lane is leased.
    pub(crate) beats: bool,
    /// Whether to look at the beats of all instances.
    pub(crate) looks: bool,
}

/// Why a round failed. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoundError {
    /// Other instances have taken over the lanes of this one.
    #[error("the leases were lost")]
    LeasesLost,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for RoundError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::LeasesLost => None,
            Self::Store(error) => Some(error),
        }
    }
}

/// How many calls may begin.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slots {
    /// Calls to IM.
    pub(crate) im: usize,
    /// Of these, calls for gifts.
    pub(crate) gifts: usize,
    /// Calls to CSS.
    pub(crate) streams: usize,
}

/// What a round has done.
#[derive(Default)]
pub(crate) struct RoundResult {
    /// The calls to make.
    pub(crate) calls: Vec<PlannedCall>,
    /// Lanes that this instance holds no longer.
    pub(crate) ended: Vec<Lane>,
    /// Lanes that it holds, without a call.
    pub(crate) waiting: Vec<Lane>,
    /// Whether more lanes are due than were looked at.
    pub(crate) more_due: bool,
    /// Whether a lane is due for which there was no slot, or whose group is busy.
    pub(crate) lacks_slots: bool,
    pub(crate) is_busy: bool,
    /// Whether this instance has beaten.
    pub(crate) has_beaten: bool,
    /// The beats of all instances, and a tick after they were loaded.
    pub(crate) beats: Option<(Tick, Vec<Beats>)>,
}

/// The next call of a lane.
pub(crate) struct PlannedCall {
    pub(crate) lane: Lane,
    /// The id of the row.
    pub(crate) row: i64,
    pub(crate) delivery: PreparedDelivery,
}

impl Slots {
    /// How many calls of this pool may begin.
    fn of(&self, pool: WorkerPool) -> usize {
        match pool {
            WorkerPool::Gifts => self.gifts.min(self.im),
            WorkerPool::Streams => self.streams,
            WorkerPool::Other => self.im,
        }
    }

    /// Whether a call of this pool may begin.
    pub(crate) fn has(&self, pool: WorkerPool) -> bool {
        self.of(pool) > 0
    }

    /// Takes a slot for a call of this pool. False if there is none.
    fn take(&mut self, pool: WorkerPool) -> bool {
        if self.of(pool) == 0 {
            return false;
        }
        match pool {
            WorkerPool::Gifts => (self.gifts, self.im) = (self.gifts - 1, self.im - 1),
            WorkerPool::Streams => self.streams -= 1,
            WorkerPool::Other => self.im -= 1,
        }
        true
    }
}

impl Round {
    /// Runs the round in the caller's transaction.
    pub(crate) fn run(
        &self,
        conn: &mut Conn,
        lookup: &dyn Lookup,
        clock: &Clock,
    ) -> Result<RoundResult, RoundError> {
        let (owner, now) = (&self.beat.name, clock.now());
        let mut result = RoundResult::default();
        if self.looks {
            let beats = load_beats(conn)?;
            result.beats = Some((clock.tick(), beats));
        }
        let going_on = self.settle(conn, lookup, now, &mut result)?;
        let due = self.find_due(conn, now, &mut result)?;
        let (new, going_on, mut released) = self.choose(due, going_on, &mut result);
        let mut lanes = lease_lanes(conn, new, owner, now)?;
        let has_leased = !lanes.is_empty();
        lanes.extend(going_on);
        result.calls = plan_lanes(conn, lookup, &lanes, now)?;
        let called: BTreeSet<_> = result.calls.iter().map(|call| call.lane).collect();
        released.extend(lanes.into_iter().filter(|lane| !called.contains(lane)));
        release_lanes(conn, &released, owner)?;
        result.ended.extend(released);
        if self.beats && has_leased {
            // Last, so that the row is not locked for long.
            if !count_beat(conn, &self.beat, now)? {
                return Err(RoundError::LeasesLost);
            }
            result.has_beaten = true;
        }
        Ok(result)
    }

    /// Settles the calls that have ended. Returns the lanes that this instance still holds, without
    /// a call.
    fn settle(
        &self,
        conn: &mut Conn,
        lookup: &dyn Lookup,
        now: Moment,
        result: &mut RoundResult,
    ) -> Result<Vec<Lane>, StoreError> {
        let finished = self.finished.iter().map(|call| call.lane);
        let lanes: Vec<Lane> = finished.chain(self.ready.iter().copied()).collect();
        let held = confirm_lanes(conn, &lanes, &self.beat.name)?;
        let is_held = |call: &&FinishedCall| held.contains_key(&call.lane);
        let finished: Vec<_> = self.finished.iter().filter(is_held).collect();
        settle_calls(conn, lookup, &finished, &held, now)?;
        let failed: BTreeSet<_> = finished
            .iter()
            .filter(|call| call.has_failed())
            .map(|call| call.lane)
            .collect();
        let (going_on, ended) = lanes
            .into_iter()
            .partition(|lane| held.contains_key(lane) && !failed.contains(lane));
        result.ended = ended;
        Ok(going_on)
    }

    fn find_due(
        &self,
        conn: &mut Conn,
        now: Moment,
        result: &mut RoundResult,
    ) -> Result<Vec<Lane>, StoreError> {
        if let Some(due) = &self.due {
            return Ok(due.clone());
        }
        let rows = |kind: LaneKind| {
            let slots = self.slots.of(kind.pool());
            let rows = (slots * ROWS_PER_SLOT).max(LEAST_ROWS);
            (kind, if slots == 0 { 0 } else { rows })
        };
        result.lacks_slots = self.slots.im == 0;
        let due = find_due_lanes(conn, &LaneKind::ALL.map(rows), now)?;
        result.more_due = due.is_full;
        let (busy, due): (Vec<_>, _) = due
            .lanes
            .into_iter()
            .partition(|lane| self.busy.contains(lane));
        result.is_busy = !busy.is_empty();
        Ok(due)
    }

    /// Chooses the lanes that get a call: seats before gifts, and lanes that have waited before
    /// those that had a call just now, which are released if there is no slot for them. Returns
    /// the new ones, those that go on, and those to release.
    fn choose(
        &self,
        due: Vec<Lane>,
        going_on: Vec<Lane>,
        result: &mut RoundResult,
    ) -> (Vec<Lane>, Vec<Lane>, Vec<Lane>) {
        let (busy, going_on): (Vec<_>, Vec<_>) = going_on
            .into_iter()
            .partition(|lane| self.busy.contains(lane));
        result.waiting = busy;
        let mut slots = self.slots;
        let (mut new, mut kept, mut released) = (Vec::new(), Vec::new(), Vec::new());
        for pool in [WorkerPool::Streams, WorkerPool::Other, WorkerPool::Gifts] {
            for lane in due.iter().filter(|lane| lane.kind.pool() == pool) {
                if slots.take(pool) {
                    new.push(*lane);
                } else {
                    result.lacks_slots = true;
                }
            }
            for lane in going_on.iter().filter(|lane| lane.kind.pool() == pool) {
                if slots.take(pool) {
                    kept.push(*lane);
                } else {
                    result.lacks_slots = true;
                    released.push(*lane);
                }
            }
        }
        (new, kept, released)
    }
}

/// Plans lanes: records the rows to skip, and prepares the next call of each lane that has one.
fn plan_lanes(
    conn: &mut Conn,
    lookup: &dyn Lookup,
    lanes: &[Lane],
    now: Moment,
) -> Result<Vec<PlannedCall>, StoreError> {
    let rows = load_waiting(conn, lanes, now)?;
    let lookups = Lookups::load(conn, lookup, rows.values().flatten())?;
    let live = lookups.live_broadcasts();
    let mut skipped = BTreeMap::new();
    let mut calls = Vec::new();
    // Lanes are in the order of their kinds, so seats are numbered before gifts.
    for (lane, rows) in rows {
        if let Some((row, delivery)) = plan_call(rows, &lookups, &live, now, &mut skipped) {
            calls.push(PlannedCall {
                lane,
                row,
                delivery,
            });
        }
    }
    for (reason, ids) in skipped {
        finish_rows(conn, &ids, Status::Skipped, reason, now)?;
    }
    number_messages(conn, calls.iter_mut().map(|call| &mut call.delivery))?;
    Ok(calls)
}

/// The next call of the lane with these waiting rows, with the id of its row; `None` if nothing is
/// due. Adds the rows to skip to `skipped`, by reason.
fn plan_call(
    mut rows: Vec<WaitingRow>,
    lookups: &Lookups,
    live: &LiveBroadcasts,
    now: Moment,
    skipped: &mut BTreeMap<&'static str, Vec<i64>>,
) -> Option<(i64, PreparedDelivery)> {
    loop {
        let plan = plan_lane(&rows, live, now);
        let mut done: Vec<(i64, &'static str)> = plan.skipped;
        let next = plan.next.map(|row| {
            let id = row.id;
            prepare_delivery(lookups, row)
                .map_or_else(|reason| Err((id, reason)), |delivery| Ok((id, delivery)))
        });
        done.extend(next.as_ref().and_then(|next| next.as_ref().err()));
        for (id, reason) in &done {
            skipped.entry(reason).or_default().push(*id);
        }
        match next {
            None => return None,
            Some(Ok(call)) => return Some(call),
            Some(Err(_)) => {
                let done: BTreeSet<_> = done.iter().map(|(id, _)| *id).collect();
                rows.retain(|row| !done.contains(&row.id));
            }
        }
    }
}
