//! The hash chain: what was sealed cannot be changed without breaking it.
//!
//! A background job seals, never a payment: the path of a gift must not become
//! one queue. Entries take their numbers before they commit, so one with a lower
//! number may be sealed after one with a higher; the chain has positions of its own.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{ledger_chain, ledger_groups, ledger_transfers};
use qlive_store::{Conn, Db, StoreError, or_contended};
use qlive_types::{Clock, Moment};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

/// How often the sealer looks.
const TICK: Duration = Duration::from_secs(1);
/// The most entries sealed in one transaction.
const BATCH: i64 = 500;
/// No transaction that wrote an entry is open for longer: locks are waited for and idleness is borne for seconds.
const SETTLED: Duration = Duration::from_secs(300);
/// How often it is found out which entries need not be looked at again.
const SETTLED_EVERY: Duration = Duration::from_secs(60);
/// What the first seal covers in place of a seal before it.
pub(crate) const ORIGIN: &str = "";

/// The background worker that seals. Every instance may run one.
pub struct Sealer {
    db: Db,
    clock: Clock,
    /// Every entry up to this number is sealed for good.
    sealed_to: i64,
    /// When that was found out.
    settled_at: Moment,
    /// How far this walk through the entries has come; each begins behind `sealed_to`.
    walked_to: i64,
}

impl Sealer {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            db,
            clock,
            sealed_to: 0,
            settled_at: Moment::from_millis(0),
            walked_to: 0,
        }
    }

    /// Works until it is told to stop, and ends the batch it is at.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.look().await {
                Ok(true) => continue,
                // Another instance seals the same entries.
                Ok(false) | Err(StoreError::Busy) => {}
                Err(fault) => tracing::warn!(%fault, "the sealer failed and looks again"),
            }
            stop.run_until_cancelled(tokio::time::sleep(TICK)).await;
        }
    }

    /// Seals a batch. True when there may be more.
    async fn look(&mut self) -> Result<bool, StoreError> {
        let (now, after) = (self.clock.now(), self.walked_to);
        // Found apart from the writing, so that no gift waits for a search.
        let open = self.db.read(move |conn| unsealed(conn, after)).await?;
        let full = i64::try_from(open.len()).is_ok_and(|found| found == BATCH);
        let end = open.last().copied().filter(|_| full);
        if !open.is_empty() {
            self.db.write(move |conn| append(conn, now, &open)).await?;
        }
        self.walked_to = end.unwrap_or(self.sealed_to);
        // Where a walk took several batches, one that commits late may lie behind: another walk finds it.
        let saw_all = !full && after == self.sealed_to;
        if saw_all && now.since(self.settled_at) >= SETTLED_EVERY {
            self.settle(now).await?;
        }
        Ok(!saw_all)
    }

    /// Finds out which entries need not be looked at again, once they were seen in one look.
    async fn settle(&mut self, now: Moment) -> Result<(), StoreError> {
        let settled = now.before(SETTLED).millis();
        let known: Option<i64> = self
            .db
            .read(move |conn| {
                let old = ledger_chain::table.filter(ledger_chain::at.lt(settled));
                Ok::<_, StoreError>(
                    old.select(diesel::dsl::max(ledger_chain::group_id))
                        .get_result(conn)?,
                )
            })
            .await?;
        self.sealed_to = known.unwrap_or(self.sealed_to);
        self.walked_to = self.sealed_to;
        self.settled_at = now;
        Ok(())
    }
}

/// Seals the entries after `after` that are not sealed yet, a batch at most; answers how many.
pub fn seal(conn: &mut Conn, now: Moment, after: i64) -> Result<usize, StoreError> {
    let open = unsealed(conn, after)?;
    append(conn, now, &open)?;
    Ok(open.len())
}

/// The entries after `after` that are not sealed yet, a batch at most.
fn unsealed(conn: &mut Conn, after: i64) -> Result<Vec<i64>, StoreError> {
    let sealed = diesel::dsl::exists(
        ledger_chain::table.filter(ledger_chain::group_id.eq(ledger_groups::id)),
    );
    Ok(ledger_groups::table
        .filter(ledger_groups::id.gt(after))
        .filter(diesel::dsl::not(sealed))
        .order(ledger_groups::id)
        .limit(BATCH)
        .select(ledger_groups::id)
        .load(conn)?)
}

/// Chains these entries behind the last one. One that is sealed already is contention.
fn append(conn: &mut Conn, now: Moment, open: &[i64]) -> Result<(), StoreError> {
    let last: Option<(i64, String)> = ledger_chain::table
        .order(ledger_chain::position.desc())
        .select((ledger_chain::position, ledger_chain::hash))
        .first(conn)
        .optional()?;
    let (mut position, mut hash) = last.unwrap_or((0, ORIGIN.to_owned()));
    for group in open {
        hash = link(conn, &hash, *group)?;
        position += 1;
        let row = (
            ledger_chain::position.eq(position),
            ledger_chain::group_id.eq(*group),
            ledger_chain::hash.eq(&hash),
            ledger_chain::at.eq(now.millis()),
        );
        or_contended(
            diesel::insert_into(ledger_chain::table)
                .values(row)
                .execute(conn),
        )?;
    }
    Ok(())
}

/// The hash of an entry as it stands, behind the hash before it.
pub(crate) fn link(conn: &mut Conn, before: &str, group: i64) -> Result<String, StoreError> {
    type Group = (i32, String, Option<i64>, i64);
    let found: Option<Group> = ledger_groups::table
        .find(group)
        .select((
            ledger_groups::kind,
            ledger_groups::subject,
            ledger_groups::reverses,
            ledger_groups::at,
        ))
        .get_result(conn)
        .optional()?;
    // One that is gone hashes to what no entry does.
    let Some((kind, subject, reverses, at)) = found else {
        return Ok(String::new());
    };
    let transfers: Vec<(i64, i64, i64, i64, i32, i64)> = ledger_transfers::table
        .filter(ledger_transfers::group_id.eq(group))
        .order(ledger_transfers::id)
        .select((
            ledger_transfers::id,
            ledger_transfers::debit,
            ledger_transfers::credit,
            ledger_transfers::amount,
            ledger_transfers::code,
            ledger_transfers::at,
        ))
        .load(conn)?;
    // The subject is the only free text; its length keeps it apart from what follows.
    let mut sealed = format!(
        "{before}|{group}|{kind}|{}:{subject}|{}|{at}",
        subject.len(),
        reverses.unwrap_or(0)
    );
    for (id, debit, credit, amount, code, at) in transfers {
        sealed.push_str(&format!("|{id},{debit},{credit},{amount},{code},{at}"));
    }
    Ok(hex::encode(Sha256::digest(sealed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Account, Code, Entry, Kind, LedgerError, System, post};
    use qlive_store::testing::{Engine, TestDb};
    use qlive_types::Coins;

    async fn posted(db: &Db, now: Moment, entries: i64) {
        let (grants, house) = (
            Account::System(System::Grants),
            Account::System(System::House),
        );
        let entry =
            Entry::new(Kind::Grant, "x").moving(grants, house, Coins::new(1).unwrap(), Code::Grant);
        db.write(move |conn| {
            (0..entries).try_for_each(|_| post(conn, now, &entry).map(drop))?;
            Ok::<_, LedgerError>(())
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn only_a_look_that_saw_all_settles() {
        let db = TestDb::fresh(Engine::Sqlite).await.unwrap();
        let clock = Clock::system();
        let mut sealer = Sealer::new(db.db.clone(), clock.clone());
        posted(&db.db, clock.now(), 2 * BATCH + 100).await;
        for walked_to in [BATCH, 2 * BATCH, 0] {
            clock.advance(SETTLED + SETTLED);
            assert!(sealer.look().await.unwrap(), "there is more, or may be");
            assert_eq!((sealer.walked_to, sealer.sealed_to), (walked_to, 0));
        }
        assert!(!sealer.look().await.unwrap());
        assert_eq!(
            (sealer.walked_to, sealer.sealed_to),
            (2 * BATCH, 2 * BATCH),
            "the rest was sealed only now"
        );
        clock.advance(SETTLED + SETTLED_EVERY);
        posted(&db.db, clock.now(), 1).await;
        assert!(!sealer.look().await.unwrap());
        assert_eq!(sealer.sealed_to, 2 * BATCH + 100);
        // Long sealed by now, but it is not found out at every look.
        clock.advance(SETTLED_EVERY.saturating_sub(Duration::from_secs(1)));
        assert!(!sealer.look().await.unwrap());
        clock.advance(SETTLED);
        assert!(!sealer.look().await.unwrap());
        assert_eq!(sealer.sealed_to, 2 * BATCH + 101);
        posted(&db.db, clock.now(), 1).await;
        assert!(!sealer.look().await.unwrap());
        let settled_at = sealer.settled_at;
        clock.advance(SETTLED_EVERY.saturating_sub(Duration::from_secs(1)));
        assert!(!sealer.look().await.unwrap());
        assert_eq!(sealer.settled_at, settled_at);
    }
}
