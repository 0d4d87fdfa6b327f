//! What can go wrong at the database, and which of it is worth another try.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// A failure of the store. Its text is for the log, never for a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database URL has no scheme we know.
    #[error(
        "the database URL must be sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME, with anything special in the password percent-encoded"
    )]
    Url,
    /// No connection could be had in time.
    #[error("no database connection: {0}")]
    Unavailable(String),
    /// Somebody else changed the rows that this transaction had read. Tried again by [`crate::Db::write`].
    #[error("the rows changed underneath")]
    Contended,
    /// [`StoreError::Contended`] or a serialization failure, as often as we try.
    #[error("too many others change the same rows")]
    Busy,
    /// A write was opened inside another.
    #[error("a transaction is already open")]
    Nested,
    /// The database has migrations that this program does not know.
    #[error("the database is newer than this program: it has migration {0}; run the newer program")]
    Newer(String),
    /// A migration failed.
    #[error("migration failed: {0}")]
    Migration(String),
    /// A stored value that no code of ours writes.
    #[error("unreadable row: {0}")]
    Corrupt(&'static str),
    /// Anything else that the database answered.
    #[error(transparent)]
    Query(#[from] Diesel),
}

impl StoreError {
    /// Whether the whole transaction may succeed when it is run again.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Contended => true,
            Self::Query(Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            // Deadlocks, lock timeouts and a locked file have no kind of their own in diesel, and their text is in the server's language.
            Self::Query(Diesel::DatabaseError(DatabaseErrorKind::Unknown, _)) => true,
            _ => false,
        }
    }

    /// Whether there is more to say than "busy" when it did not succeed however often it was run. Whoever
    /// waited met somebody, in whatever language the server says so; a fault answers at once.
    pub(crate) fn is_a_fault(&self, waited: bool) -> bool {
        match self {
            Self::Query(Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)) => {
                !waited
                    && !["deadlock", "locked", "lock timeout"]
                        .iter()
                        .any(|met| info.message().contains(met))
            }
            _ => false,
        }
    }
}

/// An error type that a closure for [`crate::Db::read`] or [`crate::Db::write`] may answer.
pub trait Fallible: From<StoreError> {
    /// The store's failure, when this is one.
    fn store(&self) -> Option<&StoreError>;
}

impl Fallible for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// Reads a broken unique or foreign key as contention: the row was there, or
/// gone, only since we looked, so the transaction is run again from its start.
pub fn or_contended<T>(result: diesel::QueryResult<T>) -> Result<T, StoreError> {
    result.map_err(|error| match error {
        Diesel::DatabaseError(
            DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ForeignKeyViolation,
            _,
        ) => StoreError::Contended,
        other => StoreError::Query(other),
    })
}
