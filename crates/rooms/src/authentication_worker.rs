//! The worker that notices what other instances and operators change about callers that this
//! instance knows; see [`qlive_users::KnownTokens`].

use std::collections::BTreeMap;
use std::time::Duration;

use qlive_store::StoreError;
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_types::{Moment, Tick, UserId};
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
    /// `None` before the first reading.
    read: Option<ReadChanges>,
    /// When the last reading began, by the clock of this instance.
    last_reading: Moment,
    delete_due: Tick,
}

impl AuthenticationWorker {
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self {
            delete_due: rooms.clock.tick(),
            last_reading: rooms.clock.now(),
            rooms,
            read: None,
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
        let (db, clock) = (self.rooms.db.clone(), self.rooms.clock.clone());
        let (began, began_at) = (clock.tick(), clock.now());
        let mut read = match self.read.take() {
            Some(read) => read,
            None => {
                let newest = db.read_one(newest_authentication_change).await?;
                ReadChanges::up_to(newest - RUNNING_AT_START)
            }
        };
        let result = self.forget_changed(&mut read, began).await;
        self.read = Some(read);
        result?;
        self.last_reading = began_at;
        self.rooms.users.known_tokens().changes_read(began);
        Ok(())
    }

    async fn forget_changed(&self, read: &mut ReadChanges, began: Tick) -> Result<(), StoreError> {
        let mut new = Vec::new();
        let mut after = read.all_to;
        loop {
            let load = move |conn: &mut _| load_authentication_changes(conn, after);
            let (changes, is_full) = self.rooms.db.read_one(load).await?;
            after = changes.last().map_or(after, |change| change.id);
            new.extend(changes.into_iter().filter(|change| !read.has(change.id)));
            if !is_full {
                break;
            }
        }
        let read_at = self.rooms.clock.now();
        let mut changed = BTreeMap::<UserId, Moment>::new();
        for change in &new {
            let latest = changed.entry(change.user).or_insert(change.at);
            *latest = change.at.max(*latest);
        }
        for (user, at) in changed {
            // It was committed since the last reading, whatever the clock of its instance says.
            let at = at.clamp(self.last_reading.min(read_at), read_at);
            self.rooms.forget_caller(user, at).await;
        }
        read.add(new.iter().map(|change| change.id), began);
        Ok(())
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

/// Which changes were read.
struct ReadChanges {
    /// All changes up to this id were read.
    all_to: i64,
    /// The changes after it that were read, and when.
    later: BTreeMap<i64, Tick>,
}

impl ReadChanges {
    fn up_to(all_to: i64) -> Self {
        Self {
            all_to,
            later: BTreeMap::new(),
        }
    }

    fn has(&self, id: i64) -> bool {
        id <= self.all_to || self.later.contains_key(&id)
    }

    /// Adds changes that were read now. Those that were read so long ago that every transaction
    /// with a lower id has ended are counted as one from then on.
    fn add(&mut self, ids: impl Iterator<Item = i64>, now: Tick) {
        self.later.extend(ids.map(|id| (id, now)));
        while let Some(first) = self.later.first_entry()
            && now.since(*first.get()) >= LATEST_COMMIT
        {
            self.all_to = first.remove_entry().0;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use qlive_types::Clock;

    #[test]
    fn changes_are_asked_for_until_no_transaction_can_add_one_before_them() {
        let start = Clock::system().tick();
        let mut read = ReadChanges::up_to(10);
        read.add([12, 13].into_iter(), start);
        assert!(read.has(10) && read.has(12) && !read.has(11));
        assert_eq!(read.all_to, 10, "11 may come");
        read.add([11].into_iter(), start.after(Duration::from_secs(20)));
        assert_eq!(read.all_to, 10);
        read.add(std::iter::empty(), start.after(LATEST_COMMIT));
        assert_eq!(read.all_to, 10, "11 is the first of them");
        let later = start.after(LATEST_COMMIT + Duration::from_secs(20));
        read.add(std::iter::empty(), later);
        assert_eq!((read.all_to, read.later.len()), (13, 0));
    }
}
