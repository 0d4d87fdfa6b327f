//! [`Db`]: the pools, and the two kinds of transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;

use crate::address::DatabaseAddress;
use crate::connection::Access;
use crate::pool::{self, Pool, checkout};
use crate::transaction::{begin_read, begin_write, commit, rollback, transaction_depth};
use crate::{Conn, Engine, StoreError, TransactionError, migrations};

/// How often a transaction runs in all when it ends with [`StoreError::Contended`].
const CONTENTION_ATTEMPTS: u32 = 3;
/// How often it runs when the engine ends it, by a deadlock or a serialization failure. More
/// often, because that can happen to transactions that share no row.
const ENGINE_ATTEMPTS: u32 = 8;
/// A transaction that failed after this time was probably waiting for a lock: PostgreSQL looks for
/// deadlocks after one second.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// A transaction is not run again after this time: another one that hangs holds the lock.
const RETRY_TIME: Duration = Duration::from_secs(10);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    writers: Pool,
    readers: Pool,
    address: Arc<DatabaseAddress>,
}

impl Db {
    /// Connects to `sqlite://path` or `postgres://…`. A missing SQLite file is created. On SQLite
    /// one connection writes and `pool_size` connections read; on PostgreSQL `pool_size`
    /// connections do both.
    ///
    /// The schema is neither checked nor changed: see [`Db::check_schema`] and [`Db::migrate`].
    ///
    /// # Errors
    /// [`StoreError::InvalidUrl`], or [`StoreError::Unavailable`] when no connection can be opened
    /// within ten seconds.
    pub async fn open(url: &str, pool_size: u32) -> Result<Self, StoreError> {
        let address = DatabaseAddress::parse(url)?;
        run_blocking(move || {
            let (writers, readers) = match address.engine {
                Engine::Sqlite => {
                    // The writer is opened first: it creates the file and enables WAL.
                    let writers = pool::open(&address, Access::ReadWrite, 1)?;
                    (writers, pool::open(&address, Access::ReadOnly, pool_size)?)
                }
                Engine::Postgres => {
                    let writers = pool::open(&address, Access::ReadWrite, pool_size)?;
                    (writers.clone(), writers)
                }
            };
            Ok(Self {
                writers,
                readers,
                address: Arc::new(address),
            })
        })
        .await
    }

    /// Applies the migrations that the database does not have yet. Several instances may do so at
    /// the same time.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when the database has a migration that this program does not know,
    /// [`StoreError::Migration`] when one fails.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let address = Arc::clone(&self.address);
        run_blocking(move || migrations::apply_pending(&address)).await
    }

    /// Checks, without writing, that the database has exactly the migrations of this program.
    ///
    /// # Errors
    /// [`StoreError::Outdated`] when a migration is missing, [`StoreError::Newer`] when the
    /// database has one that this program does not know.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        self.read(migrations::check_applied).await
    }

    /// Sends a query that reads no table.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|conn| Ok(conn.batch_execute("SELECT 1")?)).await
    }

    /// Runs queries in one transaction; all of them read the same snapshot.
    ///
    /// # Errors
    /// The error of the closure, or that of the database.
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
    {
        let pool = self.readers.clone();
        run_blocking(move || {
            let mut conn = checkout(&pool)?;
            begin_read(&mut conn).map_err(StoreError::from)?;
            run_and_end(&mut conn, query)
        })
        .await
    }

    /// Runs one transaction that may write. An error rolls it back.
    ///
    /// When it conflicts with another transaction, the closure runs again from its start, so it
    /// must read again everything that it decides by. That is tried three times for
    /// [`StoreError::Contended`], eight times for a conflict that the engine reports, and for at
    /// most ten seconds.
    ///
    /// # Errors
    /// The error of the closure, that of the database, or [`StoreError::Busy`] when every attempt
    /// conflicted.
    pub async fn write<T, E>(
        &self,
        mut change: impl FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
    {
        let pool = self.writers.clone();
        run_blocking(move || {
            let mut conn = checkout(&pool)?;
            write_with_retries(&mut conn, &mut change)
        })
        .await
    }
}

/// Runs the transaction until it succeeds, fails for good, or has used its attempts.
fn write_with_retries<T, E: TransactionError>(
    conn: &mut Conn,
    change: &mut impl FnMut(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    if transaction_depth(conn) != Some(0) {
        return Err(StoreError::Nested.into());
    }
    let first_started = Instant::now();
    let mut attempt = 1;
    loop {
        let started = Instant::now();
        let begun = begin_write(conn).map_err(|error| E::from(error.into()));
        let error = match begun.and_then(|()| run_and_end(conn, &mut *change)) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let attempts = match error.store_error() {
            Some(StoreError::Contended) => CONTENTION_ATTEMPTS,
            Some(failure) if failure.is_retryable() => ENGINE_ATTEMPTS,
            _ => return Err(error),
        };
        if attempt >= attempts || first_started.elapsed() >= RETRY_TIME {
            let waited = started.elapsed() >= LOCK_WAIT;
            return Err(match error.store_error() {
                Some(failure) if !failure.is_conflict(waited) => error,
                Some(StoreError::Query(conflict)) => {
                    tracing::warn!(%conflict, attempt, "transaction failed on every attempt");
                    StoreError::Busy.into()
                }
                _ => StoreError::Busy.into(),
            });
        }
        attempt += 1;
    }
}

/// Runs the closure, then commits its success or rolls its error back.
fn run_and_end<T, E: TransactionError>(
    conn: &mut Conn,
    run: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    match run(conn) {
        Ok(value) => {
            commit(conn).map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) => {
            // A failed rollback leaves the connection broken. The pool then closes it, and the
            // database rolls back.
            if let Err(failure) = rollback(conn) {
                tracing::warn!(error = %failure, "rollback failed");
            }
            Err(error)
        }
    }
}

/// Runs blocking work on the blocking pool, off the async threads.
async fn run_blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panicked) => Err(StoreError::Unavailable(panicked.to_string()).into()),
    }
}
