//! [`ActivityRecorder`]: records that tokens were used and members were active, many at once.

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

use crate::member::record_activity;

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
        let mut queue = self.lock();
        queue.waiting.push((seen, done));
        let starts = !mem::replace(&mut queue.is_running, true);
        drop(queue);
        if starts {
            let (recorder, db) = (Arc::clone(self), db.clone());
            tokio::spawn(run_background("activity", async move {
                recorder.record_waiting(&db).await;
            }));
        }
        // Whichever comes first: it is recorded, recording it failed, or the wait is over.
        let _ = timeout(MAX_WAIT, recorded).await;
    }

    /// Records until nothing waits.
    async fn record_waiting(&self, db: &Db) {
        while let Some(batch) = self.next_batch() {
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

    /// What waits; `None` when nothing does, and the next to come starts again.
    fn next_batch(&self) -> Option<Vec<(Seen, oneshot::Sender<()>)>> {
        let mut queue = self.lock();
        let count = queue.waiting.len().min(BATCH);
        queue.is_running = count > 0;
        queue
            .is_running
            .then(|| queue.waiting.drain(..count).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn record_all(db: &Db, seen: Vec<Seen>) -> Result<(), StoreError> {
    let Some(latest) = seen.iter().map(|seen| seen.at).max() else {
        return Ok(());
    };
    let mut tokens: Vec<TokenHash> = seen.iter().filter_map(|seen| seen.token).collect();
    let mut members: Vec<UserId> = seen.iter().filter_map(|seen| seen.member).collect();
    // In one order, so that two instances rarely wait for each other.
    tokens.sort_unstable();
    members.sort_unstable();
    db.write(move |conn| {
        if !tokens.is_empty() {
            record_uses(conn, &tokens, latest)?;
        }
        if !members.is_empty() {
            record_activity(conn, &members, latest)?;
        }
        Ok(())
    })
    .await
}
