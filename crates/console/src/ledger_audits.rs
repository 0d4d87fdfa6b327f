//! [`LedgerAuditLog`]: whether this process audits the ledger. An audit reads everything, so one
//! runs at a time. What it found is in the database.

use std::sync::{Mutex, MutexGuard, PoisonError};

use qlive_types::Moment;

/// The audits of this process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LedgerAudits {
    /// Since when one runs.
    pub(crate) running: Option<Moment>,
    /// When the last one ended without a result, because the database failed.
    pub(crate) failed: Option<Moment>,
}

/// The audits of this process, for all requests.
#[derive(Debug, Default)]
pub(crate) struct LedgerAuditLog(Mutex<LedgerAudits>);

impl LedgerAuditLog {
    pub(crate) fn get(&self) -> LedgerAudits {
        *self.lock()
    }

    /// Whether an audit may begin; then it has.
    pub(crate) fn begin(&self, now: Moment) -> bool {
        let mut audits = self.lock();
        let is_free = audits.running.is_none();
        audits.running.get_or_insert(now);
        is_free
    }

    /// `failed`: when it ended without a result.
    pub(crate) fn end(&self, failed: Option<Moment>) {
        *self.lock() = LedgerAudits {
            running: None,
            failed,
        };
    }

    fn lock(&self) -> MutexGuard<'_, LedgerAudits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
