//! What an audit finds wrong, and the query that finds it.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use qlive_store::{Conn, StoreError, TransactionError};

/// The first violation that an audit found: which row breaks which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(pub String);

/// Why an audit did not end with a report.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A rule is broken.
    #[error("{}", .0.0)]
    Violation(Violation),
    /// The audit could not be completed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Violation> for AuditError {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<diesel::result::Error> for AuditError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl TransactionError for AuditError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Violation(_) => None,
        }
    }
}

#[derive(QueryableByName)]
struct ViolationRow {
    #[diesel(sql_type = Text)]
    what: String,
}

/// Runs the query of an audit rule. It selects the rows that break the rule, each as one text
/// column `what` that names the row; the first is the violation.
///
/// # Errors
/// A failure of the store.
pub fn find_violation(conn: &mut Conn, rule: &str) -> Result<Option<Violation>, StoreError> {
    let row: Option<ViolationRow> = sql_query(rule).get_result(conn).optional()?;
    Ok(row.map(|row| Violation(row.what)))
}
