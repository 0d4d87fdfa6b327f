//! Records the outcomes of calls, of many lanes at once.

use std::collections::{BTreeMap, BTreeSet};

use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment};

use crate::attempt::AttemptOutcome;
use crate::lane::Lane;
use crate::lease::{reset_failures, rest_lanes};
use crate::lookup::Lookup;
use crate::queue::{finish_rows, record_failures};
use crate::status::Status;

/// The outcome of a call for the first row of a lane.
#[derive(Debug, Clone)]
pub(crate) struct FinishedCall {
    pub(crate) lane: Lane,
    /// The id of the row.
    pub(crate) row: i64,
    pub(crate) outcome: AttemptOutcome,
    /// The room whose group the call created if it succeeded.
    pub(crate) creates_group: Option<LiveId>,
}

impl FinishedCall {
    /// Whether the call failed, so that its lane must rest.
    pub(crate) const fn has_failed(&self) -> bool {
        matches!(self.outcome, AttemptOutcome::Failed(_))
    }
}

/// Records the outcomes of calls whose lanes this instance holds. `failures` has the failures in a
/// row of each lane before. The leases of lanes that failed end.
pub(crate) fn settle_calls(
    conn: &mut Conn,
    lookup: &dyn Lookup,
    calls: &[&FinishedCall],
    failures: &BTreeMap<Lane, i32>,
    now: Moment,
) -> Result<(), StoreError> {
    let mut delivered = Vec::new();
    let mut created = BTreeSet::new();
    let mut skipped = BTreeMap::<&str, Vec<i64>>::new();
    let (mut not_delivered, mut resting, mut recovered) = (Vec::new(), Vec::new(), Vec::new());
    for call in calls {
        let before = failures.get(&call.lane).copied().unwrap_or(0);
        match &call.outcome {
            AttemptOutcome::Delivered => {
                delivered.push(call.row);
                created.extend(call.creates_group);
            }
            AttemptOutcome::Skipped(reason) => skipped.entry(reason).or_default().push(call.row),
            AttemptOutcome::Refused(error) => {
                not_delivered.push((call.row, Status::Parked, error.clone()));
            }
            AttemptOutcome::Failed(error) => {
                not_delivered.push((call.row, Status::Waiting, error.clone()));
                resting.push((call.lane, before));
                continue;
            }
        }
        if before > 0 {
            recovered.push(call.lane);
        }
    }
    finish_rows(conn, &delivered, Status::Delivered, "", now)?;
    for (reason, rows) in skipped {
        finish_rows(conn, &rows, Status::Skipped, reason, now)?;
    }
    record_failures(conn, not_delivered, now)?;
    if !created.is_empty() {
        lookup.mark_groups_created(conn, &created)?;
    }
    rest_lanes(conn, &resting, now)?;
    reset_failures(conn, &recovered)
}
