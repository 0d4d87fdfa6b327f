//! [`Db`]: the pools, and the two kinds of transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::QueryResult;

use crate::address::DatabaseAddress;
use crate::connection::Access;
use crate::failure::{Failure, Place, failure_of, name_outage};
use crate::operation::{self, Operation};
use crate::pool::{self, Connection, Pool};
use crate::readiness::{NotReady, Readiness};
use crate::statement_counts::StatementCounts;
use crate::transaction::{begin_read, begin_write, commit, rollback, transaction_depth};
use crate::{Conn, Engine, StoreError, TransactionError, migrations, sqlite_files};

/// How often a transaction runs in all when it ends with [`StoreError::Contended`].
const CONTENTION_ATTEMPTS: u32 = 3;
/// How often it runs when the engine ends it, by a deadlock or a serialization failure. More
/// often, because that can happen to transactions that share no row.
const ENGINE_ATTEMPTS: u32 = 8;
/// A transaction is not run again after this time: its connection is needed.
const RETRY_TIME: Duration = Duration::from_secs(4);
/// On how many connections a transaction is tried to begin. The first may have died since it was
/// last used; the others are tested.
const BEGIN_ATTEMPTS: u32 = 2;
/// What fails later than this did not fail because the connection was dead from the start.
const DEAD_CONNECTION_TIME: Duration = Duration::from_secs(1);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    writers: Pool,
    readers: Pool,
    address: Arc<DatabaseAddress>,
    readiness: Readiness,
    statements: Arc<StatementCounts>,
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
        run_blocking(None, move || {
            let (writers, readers) = match address.engine {
                Engine::Sqlite => {
                    sqlite_files::create_for_owner_alone(&address.location)
                        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
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
                readiness: Readiness::new(address.clone()),
                address: Arc::new(address),
                statements: Arc::default(),
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
        if self.check_schema().await.is_ok() {
            return Ok(());
        }
        let address = Arc::clone(&self.address);
        run_blocking(None, move || migrations::apply_pending(&address)).await
    }

    /// Checks, without writing, that the database has exactly the migrations of this program.
    ///
    /// # Errors
    /// [`StoreError::Outdated`] when a migration is missing, [`StoreError::Newer`] when the
    /// database has one that this program does not know.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        self.read(migrations::check_applied).await
    }

    /// How many statements each operation has sent since the start, by its name. BEGIN, COMMIT and
    /// the preparation of a statement count too.
    #[must_use]
    pub fn statement_counts(&self) -> BTreeMap<&'static str, u64> {
        self.statements.all()
    }

    /// Whether this program can serve: the database answers, has the migrations and takes a write.
    /// Uses a connection of its own, outside of the pool, and answers within two seconds.
    ///
    /// # Errors
    /// [`NotReady`] names the part that fails.
    pub async fn readiness(&self) -> Result<(), NotReady> {
        self.readiness.check().await
    }

    /// The version of the last applied migration, `20261126000001`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn schema_version(&self) -> Result<String, StoreError> {
        self.read(crate::migrations::last_applied).await
    }

    /// Runs queries in one transaction; all of them read the same snapshot.
    ///
    /// # Errors
    /// The error of the closure, or that of the database: [`StoreError::Unavailable`] when it is
    /// not the query's fault.
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
    {
        self.run(&self.readers, move |pool, engine| {
            let mut conn = checkout_and_begin(pool, engine, begin_read)?;
            let started = Instant::now();
            let result = run_and_end(&mut conn, query);
            let place = Place {
                engine,
                access: Access::ReadOnly,
                after: started.elapsed(),
            };
            end_use(pool, conn, result, place)
        })
        .await
    }

    /// Runs a query of one statement, which needs no transaction: one round trip. When it fails
    /// because the connection died since it was last used, it runs again on another one.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_one<T, E>(
        &self,
        mut query: impl FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
    {
        self.run(&self.readers, move |pool, engine| {
            let mut attempt = 1;
            loop {
                let mut conn = pool.checkout()?;
                let started = Instant::now();
                let result = query(&mut conn);
                let place = Place {
                    engine,
                    access: Access::ReadOnly,
                    after: started.elapsed(),
                };
                let is_outage = result.as_ref().is_err_and(|error| {
                    matches!(
                        failure_of(error, place),
                        Some(Failure::Unavailable | Failure::Unclear)
                    )
                });
                if is_outage && attempt == 1 && place.after < DEAD_CONNECTION_TIME {
                    attempt += 1;
                    pool.put_back_doubted(conn);
                    continue;
                }
                return end_use(pool, conn, result, place);
            }
        })
        .await
    }

    /// Runs one transaction that may write. An error rolls it back.
    ///
    /// When it conflicts with another transaction, the closure runs again from its start, so it
    /// must read again everything that it decides by. That is tried three times for
    /// [`StoreError::Contended`], eight times for a conflict that the engine reports, and not any
    /// more after four seconds. One that waited in vain for a lock does not run again.
    ///
    /// # Errors
    /// The error of the closure, that of the database ([`StoreError::Unavailable`] when it is not
    /// the query's fault), or [`StoreError::Busy`] when every attempt conflicted.
    pub async fn write<T, E>(
        &self,
        change: impl FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
    {
        self.write_then(change, || {}).await
    }

    /// As [`Db::write`], and calls `committed` after the commit, also when the caller has given up
    /// waiting meanwhile.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_then<T, E>(
        &self,
        mut change: impl FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
        committed: impl FnOnce() + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
    {
        self.run(&self.writers, move |pool, engine| {
            let conn = checkout_and_begin(pool, engine, begin_write)?;
            let written = write_with_retries(pool, conn, engine, &mut change)?;
            committed();
            Ok(written)
        })
        .await
    }

    /// Runs work on the blocking pool when a connection of `pool` is free for the operation, and
    /// counts its statements.
    async fn run<T, E>(
        &self,
        pool: &Pool,
        work: impl FnOnce(&Pool, Engine) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let pool = pool.clone();
        let engine = self.address.engine;
        let operation = operation::current();
        let permit = pool.permits.acquire(operation).await?;
        let statements = Arc::clone(&self.statements);
        run_blocking(operation, move || {
            let _permit = permit;
            statements.count(operation, || work(&pool, engine))
        })
        .await
    }
}

/// Takes a connection and begins a transaction on it. When that fails because the connection died
/// since it was last used, another one is taken: nothing was asked of the database yet.
fn checkout_and_begin(
    pool: &Pool,
    engine: Engine,
    begin: fn(&mut Conn) -> QueryResult<()>,
) -> Result<Connection, StoreError> {
    let mut attempt = 1;
    loop {
        let mut conn = pool.checkout()?;
        if transaction_depth(&mut conn) != Some(0) {
            return Err(StoreError::Nested);
        }
        let started = Instant::now();
        let Err(error) = begin(&mut conn) else {
            return Ok(conn);
        };
        let place = Place {
            engine,
            access: Access::ReadWrite,
            after: started.elapsed(),
        };
        pool.put_back_doubted(conn);
        if attempt == BEGIN_ATTEMPTS || place.after >= DEAD_CONNECTION_TIME {
            return Err(name_outage(error.into(), place));
        }
        attempt += 1;
    }
}

/// Puts a connection back after its use, doubted when the database may have failed, and names an
/// outage.
fn end_use<T, E: TransactionError>(
    pool: &Pool,
    conn: Connection,
    result: Result<T, E>,
    place: Place,
) -> Result<T, E> {
    let Err(error) = result else {
        Pool::put_back(conn);
        return result;
    };
    match failure_of(&error, place) {
        Some(Failure::Unavailable | Failure::Unclear) => pool.put_back_doubted(conn),
        _ => Pool::put_back(conn),
    }
    Err(name_outage(error, place))
}

/// Runs the transaction, which has begun, until it succeeds, fails for good, or has used its
/// attempts.
fn write_with_retries<T, E: TransactionError>(
    pool: &Pool,
    mut conn: Connection,
    engine: Engine,
    change: &mut impl FnMut(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    let first_started = Instant::now();
    let mut attempt = 1;
    let mut started = first_started;
    let mut result = run_and_end(&mut conn, &mut *change);
    loop {
        let place = Place {
            engine,
            access: Access::ReadWrite,
            after: started.elapsed(),
        };
        let Err(error) = &result else {
            return end_use(pool, conn, result, place);
        };
        let failure = failure_of(error, place);
        let attempts = match (error.store_error(), failure) {
            (Some(StoreError::Contended), _) => CONTENTION_ATTEMPTS,
            (_, Some(Failure::Conflict | Failure::Unclear)) => ENGINE_ATTEMPTS,
            _ => return end_use(pool, conn, result, place),
        };
        if attempt >= attempts || first_started.elapsed() >= RETRY_TIME {
            if failure == Some(Failure::Unclear) {
                return end_use(pool, conn, result, place);
            }
            if let Some(StoreError::Query(conflict)) = error.store_error() {
                tracing::warn!(%conflict, attempt, "transaction failed on every attempt");
            }
            return Err(StoreError::Busy.into());
        }
        attempt += 1;
        started = Instant::now();
        result = match begin_write(&mut conn) {
            Ok(()) => run_and_end(&mut conn, &mut *change),
            Err(error) => Err(StoreError::from(error).into()),
        };
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

/// Runs blocking work on the blocking pool, off the async threads. A request does not wait longer
/// than its limit; the work then ends on its own.
async fn run_blocking<T, E>(
    operation: Option<Operation>,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let joined = match operation {
        Some(operation) => {
            operation
                .within_limit(tokio::task::spawn_blocking(work))
                .await?
        }
        None => tokio::task::spawn_blocking(work).await,
    };
    match joined {
        Ok(result) => result,
        Err(panicked) => Err(StoreError::Unavailable(panicked.to_string()).into()),
    }
}
