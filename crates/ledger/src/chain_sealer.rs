//! The background worker that seals entries in the hash chain.
//!
//! Payments do not seal: every gift would then wait for the end of the chain.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::ledger_chain;
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_store::{Db, StoreError};
use qlive_types::{Clock, Moment, Tick};
use tokio_util::sync::CancellationToken;

use crate::chain::{ChainEntry, SEAL_BATCH, append_to_chain, unsealed_entries};

/// No transaction that posted an entry is open for longer than this: the timeouts for locks and
/// idle transactions are some seconds. An entry with a lower id than one that was sealed this long
/// ago is therefore either sealed or visible.
const LATEST_COMMIT: Duration = Duration::from_secs(300);
/// The least time between two updates of [`ChainSealer::sealed_to`].
const UPDATE_INTERVAL: Duration = Duration::from_secs(60);
/// The time between two searches for entries that committed late. Each looks at all entries of the
/// last minutes; the rounds between look only at newer entries.
const LATE_SEARCH_INTERVAL: Duration = Duration::from_secs(5);
/// The most entries that are sealed in one transaction while there is a backlog. They take a few
/// megabytes of memory, and on SQLite they hold the writer for some hundredths of a second.
const BACKLOG_BATCH: i64 = 5_000;

/// The background worker that seals entries. Every instance may run one.
pub struct ChainSealer {
    db: Db,
    clock: Clock,
    /// Every entry up to this id is sealed, and none can appear later.
    sealed_to: i64,
    /// When `sealed_to` was last updated; `None` before the first time.
    updated_at: Option<Tick>,
    /// The id after which the next round searches. Each pass over the entries begins after
    /// `sealed_to` and takes one round or, with more than one batch, several.
    searched_to: i64,
    /// When the last pass began; `None` before the first.
    pass_began_at: Option<Tick>,
    /// The highest id that was sealed, by whichever instance, when the last pass ended or since.
    /// Between two passes, rounds search after it.
    newest: i64,
    /// The most entries of the next round.
    batch: i64,
}

impl ChainSealer {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            db,
            clock,
            sealed_to: 0,
            updated_at: None,
            searched_to: 0,
            pass_began_at: None,
            newest: 0,
            batch: SEAL_BATCH,
        }
    }

    /// Seals entries until `stop` is cancelled; finishes the batch that it has begun.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
    }

    /// Seals one batch.
    async fn seal_batch(&mut self) -> Result<RoundOutcome, StoreError> {
        let tick = self.clock.tick();
        if self.searched_to == self.sealed_to {
            let is_due = |began: Tick| tick.since(began) >= LATE_SEARCH_INTERVAL;
            if !self.pass_began_at.is_none_or(is_due) {
                let full = self.seal_after(self.newest).await?.is_some();
                return Ok(if full {
                    RoundOutcome::MoreDue
                } else {
                    RoundOutcome::Done
                });
            }
            self.pass_began_at = Some(tick);
            // Large, so that one round sees everything even of a busy ledger.
            self.batch = BACKLOG_BATCH;
        }
        let (now, after) = (self.clock.now(), self.searched_to);
        let last = self.seal_after(after).await?;
        self.searched_to = last.unwrap_or(self.sealed_to);
        // An entry that commits late can lie behind a pass of several rounds; the next pass finds
        // it. Only a pass of one round has seen everything at one moment.
        let saw_everything = last.is_none() && after == self.sealed_to;
        if !saw_everything {
            if last.is_none() {
                // The next pass follows at once: later it would find another backlog.
                self.pass_began_at = None;
            }
            return Ok(RoundOutcome::MoreDue);
        }
        self.update_newest().await?;
        let is_due = |at: Tick| tick.since(at) >= UPDATE_INTERVAL;
        if self.updated_at.is_none_or(is_due) {
            self.update_sealed_to(now).await?;
        }
        Ok(RoundOutcome::Done)
    }

    /// Seals a batch of entries with ids above `after`. Returns the highest id if the batch was
    /// full, so that there may be more.
    async fn seal_after(&mut self, after: i64) -> Result<Option<i64>, StoreError> {
        let (now, batch) = (self.clock.now(), self.batch);
        // Read in a transaction of its own, so that no gift waits for the search.
        let entries = self
            .db
            .read(move |conn| unsealed_entries(conn, after, batch))
            .await?;
        let full = i64::try_from(entries.len()).is_ok_and(|found| found == batch);
        self.batch = if full { BACKLOG_BATCH } else { SEAL_BATCH };
        let last = entries.last().map(ChainEntry::id);
        if !entries.is_empty() {
            self.db
                .write(move |conn| append_to_chain(conn, now, &entries))
                .await?;
        }
        self.newest = self.newest.max(last.unwrap_or(0));
        Ok(last.filter(|_| full))
    }

    /// Moves `newest` to the highest entry that was sealed.
    async fn update_newest(&mut self) -> Result<(), StoreError> {
        let highest = self.db.read_one(|conn| {
            let highest = ledger_chain::table
                .order(ledger_chain::entry_id.desc())
                .select(ledger_chain::entry_id)
                .first(conn);
            Ok::<_, StoreError>(highest.optional()?)
        });
        self.newest = self.newest.max(highest.await?.unwrap_or(0));
        Ok(())
    }

    /// Moves `sealed_to` to the highest entry that was sealed long enough ago. Call this only after
    /// a round that saw everything.
    async fn update_sealed_to(&mut self, now: Moment) -> Result<(), StoreError> {
        let sealed_before = now.before(LATEST_COMMIT).millis();
        let highest: Option<i64> = self
            .db
            .read(move |conn| {
                let old = ledger_chain::table.filter(ledger_chain::at.lt(sealed_before));
                // By the index of entries: the newest ones are passed over, the rest is not read.
                let highest = old.order(ledger_chain::entry_id.desc());
                let highest = highest.select(ledger_chain::entry_id).first(conn);
                Ok::<_, StoreError>(highest.optional()?)
            })
            .await?;
        self.sealed_to = highest.unwrap_or(self.sealed_to);
        self.searched_to = self.sealed_to;
        self.updated_at = Some(self.clock.tick());
        Ok(())
    }
}

impl BackgroundWorker for ChainSealer {
    const NAME: &'static str = "chain sealer";
    const INTERVAL: Duration = Duration::from_secs(1);
    type Error = StoreError;

    async fn run_round(&mut self, _: &CancellationToken) -> Result<RoundOutcome, StoreError> {
        match self.seal_batch().await {
            // Another instance seals the same entries.
            Err(StoreError::Busy) => Ok(RoundOutcome::Done),
            outcome => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, SystemAccount};
    use crate::entry::{Entry, EntryKind, TransferCode};
    use crate::error::LedgerError;
    use crate::post_entry::post_entry;
    use qlive_store::testing::{Engine, TestDb};
    use qlive_types::Coins;

    async fn post_entries(db: &Db, now: Moment, count: i64) {
        let entry = Entry::new(EntryKind::Grant, "x").with_transfer(
            Account::System(SystemAccount::Grants),
            Account::System(SystemAccount::Platform),
            Coins::new(1).unwrap(),
            TransferCode::Grant,
        );
        db.write(move |conn| {
            (0..count).try_for_each(|_| post_entry(conn, now, &entry).map(drop))?;
            Ok::<_, LedgerError>(())
        })
        .await
        .unwrap();
    }

    async fn assert_round(sealer: &mut ChainSealer, outcome: RoundOutcome) {
        assert_eq!(sealer.seal_batch().await.unwrap(), outcome);
    }

    #[tokio::test]
    async fn sealed_to_moves_only_after_a_round_that_saw_everything() {
        let db = TestDb::fresh(Engine::Sqlite).await.unwrap();
        let clock = Clock::system();
        let mut sealer = ChainSealer::new(db.db.clone(), clock.clone());
        post_entries(&db.db, clock.now(), BACKLOG_BATCH + 100).await;
        for searched_to in [BACKLOG_BATCH, 0] {
            assert_round(&mut sealer, RoundOutcome::MoreDue).await;
            assert_eq!((sealer.searched_to, sealer.sealed_to), (searched_to, 0));
        }
        assert_round(&mut sealer, RoundOutcome::Done).await;
        assert_eq!((sealer.sealed_to, sealer.newest), (0, BACKLOG_BATCH + 100));
        assert!(sealer.updated_at.is_some(), "all was sealed just now");
        clock.advance(LATEST_COMMIT + UPDATE_INTERVAL);
        post_entries(&db.db, clock.now(), 1).await;
        assert_round(&mut sealer, RoundOutcome::Done).await;
        assert_eq!(sealer.sealed_to, BACKLOG_BATCH + 100);
        // Long enough ago by now, but not every round updates.
        clock.advance(UPDATE_INTERVAL.saturating_sub(Duration::from_secs(1)));
        assert_round(&mut sealer, RoundOutcome::Done).await;
        clock.advance(LATEST_COMMIT);
        assert_round(&mut sealer, RoundOutcome::Done).await;
        assert_eq!(sealer.sealed_to, BACKLOG_BATCH + 101);
        post_entries(&db.db, clock.now(), 1).await;
        assert_round(&mut sealer, RoundOutcome::Done).await;
        let updated_at = sealer.updated_at;
        clock.advance(UPDATE_INTERVAL.saturating_sub(Duration::from_secs(1)));
        assert_round(&mut sealer, RoundOutcome::Done).await;
        assert_eq!(sealer.updated_at, updated_at);
    }

    #[tokio::test]
    async fn sealed_to_moves_while_entries_come_all_the_time() {
        let db = TestDb::fresh(Engine::Sqlite).await.unwrap();
        let clock = Clock::system();
        let mut sealer = ChainSealer::new(db.db.clone(), clock.clone());
        for _ in 0..3 {
            post_entries(&db.db, clock.now(), SEAL_BATCH + 50).await;
            while sealer.seal_batch().await.unwrap() == RoundOutcome::MoreDue {
                post_entries(&db.db, clock.now(), SEAL_BATCH + 50).await;
            }
            clock.advance(LATEST_COMMIT + UPDATE_INTERVAL);
        }
        assert!(sealer.sealed_to > SEAL_BATCH, "{}", sealer.sealed_to);
    }

    #[tokio::test]
    async fn sealer_that_starts_knows_what_others_have_sealed() {
        let db = TestDb::fresh(Engine::Sqlite).await.unwrap();
        let clock = Clock::system();
        post_entries(&db.db, clock.now(), 10).await;
        let mut first = ChainSealer::new(db.db.clone(), clock.clone());
        assert_round(&mut first, RoundOutcome::Done).await;
        let mut second = ChainSealer::new(db.db.clone(), clock.clone());
        assert_round(&mut second, RoundOutcome::Done).await;
        assert_eq!((first.newest, second.newest), (10, 10));
    }
}
