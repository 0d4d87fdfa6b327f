//! Posts an entry: writes its transfers and moves the balances of the users.

use diesel::prelude::*;
use qlive_store::schema::{ledger_entries, ledger_transfers};
use qlive_store::{Conn, key_violation_as_contention};
use qlive_types::{EntryId, Moment};

use crate::balance_change::BalanceChange;
use crate::entry::Entry;
use crate::error::LedgerError;

/// Writes an entry and moves the balances of its users, in the caller's transaction.
///
/// # Errors
/// [`LedgerError::InsufficientBalance`] if a balance is smaller than the caller may have read, and
/// [`LedgerError::AmountOutOfRange`] if one would become too large; [`LedgerError::InDebt`] if a
/// gift or a hold would spend or bring income beside a debt; the caller's transaction must not
/// commit then. [`LedgerError::Unbalanced`] if the entry has no transfers. A failure of the
/// store.
pub fn post_entry(conn: &mut Conn, now: Moment, entry: &Entry) -> Result<EntryId, LedgerError> {
    if entry.transfers.is_empty() {
        return Err(LedgerError::Unbalanced);
    }
    let id = insert_entry(conn, now, entry)?;
    // In ascending order of users, so that two entries cannot deadlock. After the transfers, so
    // that a balance into which many pay is locked as briefly as possible.
    for (user, change) in BalanceChange::by_user(entry)? {
        change.apply(conn, user, id)?;
    }
    Ok(id)
}

fn insert_entry(conn: &mut Conn, now: Moment, entry: &Entry) -> Result<EntryId, LedgerError> {
    let count = i32::try_from(entry.transfers.len())
        .ok()
        .ok_or(LedgerError::AmountOutOfRange)?;
    // The unique key on `reverses` refuses a second reversal of the same entry.
    let id: i64 = key_violation_as_contention(
        diesel::insert_into(ledger_entries::table)
            .values((
                ledger_entries::kind.eq(entry.kind.number()),
                ledger_entries::subject.eq(&entry.subject),
                ledger_entries::reverses.eq(entry.reverses),
                ledger_entries::transfer_count.eq(count),
                ledger_entries::total.eq(entry.total()?.get()),
                ledger_entries::at.eq(now.millis()),
            ))
            .returning(ledger_entries::id)
            .get_result(conn),
    )?;
    for transfer in &entry.transfers {
        diesel::insert_into(ledger_transfers::table)
            .values((
                ledger_transfers::entry_id.eq(id),
                ledger_transfers::debit.eq(transfer.from.number()),
                ledger_transfers::credit.eq(transfer.to.number()),
                ledger_transfers::amount.eq(transfer.amount.get()),
                ledger_transfers::code.eq(transfer.code),
                ledger_transfers::at.eq(now.millis()),
            ))
            .execute(conn)?;
    }
    Ok(EntryId::new(id))
}
