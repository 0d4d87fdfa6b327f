//! The database: one [`Db`] over SQLite and PostgreSQL, selected by the scheme of the URL.
//!
//! Architecture invariants: nothing here knows the domain; every transaction of the program is
//! opened by [`Db::read`] or [`Db::write`]; SQL runs on the blocking pool, never on an async
//! thread.

mod address;
pub mod audit_log;
mod by_time;
mod connection;
mod connection_permits;
mod counting;
mod db;
mod engine;
mod environment;
mod error;
mod failure;
mod grouped_read;
mod last_seen;
mod migrations;
pub mod operation;
mod operator;
mod pool;
mod readiness;
mod recent;
mod rows;
pub mod schema;
mod serialized_transactions;
mod session_check;
mod sqlite_files;
mod statement_counts;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
pub mod worker;

pub use by_time::{end_before, first_since};
pub use connection::Conn;
pub use counting::count_up_to;
pub use db::Db;
pub use engine::Engine;
pub use error::{StoreError, TransactionError, key_violation_as_contention};
pub use grouped_read::{Found, GroupedRead};
pub use last_seen::{LastSeen, LastSeenWorker, Seen};
pub use operator::{EmptyOperatorName, OperatorName};
pub use readiness::NotReady;
pub use recent::Recent;
pub use rows::{Column, Columns, insert_rows, insert_rows_returning_ids, update_rows};
pub use serialized_transactions::serialize_transactions;
pub use session_check::find_session_faults;

// Both client libraries are compiled from source; these dependencies only select that feature.
use libsqlite3_sys as _;
use pq_sys as _;

/// A filter for the rows whose column is outside of a range of moments, first and last. Unlike
/// `NOT BETWEEN`, it is found by an index.
///
/// `outside!(members::invited_until, now.running(wait))`
#[macro_export]
macro_rules! outside {
    ($column:expr, $range:expr) => {{
        let (first, last): (i64, i64) = $range;
        $column.lt(first).or($column.gt(last))
    }};
}
