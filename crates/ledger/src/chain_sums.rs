//! Sums along the chain: each sealed entry is added to every sum once, in the order of the chain,
//! whichever instance or version sealed it.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use qlive_store::schema::{chain_sums, ledger_chain};
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_store::{Conn, Db, StoreError};
use tokio_util::sync::CancellationToken;

/// The most entries that are added in one transaction.
const BATCH: i64 = 5_000;

/// A table of sums of the sealed entries.
#[derive(Debug, Clone, Copy)]
pub struct ChainSum {
    /// The name of its row in `chain_sums`.
    pub name: &'static str,
    /// The statement that adds the entries of which the condition is true to the table. The
    /// condition is about `c`, an alias of `ledger_chain`.
    pub add_sql: fn(condition: &str) -> String,
}

impl ChainSum {
    /// Adds the next entries to the sums, at most 5,000. Returns whether there were any.
    ///
    /// # Errors
    /// [`StoreError::Contended`] when another instance added them first, or when the database
    /// fails.
    pub fn add_next(self, conn: &mut Conn) -> Result<bool, StoreError> {
        let Some((position, last)) = self.next_positions(conn)? else {
            return Ok(false);
        };
        let row = chain_sums::table
            .find(self.name)
            .filter(chain_sums::position.eq(position));
        let moved = diesel::update(row)
            .set(chain_sums::position.eq(last))
            .execute(conn)?;
        if moved == 0 {
            return Err(StoreError::Contended);
        }
        let condition = format!("c.position > {position} AND c.position <= {last}");
        sql_query((self.add_sql)(&condition)).execute(conn)?;
        Ok(true)
    }

    /// The position up to which entries are added, and the one up to which the next are.
    fn next_positions(self, conn: &mut Conn) -> Result<Option<(i64, i64)>, StoreError> {
        let position: i64 = chain_sums::table
            .find(self.name)
            .select(chain_sums::position)
            .first(conn)?;
        // Positions have no gap.
        let end: Option<i64> = ledger_chain::table
            .order(ledger_chain::position.desc())
            .select(ledger_chain::position)
            .first(conn)
            .optional()?;
        let last = end.unwrap_or(0).min(position + BATCH);
        Ok((last > position).then_some((position, last)))
    }

    /// The condition that an entry is added, about `c`, an alias of `ledger_chain`.
    #[must_use]
    pub fn is_added_sql(self) -> String {
        format!(
            "c.position <= (SELECT position FROM chain_sums WHERE name = '{}')",
            self.name
        )
    }
}

/// Those of these sums that have entries to add.
fn find_due(conn: &mut Conn, sums: Vec<ChainSum>) -> Result<Vec<ChainSum>, StoreError> {
    let mut due = Vec::new();
    for sum in sums {
        if sum.next_positions(conn)?.is_some() {
            due.push(sum);
        }
    }
    Ok(due)
}

/// The background worker that adds the sealed entries to the sums. Every instance may run one.
pub struct ChainSumWorker {
    db: Db,
    sums: Vec<ChainSum>,
}

impl ChainSumWorker {
    #[must_use]
    pub fn new(db: Db, sums: Vec<ChainSum>) -> Self {
        Self { db, sums }
    }

    /// Adds entries until `stop` is cancelled; finishes the batch that it has begun.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
    }
}

impl BackgroundWorker for ChainSumWorker {
    const NAME: &'static str = "chain sums";
    const INTERVAL: Duration = Duration::from_secs(1);
    type Error = StoreError;

    async fn run_round(&mut self, _: &CancellationToken) -> Result<RoundOutcome, StoreError> {
        let mut outcome = RoundOutcome::Done;
        // Read first, so that nobody waits for a round that finds nothing.
        let sums = self.sums.clone();
        let due = self.db.read(move |conn| find_due(conn, sums)).await?;
        for sum in due {
            match self.db.write(move |conn| sum.add_next(conn)).await {
                Ok(true) => outcome = RoundOutcome::MoreDue,
                // Another instance adds the same entries.
                Ok(false) | Err(StoreError::Busy) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(outcome)
    }
}
