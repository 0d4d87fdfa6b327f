//! The audit: the rules of the ledger, then those of the crates that post to it.

use qlive_ledger::{AuditError, AuditReport};

use crate::services::Services;

impl Services {
    /// Checks every row of the ledger, then the gifts, orders, refunds and withdrawals against it,
    /// in one snapshot of the database.
    ///
    /// # Errors
    /// [`AuditError::Violation`] with the first violation found.
    pub async fn audit(&self) -> Result<AuditReport, AuditError> {
        self.db
            .read(|conn| {
                let audit = qlive_ledger::audit(conn)?;
                if let Some(violation) = qlive_gifts::audit(conn)? {
                    return Err(AuditError::Violation(violation));
                }
                if let Some(violation) = qlive_payments::find_ledger_violation(conn)? {
                    return Err(AuditError::Violation(violation));
                }
                Ok(audit)
            })
            .await
    }
}
