//! Whether the database can serve: it answers, has the migrations and takes a write.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use tokio::sync::Mutex;

use crate::address::DatabaseAddress;
use crate::connection::{Access, connect};
use crate::failure::{Failure, Place, classify};
use crate::{Conn, Engine, StoreError, migrations};

/// How long a check may take. A database that needs longer is not ready.
const LIMIT: Duration = Duration::from_millis(1_500);
/// How long the result of a check is shared.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// The least time between two writes. A write that failed is repeated at the next check.
const WRITE_INTERVAL: Duration = Duration::from_secs(5);
/// How long another transaction may keep the check from writing. Nothing else is written then
/// either, so after that the database is not ready.
const LONGEST_WRITER: Duration = Duration::from_secs(10);

/// The write. It always updates the same row, with a new value.
const WRITE: &str = "INSERT INTO readiness_checks (id, checks) VALUES (1, 1) \
    ON CONFLICT (id) DO UPDATE SET checks = readiness_checks.checks + 1";

/// The part that keeps an instance from serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    #[error("the database does not answer")]
    Database,
    #[error("the database lacks a migration of this program")]
    Migrations,
    #[error("the database takes no write")]
    Writes,
}

impl NotReady {
    /// The name of the part in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Migrations => "migrations",
            Self::Writes => "writes",
        }
    }
}

/// Checks with a connection of its own. Clones share it.
#[derive(Clone)]
pub(crate) struct Readiness(Arc<Mutex<Checker>>);

/// The connection, and the results that are shared.
struct Checker {
    address: DatabaseAddress,
    conn: Option<Conn>,
    last: Option<(Instant, Result<(), NotReady>)>,
    /// When a write last succeeded; until one does, when it was first tried.
    written_at: Option<Instant>,
    /// Whether the next check writes before the interval ends.
    write_is_due: bool,
}

impl Readiness {
    pub(crate) fn new(address: DatabaseAddress) -> Self {
        Self(Arc::new(Mutex::new(Checker {
            address,
            conn: None,
            last: None,
            written_at: None,
            write_is_due: true,
        })))
    }

    /// Checks, or returns the result of a check that was made a moment ago.
    pub(crate) async fn check(&self) -> Result<(), NotReady> {
        let checker = Arc::clone(&self.0);
        let check = async {
            // A check that hangs keeps the lock, so at most one thread hangs.
            let mut checker = checker.lock_owned().await;
            if let Some((at, result)) = checker.last
                && at.elapsed() < SHARED_FOR
            {
                return result;
            }
            let checked = tokio::task::spawn_blocking(move || {
                let result = checker.check();
                checker.last = Some((Instant::now(), result));
                result
            });
            checked.await.unwrap_or(Err(NotReady::Database))
        };
        match tokio::time::timeout(LIMIT, check).await {
            Ok(result) => result,
            Err(_) => Err(NotReady::Database),
        }
    }
}

impl Checker {
    /// Checks with the open connection. One that broke since the last check is replaced once.
    fn check(&mut self) -> Result<(), NotReady> {
        if let Some(conn) = self.conn.take() {
            let result = self.check_with(conn);
            if result != Err(NotReady::Database) {
                return result;
            }
        }
        let Ok(conn) = connect_for_checks(&self.address) else {
            return Err(NotReady::Database);
        };
        self.check_with(conn)
    }

    fn check_with(&mut self, mut conn: Conn) -> Result<(), NotReady> {
        let result = check_migrations(&mut conn).and_then(|()| self.check_write(&mut conn));
        if result != Err(NotReady::Database) {
            self.conn = Some(conn);
        }
        result
    }

    fn check_write(&mut self, conn: &mut Conn) -> Result<(), NotReady> {
        let written_at = *self.written_at.get_or_insert_with(Instant::now);
        if !self.write_is_due && written_at.elapsed() < WRITE_INTERVAL {
            return Ok(());
        }
        let started = Instant::now();
        let written = conn.batch_execute(WRITE);
        let place = Place {
            engine: self.address.engine,
            access: Access::ReadWrite,
            after: started.elapsed(),
        };
        self.write_is_due = written.is_err();
        let Err(error) = written else {
            self.written_at = Some(Instant::now());
            return Ok(());
        };
        let is_blocked = is_lock(&error) || classify(&error, place) == Failure::Conflict;
        if is_blocked && written_at.elapsed() < LONGEST_WRITER {
            return Ok(());
        }
        tracing::warn!(%error, "the check of readiness cannot write");
        if conn.batch_execute("SELECT 1").is_err() {
            return Err(NotReady::Database);
        }
        Err(NotReady::Writes)
    }
}

/// Whether another transaction held the lock. In the language of the server; in another one the
/// check fails, which repeats it.
fn is_lock(error: &diesel::result::Error) -> bool {
    let text = error.to_string();
    text.contains("locked") || text.contains("lock timeout")
}

/// A database with a migration that is newer than this program is ready: while instances are
/// updated one after the other, the older ones go on.
fn check_migrations(conn: &mut Conn) -> Result<(), NotReady> {
    match migrations::check_applied(conn) {
        Ok(()) | Err(StoreError::Newer(_)) => Ok(()),
        Err(StoreError::Outdated(_)) => Err(NotReady::Migrations),
        Err(error) => {
            tracing::warn!(%error, "the check of readiness cannot read");
            Err(NotReady::Database)
        }
    }
}

fn connect_for_checks(address: &DatabaseAddress) -> Result<Conn, diesel::r2d2::Error> {
    let mut conn = connect(address, Access::ReadWrite)?;
    let limits = match address.engine {
        Engine::Postgres => "SET lock_timeout = '300ms'; SET statement_timeout = '1s'",
        Engine::Sqlite => "PRAGMA busy_timeout = 300",
    };
    conn.batch_execute(limits)
        .map_err(diesel::r2d2::Error::QueryError)?;
    Ok(conn)
}
