//! The audit: the rules of the ledger, then those of the crates that post to it.

use qlive_ledger::{AuditError, AuditReport};
use qlive_store::StoreError;
use qlive_types::Moment;
use serde::{Deserialize, Serialize};

use crate::services::Services;

/// The name of the last audit among what was last seen.
const LAST_AUDIT: &str = "audit";

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditResult {
    /// Every rule holds.
    Agrees {
        entries: i64,
        transfers: i64,
        /// The last hash of the chain.
        chain_head: String,
    },
    /// The first rule that does not hold, and where.
    Violated(String),
}

impl AuditResult {
    /// `None` when the audit did not end.
    fn of(audited: &Result<AuditReport, AuditError>) -> Option<Self> {
        match audited {
            Ok(report) => Some(Self::Agrees {
                entries: report.entries,
                transfers: report.transfers,
                chain_head: report.chain_head.clone(),
            }),
            Err(AuditError::Violation(violation)) => Some(Self::Violated(violation.0.clone())),
            Err(AuditError::Store(_)) => None,
        }
    }
}

impl Services {
    /// Checks every row of the ledger, then the gifts, orders, refunds and withdrawals against it,
    /// in one snapshot of the database. What it found is stored for [`Services::last_audit`].
    ///
    /// # Errors
    /// [`AuditError::Violation`] with the first violation found.
    pub async fn audit(&self) -> Result<AuditReport, AuditError> {
        let audited = self
            .db
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
            .await;
        if let Some(result) = AuditResult::of(&audited) {
            let detail = serde_json::json!(result).to_string();
            if let Err(error) = self.last_seen.record(LAST_AUDIT, detail).await {
                // What it found counts more than that others can see it.
                tracing::error!(%error, "the result of an audit is not stored");
            }
        }
        audited
    }

    /// The last audit that ended, whoever started it, and when.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_audit(&self) -> Result<Option<(Moment, AuditResult)>, StoreError> {
        let all = self.last_seen.all().await?;
        let Some(seen) = all.into_iter().find(|seen| seen.name == LAST_AUDIT) else {
            return Ok(None);
        };
        let result = serde_json::from_str(&seen.detail);
        let result = result.inspect_err(|error| {
            // Another version of the program wrote it.
            tracing::warn!(%error, "the result of the last audit cannot be read");
        });
        Ok(result.ok().map(|result| (seen.at, result)))
    }
}
