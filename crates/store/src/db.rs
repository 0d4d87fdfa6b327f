//! [`Db`]: the pool, and the two kinds of transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::{
    Conn, Engine, Manager, Purpose, Target, begin_read, begin_write, commit, open_depth, rollback,
};
use crate::{Fallible, StoreError, migrations};

/// How long a request waits for a connection before it is told to come back.
const CHECKOUT: Duration = Duration::from_secs(10);
/// How often a transaction that met another is run in all.
const ATTEMPTS: u32 = 3;
/// The same for deadlocks and serialization failures, which say nothing about our own rows.
const ENGINE_ATTEMPTS: u32 = 8;
/// What takes so long has waited for somebody: PostgreSQL looks for deadlocks after a second.
const WAITED: Duration = Duration::from_secs(1);
/// After how long a transaction is not run again: what it met is held by somebody who hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    writers: r2d2::Pool<Manager>,
    readers: r2d2::Pool<Manager>,
    target: Arc<Target>,
}

impl Db {
    /// Connects to `sqlite://path` or `postgres://…`. On SQLite one connection
    /// writes and `pool_size` read; on PostgreSQL `pool_size` serve both.
    pub async fn open(url: &str, pool_size: u32) -> Result<Self, StoreError> {
        let target = Target::parse(url)?;
        blocking(move || {
            // The writer comes first: it makes the file and switches WAL on.
            let writers = match target.engine {
                Engine::Sqlite => pool(&target, Purpose::Write, 1)?,
                Engine::Postgres => pool(&target, Purpose::Write, pool_size)?,
            };
            let readers = match target.engine {
                Engine::Sqlite => pool(&target, Purpose::Read, pool_size)?,
                Engine::Postgres => writers.clone(),
            };
            Ok(Self {
                writers,
                readers,
                target: Arc::new(target),
            })
        })
        .await
    }

    /// Brings the schema up to this program's, or says why not. Safe to run from several instances at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let target = Arc::clone(&self.target);
        blocking(move || migrations::run(&target)).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|conn| {
            Ok(diesel::connection::SimpleConnection::batch_execute(
                conn, "SELECT 1",
            )?)
        })
        .await
    }

    /// Runs queries that all see the same moment.
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Fallible + Send + 'static,
    {
        let pool = self.readers.clone();
        blocking(move || {
            let mut conn = checkout(&pool)?;
            begin_read(&mut conn).map_err(StoreError::from)?;
            finish(&mut conn, query)
        })
        .await
    }

    /// Runs one transaction that may write. Whatever the closure refuses is
    /// rolled back. It is run again, from its start, when it met another
    /// transaction, so it must decide anew from what it reads; after three
    /// times, or ten seconds, the answer is [`StoreError::Busy`].
    pub async fn write<T, E>(
        &self,
        mut change: impl FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Fallible + Send + 'static,
    {
        let pool = self.writers.clone();
        blocking(move || {
            let mut conn = checkout(&pool)?;
            write_on(&mut conn, &mut change)
        })
        .await
    }
}

/// Opens the transaction, refuses to nest, and runs it as often as it takes.
pub(crate) fn write_on<T, E: Fallible>(
    conn: &mut Conn,
    change: &mut impl FnMut(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    if open_depth(conn) != Some(0) {
        return Err(StoreError::Nested.into());
    }
    let started = Instant::now();
    let mut attempt = 1;
    loop {
        let begun_at = Instant::now();
        let begun = begin_write(conn).map_err(|fault| E::from(fault.into()));
        let error = match begun.and_then(|()| finish(conn, &mut *change)) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let limit = match error.store() {
            Some(StoreError::Contended) => ATTEMPTS,
            Some(fault) if fault.is_transient() => ENGINE_ATTEMPTS,
            _ => return Err(error),
        };
        if attempt >= limit || started.elapsed() >= PATIENCE {
            let waited = begun_at.elapsed() >= WAITED;
            return Err(match error.store() {
                Some(fault) if fault.is_a_fault(waited) => error,
                Some(StoreError::Query(met)) => {
                    tracing::warn!(%met, attempt, "a transaction gives up");
                    StoreError::Busy.into()
                }
                _ => StoreError::Busy.into(),
            });
        }
        attempt += 1;
    }
}

/// Commits what succeeded, rolls back what did not.
fn finish<T, E: Fallible>(
    conn: &mut Conn,
    run: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    match run(conn) {
        Ok(answer) => {
            commit(conn).map_err(StoreError::from)?;
            Ok(answer)
        }
        Err(error) => {
            // A rollback that fails leaves the connection broken; the pool then closes it, which rolls back.
            if let Err(fault) = rollback(conn) {
                tracing::warn!(%fault, "rollback failed");
            }
            Err(error)
        }
    }
}

fn pool(target: &Target, purpose: Purpose, size: u32) -> Result<r2d2::Pool<Manager>, StoreError> {
    r2d2::Pool::builder()
        .max_size(size.max(1))
        .min_idle(Some(1))
        .test_on_check_out(target.engine == Engine::Postgres)
        .connection_timeout(CHECKOUT)
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build(Manager {
            target: target.clone(),
            purpose,
        })
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn checkout(pool: &r2d2::Pool<Manager>) -> Result<r2d2::PooledConnection<Manager>, StoreError> {
    pool.get()
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Runs blocking work off the async threads.
async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(fault) => Err(StoreError::Unavailable(fault.to_string()).into()),
    }
}
