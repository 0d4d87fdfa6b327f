//! Failures of the database, and which of them are worth another attempt.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failure of the database. Its text is for the log, not for clients.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database URL cannot be parsed.
    #[error(
        "the database URL must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME, \
         with special characters of the password percent-encoded"
    )]
    InvalidUrl,
    /// No connection or lock was free in time, or the database is unreachable, stopping, full or
    /// read-only.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Another transaction changed the rows that this one had read. `Db::write` runs the
    /// transaction again.
    #[error("another transaction changed the same rows")]
    Contended,
    /// Every attempt of a transaction conflicted with others.
    #[error("too many transactions change the same rows")]
    Busy,
    /// A write transaction was begun inside another transaction.
    #[error("a transaction is already open")]
    Nested,
    /// The database lacks a migration of this program; holds its version.
    #[error("the database schema lacks migration {0}; run `qlive-server migrate`")]
    Outdated(String),
    /// The database has a migration that this program does not know; holds its version.
    #[error("the database has migration {0}, unknown to this program; run a newer program")]
    Newer(String),
    /// A migration failed.
    #[error("migration failed: {0}")]
    Migration(String),
    /// A stored value that this program never writes; names the column.
    #[error("unreadable row: {0}")]
    Corrupt(&'static str),
    /// Any other error of a query.
    #[error(transparent)]
    Query(#[from] DieselError),
}

/// An error type of a closure for `Db::read` or `Db::write`.
pub trait TransactionError: From<StoreError> {
    /// The database failure in this error, if it is one.
    fn store_error(&self) -> Option<&StoreError>;
}

impl TransactionError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// Turns the violation of a unique or foreign key into [`StoreError::Contended`]: another
/// transaction inserted or deleted the row after this one had looked for it.
///
/// # Errors
/// The error of the query, converted.
pub fn key_violation_as_contention<T>(result: diesel::QueryResult<T>) -> Result<T, StoreError> {
    result.map_err(|error| match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ForeignKeyViolation,
            _,
        ) => StoreError::Contended,
        other => StoreError::Query(other),
    })
}
