//! The lanes that this instance holds, and the calls that it makes for them.

use std::collections::BTreeMap;

use qlive_types::{LiveId, Tick};
use tokio::task::AbortHandle;

use crate::lane::{Lane, WorkerPool};

/// A call that runs.
pub(crate) struct RunningCall {
    /// Tells the calls of a lane apart.
    pub(crate) number: u64,
    /// The id of the row.
    pub(crate) row: i64,
    /// The room whose group it creates.
    pub(crate) creates_group: Option<LiveId>,
    pub(crate) task: AbortHandle,
}

enum LaneState {
    Calling(RunningCall),
    /// Its call has ended and is not settled yet.
    Finished,
    /// It has no call, and gets none before this tick.
    Waiting(Tick),
}

/// The lanes that this instance holds.
#[derive(Default)]
pub(crate) struct HeldLanes {
    lanes: BTreeMap<Lane, LaneState>,
}

impl HeldLanes {
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    pub(crate) fn all(&self) -> Vec<Lane> {
        self.lanes.keys().copied().collect()
    }

    /// The number of calls that run for this pool.
    pub(crate) fn number_of_calls(&self, pool: WorkerPool) -> usize {
        let is_calling = |(lane, state): &(&Lane, &LaneState)| {
            lane.kind.pool() == pool && matches!(state, LaneState::Calling(_))
        };
        self.lanes.iter().filter(is_calling).count()
    }

    /// The lanes without a call that may get one now.
    pub(crate) fn ready(&self, now: Tick) -> Vec<Lane> {
        let is_ready =
            |state: &LaneState| matches!(state, LaneState::Waiting(until) if *until <= now);
        let ready = self.lanes.iter().filter(|(_, state)| is_ready(state));
        ready.map(|(lane, _)| *lane).collect()
    }

    /// The first tick at which a lane may get a call.
    pub(crate) fn next_ready(&self) -> Option<Tick> {
        let waits = self.lanes.values().filter_map(|state| match state {
            LaneState::Waiting(until) => Some(*until),
            LaneState::Calling(_) | LaneState::Finished => None,
        });
        waits.min()
    }

    /// Adds a lane with its call. An earlier call of it belonged to a lease that was lost.
    pub(crate) fn start_call(&mut self, lane: Lane, call: RunningCall) {
        let before = self.lanes.insert(lane, LaneState::Calling(call));
        abort_call(before);
    }

    /// Takes the call of this number off a lane; `None` if the lane has been lost since.
    pub(crate) fn finish_call(&mut self, lane: Lane, number: u64) -> Option<RunningCall> {
        let state = self.lanes.get_mut(&lane)?;
        if !matches!(state, LaneState::Calling(call) if call.number == number) {
            return None;
        }
        match std::mem::replace(state, LaneState::Finished) {
            LaneState::Calling(call) => Some(call),
            LaneState::Finished | LaneState::Waiting(_) => None,
        }
    }

    /// The lane and the number of the call that this task makes.
    pub(crate) fn find_task(&self, task: tokio::task::Id) -> Option<(Lane, u64)> {
        self.lanes.iter().find_map(|(lane, state)| match state {
            LaneState::Calling(call) if call.task.id() == task => Some((*lane, call.number)),
            _ => None,
        })
    }

    /// Lets a lane wait that has no call.
    pub(crate) fn set_waiting(&mut self, lane: Lane, until: Tick) {
        self.lanes.insert(lane, LaneState::Waiting(until));
    }

    /// Removes all lanes: this instance holds them no longer.
    pub(crate) fn clear(&mut self) {
        for state in std::mem::take(&mut self.lanes).into_values() {
            abort_call(Some(state));
        }
    }

    /// Removes a lane that this instance holds no longer.
    pub(crate) fn remove(&mut self, lane: Lane) {
        abort_call(self.lanes.remove(&lane));
    }
}

fn abort_call(state: Option<LaneState>) {
    if let Some(LaneState::Calling(call)) = state {
        call.task.abort();
    }
}
