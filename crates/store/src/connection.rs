//! Connections: the two-armed [`Conn`], and the manager that opens the arm which the URL names.

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
use diesel::{Connection as _, MultiConnection, PgConnection, SqliteConnection};

use crate::StoreError;

/// A connection to either database. Queries written against it are the common subset of both.
#[derive(MultiConnection)]
pub enum Conn {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite, bundled.
    Sqlite(SqliteConnection),
}

/// Which database a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

/// What a connection is for. SQLite has one writer and several readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Write,
    Read,
}

/// How long PostgreSQL's client waits for a connection, in seconds, and for a server's
/// word that it got what was sent, in milliseconds.
const BOUNDS: [(&str, &str); 2] = [("connect_timeout", "5"), ("tcp_user_timeout", "15000")];

/// Where the database is. Holds a password, hence no `Debug`.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) engine: Engine,
    address: String,
}

impl Target {
    /// Reads `sqlite://path` or `postgres://…`. A path without a scheme is
    /// refused, so that a slip of the pen never makes an empty database.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url
            .strip_prefix("sqlite://")
            .filter(|path| !path.is_empty())
        {
            return Ok(Self {
                engine: Engine::Sqlite,
                address: path.to_owned(),
            });
        }
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"));
        if rest.is_some_and(is_well_formed) {
            return Ok(Self {
                engine: Engine::Postgres,
                address: url.to_owned(),
            });
        }
        Err(StoreError::Url)
    }

    pub(crate) fn connect(&self, purpose: Purpose) -> Result<Conn, diesel::r2d2::Error> {
        let mut conn = match self.engine {
            Engine::Postgres => PgConnection::establish(&patient(&self.address)).map(Conn::Pg),
            Engine::Sqlite => SqliteConnection::establish(&self.address).map(Conn::Sqlite),
        }
        .map_err(diesel::r2d2::Error::ConnectionError)?;
        conn.batch_execute(initial_sql(self.engine, purpose))
            .map_err(diesel::r2d2::Error::QueryError)?;
        Ok(conn)
    }
}

/// The address with bounds for a server that vanished without a word. What it says itself wins.
fn patient(address: &str) -> String {
    let (mut address, query) = (
        address.to_owned(),
        address.split_once('?').map_or("", |(_, query)| query),
    );
    let said = |key: &str| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(key))
    };
    let missing = BOUNDS
        .iter()
        .filter(|(key, _)| !said(key))
        .map(|(key, value)| format!("{key}={value}"));
    for pair in missing {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(&pair);
    }
    address
}

/// Whether user and password are encoded as a URL wants. The client library
/// quotes what it cannot read in its error, and with it the password.
fn is_well_formed(rest: &str) -> bool {
    let address = rest.split('?').next().unwrap_or_default();
    let (authority, path) = address.split_once('/').unwrap_or((address, ""));
    let hex = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
    let bytes = authority.as_bytes();
    let encoded = bytes
        .iter()
        .enumerate()
        .all(|(at, b)| *b != b'%' || (hex(bytes.get(at + 1)) && hex(bytes.get(at + 2))));
    encoded && authority.matches('@').count() <= 1 && !path.contains('@')
}

const fn initial_sql(engine: Engine, purpose: Purpose) -> &'static str {
    match (engine, purpose) {
        // Rows are held for milliseconds. Whoever holds one longer hangs, or is gone and will not say so:
        // the server then takes it from him, and nobody waits for it with a connection in his hand.
        (Engine::Postgres, _) => {
            "SET synchronous_commit = on; SET client_min_messages = warning; SET lock_timeout = '5s'; \
             SET idle_in_transaction_session_timeout = '30s'; SET tcp_keepalives_idle = 30; \
             SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
        }
        (Engine::Sqlite, Purpose::Write) => {
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; \
             PRAGMA recursive_triggers = ON"
        }
        (Engine::Sqlite, Purpose::Read) => {
            "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA query_only = ON"
        }
    }
}

/// Opens pooled connections for one purpose.
pub(crate) struct Manager {
    pub(crate) target: Target,
    pub(crate) purpose: Purpose,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        self.target.connect(self.purpose)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.batch_execute("SELECT 1")
            .map_err(diesel::r2d2::Error::QueryError)
    }

    /// A connection dropped by a panic, or left inside a transaction, is closed: that rolls back.
    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || open_depth(conn) != Some(0)
    }
}

/// How many transactions are open on a connection; `None` when it is broken.
pub(crate) fn open_depth(conn: &mut Conn) -> Option<u32> {
    use diesel::connection::TransactionManagerStatus;
    fn depth(status: &TransactionManagerStatus) -> Option<u32> {
        status
            .transaction_depth()
            .ok()
            .map(|depth| depth.map_or(0, std::num::NonZeroU32::get))
    }
    match conn {
        Conn::Pg(conn) => depth(AnsiTransactionManager::transaction_manager_status_mut(conn)),
        Conn::Sqlite(conn) => depth(AnsiTransactionManager::transaction_manager_status_mut(conn)),
    }
}

/// Opens a transaction that may write: on SQLite it takes the write lock at
/// once, since a read lock cannot be made a write lock later without failing.
pub(crate) fn begin_write(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN"),
        Conn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
    }
}

/// Opens a transaction whose queries all see the same moment.
pub(crate) fn begin_read(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(conn) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN"),
    }
}

pub(crate) fn commit(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(conn) => AnsiTransactionManager::commit_transaction(conn),
        Conn::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn),
    }
}

pub(crate) fn rollback(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(conn) => AnsiTransactionManager::rollback_transaction(conn),
        Conn::Sqlite(conn) => AnsiTransactionManager::rollback_transaction(conn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_names_the_engine() {
        assert_eq!(
            Target::parse("sqlite://a.db").unwrap().engine,
            Engine::Sqlite
        );
        assert_eq!(
            Target::parse("postgres://h/d").unwrap().engine,
            Engine::Postgres
        );
        for wrong in [
            "",
            "qlive.db",
            "sqlite://",
            "mysql://h/d",
            "Sqlite://a",
            "postgres://u:100%sure@h/d",
            "postgres://u:pa/ss@h/d",
            "postgres://u:p@ss@h/d",
        ] {
            assert!(
                matches!(Target::parse(wrong), Err(StoreError::Url)),
                "{wrong}"
            );
        }
    }
}
