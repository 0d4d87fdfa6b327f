//! What a round does when its transaction failed: each lane gets a transaction of its own, so that
//! one that cannot be settled, planned or locked holds no other up.

use qlive_store::StoreError;
use qlive_store::worker::RoundOutcome;

use super::OutboxWorker;
use crate::lane::{Lane, LaneKind};
use crate::lease::{find_due_lanes, rest_faulty_lane};
use crate::round::{Round, RoundError, Slots};

/// The most due rows of each kind that are looked at.
const ROWS: usize = 50;

impl OutboxWorker {
    /// Runs the round that failed with `error` lane by lane.
    ///
    /// # Errors
    /// `error`, when the database is not available.
    pub(super) async fn run_apart(
        &mut self,
        error: StoreError,
    ) -> Result<RoundOutcome, RoundError> {
        if matches!(error, StoreError::Unavailable(_)) && self.db.readiness().await.is_err() {
            return Err(error.into());
        }
        tracing::warn!(%error, "a round of the outbox failed and is run lane by lane");
        for call in std::mem::take(&mut self.finished) {
            let lane = call.lane;
            self.run_one(lane, |round| round.finished.push(call))
                .await?;
        }
        for lane in self.lanes.ready(self.clock.tick()) {
            self.run_one(lane, |round| round.ready.push(lane)).await?;
        }
        let now = self.clock.now();
        let rows = LaneKind::ALL.map(|kind| (kind, ROWS));
        let find = move |conn: &mut _| find_due_lanes(conn, &rows, now);
        for lane in self.db.read(find).await?.lanes {
            let slots = self.slots(self.clock.tick());
            if slots.has(lane.kind.pool()) {
                self.run_one(lane, |round| {
                    (round.due, round.slots) = (Some(vec![lane]), slots);
                })
                .await?;
            }
        }
        Ok(RoundOutcome::Done)
    }

    /// Runs a round of one lane. If it fails, the lane rests, and what its call did is not
    /// recorded: the call is repeated with the same message.
    async fn run_one(
        &mut self,
        lane: Lane,
        change: impl FnOnce(&mut Round),
    ) -> Result<(), RoundError> {
        let mut round = self.round(self.clock.tick(), Slots::default());
        (round.finished, round.ready, round.looks) = (Vec::new(), Vec::new(), false);
        change(&mut round);
        match self.run_in_transaction(round).await {
            Ok(result) => self.apply(result),
            Err(RoundError::LeasesLost) => return Err(RoundError::LeasesLost),
            Err(RoundError::Store(error)) => {
                tracing::error!(%error, %lane, "a lane of the outbox failed and rests");
                self.lanes.remove(lane);
                let (owner, now) = (self.owner.clone(), self.clock.now());
                let rested = self
                    .db
                    .write(move |conn| rest_faulty_lane(conn, lane, &owner, now));
                if let Err(error) = rested.await {
                    tracing::warn!(%error, %lane, "the lane cannot rest");
                }
            }
        }
        Ok(())
    }
}
