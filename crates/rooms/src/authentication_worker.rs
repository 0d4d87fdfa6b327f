//! The worker that notices what other instances and operators change about callers that this
//! instance knows; see [`qlive_users::KnownTokens`].

use std::collections::BTreeMap;
use std::time::Duration;

use qlive_store::StoreError;
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_types::Tick;
use qlive_users::{
    delete_authentication_changes, load_authentication_changes, newest_authentication_change,
};
use tokio_util::sync::CancellationToken;

use crate::error::RoomsError;
use crate::service::Rooms;

/// The pause between two readings.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long a transaction takes at most from its first change to its commit: the database ends one
/// that does nothing for 30 seconds. Until then its changes are looked for, although later ones
/// were read.
const LATEST_COMMIT: Duration = Duration::from_secs(40);
/// How many ids before the newest one may belong to transactions that run at the start.
const RUNNING_AT_START: i64 = 1_000;
/// The age at which changes are deleted, and how often.
const MAX_AGE: Duration = Duration::from_secs(3_600);
const DELETE_INTERVAL: Duration = Duration::from_secs(600);

/// The background worker that reads the changes.
pub struct AuthenticationWorker {
    rooms: Rooms,
    /// All changes up to this id were read; `None` before the first reading.
    read_to: Option<i64>,
    /// The changes after it that were read, and when.
    read: BTreeMap<i64, Tick>,
    delete_due: Tick,
}

impl AuthenticationWorker {
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self {
            delete_due: rooms.clock.tick(),
            rooms,
            read_to: None,
            read: BTreeMap::new(),
        }
    }

    /// Reads changes until `stop` is cancelled.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
    }

    /// Reads the new changes, and forgets what is known of their users.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn read_changes(&mut self) -> Result<(), RoomsError> {
        let (db, began) = (self.rooms.db.clone(), self.rooms.clock.tick());
        let read_to = match self.read_to {
            Some(read_to) => read_to,
            None => db.read_one(newest_authentication_change).await? - RUNNING_AT_START,
        };
        let mut after = read_to;
        loop {
            let load = move |conn: &mut _| load_authentication_changes(conn, after);
            let (changes, is_full) = db.read_one(load).await?;
            for change in &changes {
                if self.read.insert(change.id, began).is_none() {
                    self.rooms.forget_caller(change.user, change.at).await;
                }
                after = change.id;
            }
            if !is_full {
                break;
            }
        }
        self.read_to = Some(read_to);
        self.forget_old(began);
        self.rooms.users.known_tokens().changes_read(began);
        Ok(())
    }

    /// Moves `read_to` to the newest change that was read so long ago that every transaction with a
    /// lower id has ended.
    fn forget_old(&mut self, now: Tick) {
        while let Some(first) = self.read.first_entry()
            && now.since(*first.get()) >= LATEST_COMMIT
        {
            self.read_to = Some(first.remove_entry().0);
        }
    }

    async fn delete_old(&mut self) -> Result<(), StoreError> {
        let now = self.rooms.clock.tick();
        if now < self.delete_due {
            return Ok(());
        }
        self.delete_due = now.after(DELETE_INTERVAL);
        let before = self.rooms.clock.now().before(MAX_AGE);
        let db = &self.rooms.db;
        while db
            .write(move |conn| delete_authentication_changes(conn, before))
            .await?
        {}
        Ok(())
    }
}

impl BackgroundWorker for AuthenticationWorker {
    const NAME: &'static str = "authentication changes";
    const INTERVAL: Duration = INTERVAL;
    type Error = RoomsError;

    async fn run_round(&mut self, _: &CancellationToken) -> Result<RoundOutcome, RoomsError> {
        self.read_changes().await?;
        self.delete_old().await?;
        Ok(RoundOutcome::Done)
    }
}
