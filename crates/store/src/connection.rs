//! Connections to either engine.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, MultiConnection, PgConnection, SqliteConnection};

use crate::Engine;
use crate::address::DatabaseAddress;
use crate::statement_counts::count_statement;

/// A connection to either engine. Queries on it use only the SQL that both engines understand.
#[derive(MultiConnection)]
pub enum Conn {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite, linked into the program.
    Sqlite(SqliteConnection),
}

/// What a connection is used for. SQLite has one writing connection and several reading ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    ReadWrite,
    ReadOnly,
}

/// Connects and sets the session up.
pub(crate) fn connect(
    address: &DatabaseAddress,
    access: Access,
) -> Result<Conn, diesel::r2d2::Error> {
    let connected = match address.engine {
        Engine::Postgres => PgConnection::establish(&address.location).map(Conn::Pg),
        Engine::Sqlite => SqliteConnection::establish(&address.location).map(Conn::Sqlite),
    };
    let mut conn = connected.map_err(diesel::r2d2::Error::ConnectionError)?;
    conn.set_instrumentation(count_statement);
    #[cfg(feature = "testing")]
    if address.engine == Engine::Postgres {
        conn.set_instrumentation(crate::testing::record_statement);
    }
    conn.batch_execute(session_sql(address.engine, access))
        .map_err(diesel::r2d2::Error::QueryError)?;
    Ok(conn)
}

/// The statements that set a session up. A statement waits [`crate::failure::LOCK_TIMEOUT`] for a
/// lock.
const fn session_sql(engine: Engine, access: Access) -> &'static str {
    match (engine, access) {
        // A stronger `synchronous_commit` than `on`, for replicas, is kept.
        //
        // To compile a statement, to plan it for each of its parameters and to start workers for it
        // takes longer than to execute it. The tests check the plans without parameters.
        //
        // Transactions take milliseconds. One that holds its locks for longer hangs, or its client
        // is unreachable: the timeouts make the server end it, and keep other transactions from
        // waiting for it, each with a connection of the pool.
        (Engine::Postgres, _) => {
            "SELECT set_config('synchronous_commit', 'on', FALSE) \
                 WHERE current_setting('synchronous_commit') = 'off'; \
             SET jit = off; \
             SET plan_cache_mode = force_generic_plan; \
             SET max_parallel_workers_per_gather = 0; \
             SET client_min_messages = warning; \
             SET lock_timeout = '3s'; \
             SET idle_in_transaction_session_timeout = '30s'; \
             SET tcp_keepalives_idle = 30; \
             SET tcp_keepalives_interval = 10; \
             SET tcp_keepalives_count = 3"
        }
        (Engine::Sqlite, Access::ReadWrite) => {
            "PRAGMA busy_timeout = 3000; \
             PRAGMA journal_mode = WAL; \
             PRAGMA foreign_keys = ON; \
             PRAGMA synchronous = FULL; \
             PRAGMA recursive_triggers = ON"
        }
        (Engine::Sqlite, Access::ReadOnly) => {
            "PRAGMA busy_timeout = 3000; \
             PRAGMA foreign_keys = ON; \
             PRAGMA query_only = ON"
        }
    }
}
