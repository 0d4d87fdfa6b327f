//! Posts an entry: writes its transfers and moves the balances of the users.

use qlive_store::Conn;
use qlive_types::{EntryId, Moment};

use crate::entry::Entry;
use crate::entry_batch::EntryBatch;
use crate::error::LedgerError;

/// Writes an entry and moves the balances of its users, in the caller's transaction: a batch of
/// one.
///
/// # Errors
/// [`LedgerError::InsufficientBalance`] if a balance is smaller than the caller may have read, and
/// [`LedgerError::AmountOutOfRange`] if one would become too large; [`LedgerError::InDebt`] if a
/// gift or a hold would spend or bring income beside a debt; the caller's transaction must not
/// commit then. [`LedgerError::Unbalanced`] if the entry has no transfers. A failure of the
/// store.
pub fn post_entry(conn: &mut Conn, now: Moment, entry: &Entry) -> Result<EntryId, LedgerError> {
    EntryBatch::lock(conn, entry.users())?.post_one(conn, now, entry.clone())
}
