//! What a failed query says about the database. The only place where failures are classified.

use std::time::Duration;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use crate::connection::Access;
use crate::{Engine, StoreError, TransactionError};

/// How long a statement waits for a lock. A statement that failed after this time failed because it
/// waited: other failures come at once, and PostgreSQL finds a deadlock after one second.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// What a failed query says about the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The engine ended the transaction because of another one. It may run again.
    Conflict,
    /// A conflict or an outage: what the engine says about it depends on the server's language. It
    /// may run again; when that does not help, the database is not available.
    Unclear,
    /// The database cannot do now what it is asked: it is unreachable, stopping, full or read-only,
    /// or a lock was not free in time.
    Unavailable,
    /// The query or a row is wrong.
    Fault,
}

/// Where a query failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) engine: Engine,
    pub(crate) access: Access,
    /// How long the transaction had run.
    pub(crate) after: Duration,
}

/// Classifies a failed query.
pub(crate) fn classify(error: &DieselError, place: Place) -> Failure {
    match error {
        DieselError::DatabaseError(kind, info) => classify_kind(kind, &**info, place),
        DieselError::BrokenTransactionManager => Failure::Unavailable,
        DieselError::RollbackErrorOnCommit { commit_error, .. } => classify(commit_error, place),
        _ => Failure::Fault,
    }
}

fn classify_kind(
    kind: &DatabaseErrorKind,
    info: &dyn DatabaseErrorInformation,
    place: Place,
) -> Failure {
    match kind {
        DatabaseErrorKind::SerializationFailure => Failure::Conflict,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
            Failure::Unavailable
        }
        DatabaseErrorKind::ReadOnlyTransaction => unless_reading(place),
        // Whatever diesel has no kind for.
        DatabaseErrorKind::Unknown => match place.engine {
            _ if info.message().contains("deadlock") => Failure::Conflict,
            _ if place.after >= LOCK_TIMEOUT => Failure::Unavailable,
            Engine::Sqlite => classify_sqlite(info.message(), place),
            Engine::Postgres => classify_postgres(info),
        },
        _ => Failure::Fault,
    }
}

/// The texts of SQLite are always English.
fn classify_sqlite(message: &str, place: Place) -> Failure {
    let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if says(&["locked"]) {
        Failure::Unclear
    } else if says(&[
        "disk is full",
        "disk I/O error",
        "unable to open database file",
    ]) {
        Failure::Unavailable
    } else if says(&["readonly database"]) {
        unless_reading(place)
    } else {
        Failure::Fault
    }
}

/// The texts of PostgreSQL depend on its language, and diesel hides the code of the error. What is
/// wrong in a statement has a position in it; a full disk, a server that stops and a deadlock have
/// none.
fn classify_postgres(info: &dyn DatabaseErrorInformation) -> Failure {
    let message = info.message();
    if message.contains("lock timeout") {
        return Failure::Unavailable;
    }
    // The text of our own triggers, and faults of the setup or of the input that have no position.
    let is_refused = [
        "insert-only",
        "permission denied",
        "invalid byte sequence",
        "out of range",
    ]
    .iter()
    .any(|text| message.contains(text));
    if is_refused || info.statement_position().is_some() {
        Failure::Fault
    } else {
        Failure::Unclear
    }
}

/// A write in a transaction that only reads is a fault of ours; otherwise the database is
/// read-only.
fn unless_reading(place: Place) -> Failure {
    match place.access {
        Access::ReadWrite => Failure::Unavailable,
        Access::ReadOnly => Failure::Fault,
    }
}

/// The failure of the query that ended a transaction; `None` when something else ended it.
pub(crate) fn failure_of<E: TransactionError>(error: &E, place: Place) -> Option<Failure> {
    match error.store_error() {
        Some(StoreError::Query(failed)) => Some(classify(failed, place)),
        _ => None,
    }
}

/// The same error, as [`StoreError::Unavailable`] when the database was not available.
pub(crate) fn name_outage<E: TransactionError>(error: E, place: Place) -> E {
    match (error.store_error(), failure_of(&error, place)) {
        // A conflict is left only when nothing repeats the transaction, as in a read.
        (Some(cause), Some(Failure::Unavailable | Failure::Unclear | Failure::Conflict)) => {
            StoreError::Unavailable(cause.to_string()).into()
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of PostgreSQL, perhaps with a position in the statement.
    struct Info(&'static str, Option<i32>);

    impl DatabaseErrorInformation for Info {
        fn message(&self) -> &str {
            self.0
        }
        fn details(&self) -> Option<&str> {
            None
        }
        fn hint(&self) -> Option<&str> {
            None
        }
        fn table_name(&self) -> Option<&str> {
            None
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            None
        }
        fn statement_position(&self) -> Option<i32> {
            self.1
        }
    }

    fn unknown(message: &'static str, position: Option<i32>) -> DieselError {
        DieselError::DatabaseError(
            DatabaseErrorKind::Unknown,
            Box::new(Info(message, position)),
        )
    }

    const fn place(engine: Engine, access: Access, secs: u64) -> Place {
        Place {
            engine,
            access,
            after: Duration::from_secs(secs),
        }
    }

    const PG_WRITE: Place = place(Engine::Postgres, Access::ReadWrite, 0);
    const SQLITE_WRITE: Place = place(Engine::Sqlite, Access::ReadWrite, 0);

    #[test]
    fn message_of_postgres_is_classified_in_any_language() {
        let cases = [
            ("deadlock detected", None, Failure::Conflict),
            (
                "canceling statement due to lock timeout",
                Some(15),
                Failure::Unavailable,
            ),
            (
                "could not extend file: No space left on device",
                None,
                Failure::Unclear,
            ),
            ("设备上没有空间", None, Failure::Unclear),
            ("syntax error at or near \"NOT\"", Some(1), Failure::Fault),
            ("语法错误", Some(1), Failure::Fault),
            (
                "the ledger is insert-only: UPDATE on ledger_entries",
                None,
                Failure::Fault,
            ),
        ];
        for (message, position, failure) in cases {
            assert_eq!(
                classify(&unknown(message, position), PG_WRITE),
                failure,
                "{message}"
            );
        }
    }

    #[test]
    fn message_of_sqlite_is_classified() {
        let cases = [
            ("database is locked", Failure::Unclear),
            ("database or disk is full", Failure::Unavailable),
            ("disk I/O error", Failure::Unavailable),
            ("unable to open database file", Failure::Unavailable),
            ("attempt to write a readonly database", Failure::Unavailable),
            ("near \"NOT\": syntax error", Failure::Fault),
            ("database disk image is malformed", Failure::Fault),
        ];
        for (message, failure) in cases {
            assert_eq!(
                classify(&unknown(message, None), SQLITE_WRITE),
                failure,
                "{message}"
            );
        }
    }

    #[test]
    fn failure_after_the_lock_timeout_was_a_wait_in_any_language() {
        for engine in [Engine::Postgres, Engine::Sqlite] {
            let late = place(engine, Access::ReadOnly, 3);
            let error = unknown("锁超时", Some(15));
            assert_eq!(classify(&error, late), Failure::Unavailable);
        }
    }

    #[test]
    fn write_while_reading_is_a_fault_and_a_read_only_database_an_outage() {
        let kind = |kind| DieselError::DatabaseError(kind, Box::new(Info("x", None)));
        let refused = || kind(DatabaseErrorKind::ReadOnlyTransaction);
        let reading = place(Engine::Postgres, Access::ReadOnly, 0);
        assert_eq!(classify(&refused(), PG_WRITE), Failure::Unavailable);
        assert_eq!(classify(&refused(), reading), Failure::Fault);
        for broken in [
            DatabaseErrorKind::ClosedConnection,
            DatabaseErrorKind::UnableToSendCommand,
        ] {
            assert_eq!(classify(&kind(broken), reading), Failure::Unavailable);
        }
        let unique = kind(DatabaseErrorKind::UniqueViolation);
        assert_eq!(classify(&unique, PG_WRITE), Failure::Fault);
    }
}
