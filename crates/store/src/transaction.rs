//! Beginning and ending transactions on a [`Conn`].

use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, TransactionManager as _, TransactionManagerStatus,
};

use crate::Conn;

/// How many transactions are open on a connection; `None` when the connection is broken.
pub(crate) fn transaction_depth(conn: &mut Conn) -> Option<u32> {
    fn depth(status: &TransactionManagerStatus) -> Option<u32> {
        let depth = status.transaction_depth().ok()?;
        Some(depth.map_or(0, std::num::NonZeroU32::get))
    }
    match conn {
        Conn::Pg(conn) => depth(AnsiTransactionManager::transaction_manager_status_mut(conn)),
        Conn::Sqlite(conn) => depth(AnsiTransactionManager::transaction_manager_status_mut(conn)),
    }
}

/// Begins a transaction that may write. On SQLite it takes the write lock at once: a transaction
/// that has read cannot always get it later.
pub(crate) fn begin_write(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Pg(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN"),
        Conn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
    }
}

/// Begins a transaction whose queries all read the same snapshot.
pub(crate) fn begin_read(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Pg(conn) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN"),
    }
}

/// Commits the open transaction.
pub(crate) fn commit(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Pg(conn) => AnsiTransactionManager::commit_transaction(conn),
        Conn::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn),
    }
}

/// Rolls the open transaction back.
pub(crate) fn rollback(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Pg(conn) => AnsiTransactionManager::rollback_transaction(conn),
        Conn::Sqlite(conn) => AnsiTransactionManager::rollback_transaction(conn),
    }
}
