//! [`ActivityRecorder`]: records that tokens were used and members were active, many at once.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qlive_store::operation::run_background;
use qlive_store::{Db, StoreError};
use qlive_types::{Moment, UserId};
use qlive_users::tokens::{TokenHash, record_uses};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::warn;

use crate::member::record_activities;

/// How long a call waits until its activity is recorded.
const MAX_WAIT: Duration = Duration::from_millis(500);
/// The most calls that are recorded in one transaction.
const BATCH: usize = 1_000;

/// What a call shows: a token was used, a member is active, or both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) token: Option<TokenHash>,
    pub(crate) member: Option<UserId>,
    pub(crate) at: Moment,
}

/// Records what calls show. What comes while a transaction runs is recorded together by the next.
#[derive(Debug, Default)]
pub(crate) struct ActivityRecorder(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<(Seen, oneshot::Sender<()>)>,
    is_running: bool,
}

impl ActivityRecorder {
    /// Records it. A database that is locked or cannot be written must not stop those who only
    /// read, so the call waits for this half a second at most, and a failure is logged.
    pub(crate) async fn record(self: &Arc<Self>, db: &Db, seen: Seen) {
        let (done, recorded) = oneshot::channel();
        if self.push(seen, done) {
            let (recorder, db) = (Arc::clone(self), db.clone());
            tokio::spawn(run_background("activity", async move {
                recorder.record_waiting(&db).await;
            }));
        }
        // Whichever comes first: it is recorded, recording it failed, or the wait is over.
        let _ = timeout(MAX_WAIT, recorded).await;
    }

    /// Adds what a call shows. Returns whether the caller is to start the task that records.
    fn push(&self, seen: Seen, done: oneshot::Sender<()>) -> bool {
        let mut queue = self.lock();
        queue.waiting.push((seen, done));
        !mem::replace(&mut queue.is_running, true)
    }

    /// Records until nothing waits.
    async fn record_waiting(&self, db: &Db) {
        let mut running = Running {
            recorder: self,
            has_ended: false,
        };
        while let Some(batch) = running.next_batch() {
            let seen: Vec<Seen> = batch.iter().map(|(seen, _)| *seen).collect();
            if let Err(error) = record_all(db, seen).await {
                warn!(%error, calls = batch.len(), "activity was not recorded");
            }
            for (_, done) in batch {
                // The call may wait no longer.
                let _ = done.send(());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that records.
struct Running<'a> {
    recorder: &'a ActivityRecorder,
    has_ended: bool,
}

impl Running<'_> {
    /// What waits; `None` when nothing does, and the next to come starts another task.
    fn next_batch(&mut self) -> Option<Vec<(Seen, oneshot::Sender<()>)>> {
        let mut queue = self.recorder.lock();
        let count = queue.waiting.len().min(BATCH);
        if count == 0 {
            queue.is_running = false;
            self.has_ended = true;
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }
}

impl Drop for Running<'_> {
    /// A task that ends by a panic, or with its runtime, leaves what waits to the next one.
    fn drop(&mut self) {
        if !self.has_ended {
            self.recorder.lock().is_running = false;
        }
    }
}

async fn record_all(db: &Db, seen: Vec<Seen>) -> Result<(), StoreError> {
    let Some(latest) = seen.iter().map(|seen| seen.at).max() else {
        return Ok(());
    };
    // In one order, so that two instances rarely wait for each other.
    let tokens: BTreeSet<TokenHash> = seen.iter().filter_map(|seen| seen.token).collect();
    let tokens = Vec::from_iter(tokens);
    // A member who was disconnected since their call must not seem to have called afterwards.
    let mut members = BTreeMap::<UserId, Moment>::new();
    for seen in &seen {
        if let Some(member) = seen.member {
            let at = members.entry(member).or_insert(seen.at);
            *at = seen.at.max(*at);
        }
    }
    db.write(move |conn| {
        if !tokens.is_empty() {
            record_uses(conn, &tokens, latest)?;
        }
        record_activities(conn, &members)
    })
    .await
}
