//! [`StatementCounts`]: how many statements each operation has sent to the database.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use diesel::connection::InstrumentationEvent;

use crate::operation::Operation;

/// The name of what no operation does.
const NO_OPERATION: &str = "other";

thread_local! {
    /// The statements that this thread has sent.
    static SENT: Cell<u64> = const { Cell::new(0) };
    /// Whether this thread works for an operation.
    static IN_OPERATION: Cell<bool> = const { Cell::new(false) };
}

/// Counts the statements of a connection; diesel calls it. BEGIN, COMMIT and the preparation of a
/// statement count too: each is a round trip.
pub(crate) fn count_statement(event: InstrumentationEvent<'_>) {
    if matches!(
        event,
        InstrumentationEvent::StartQuery { .. } | InstrumentationEvent::CacheQuery { .. }
    ) {
        SENT.set(SENT.get().wrapping_add(1));
    }
}

/// Whether the statements of this thread are those of an operation.
#[cfg(feature = "testing")]
pub(crate) fn is_in_operation() -> bool {
    IN_OPERATION.get()
}

/// The statements of each operation since the start.
#[derive(Debug, Default)]
pub(crate) struct StatementCounts(Mutex<BTreeMap<&'static str, u64>>);

impl StatementCounts {
    /// Runs work on this thread, and adds the statements that it sends to those of `operation`.
    pub(crate) fn count<T>(&self, operation: Option<Operation>, work: impl FnOnce() -> T) -> T {
        let before = SENT.get();
        IN_OPERATION.set(operation.is_some());
        let result = work();
        IN_OPERATION.set(false);
        let sent = SENT.get().wrapping_sub(before);
        let name = operation.map_or(NO_OPERATION, |operation| operation.name);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(name).or_default() += sent;
        result
    }

    /// The counts by the names of the operations.
    pub(crate) fn all(&self) -> BTreeMap<&'static str, u64> {
        let counts = self.0.lock();
        counts.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
