//! [`LedgerAuditLog`]: whether the ledger is being audited, and what the last audit found. An audit
//! reads everything, so one runs at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use qlive_ledger::AuditReport;
use qlive_types::Moment;

/// What an audit found.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Agrees(AuditReport),
    /// What is wrong.
    Violated(String),
    /// The database failed.
    Failed,
}

/// The audits of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct LedgerAudits {
    /// Since when one runs.
    pub(crate) running: Option<Moment>,
    /// When the last one ended, and what it found.
    pub(crate) last: Option<(Moment, Outcome)>,
}

/// The audits of this process, for all requests.
#[derive(Debug, Default)]
pub(crate) struct LedgerAuditLog(Mutex<LedgerAudits>);

impl LedgerAuditLog {
    pub(crate) fn get(&self) -> LedgerAudits {
        self.lock().clone()
    }

    /// Whether an audit may begin; then it has.
    pub(crate) fn begin(&self, now: Moment) -> bool {
        let mut audits = self.lock();
        let is_free = audits.running.is_none();
        audits.running.get_or_insert(now);
        is_free
    }

    pub(crate) fn end(&self, now: Moment, outcome: Outcome) {
        *self.lock() = LedgerAudits {
            running: None,
            last: Some((now, outcome)),
        };
    }

    fn lock(&self) -> MutexGuard<'_, LedgerAudits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
