//! Reverses an entry: the correction of an operator.

use diesel::prelude::*;
use qlive_store::Conn;
use qlive_store::schema::{ledger_entries, ledger_transfers};
use qlive_types::{Coins, EntryId, Moment};

use crate::account::Account;
use crate::entry::{Entry, EntryKind, Transfer};
use crate::entry_batch::EntryBatch;
use crate::error::LedgerError;

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_transfers)]
struct TransferRow {
    debit: i64,
    credit: i64,
    amount: i64,
    code: i32,
}

impl TransferRow {
    /// The same amount in the other direction.
    fn reversed(&self) -> Result<Transfer, LedgerError> {
        Ok(Transfer {
            from: Account::from_stored(self.credit)?,
            to: Account::from_stored(self.debit)?,
            amount: Coins::new(self.amount)?,
            code: self.code,
        })
    }
}

/// Posts the reversal of a grant or a gift, in the caller's transaction: the same transfers in the
/// other direction. Recharges, refunds and withdrawals have return entries of their own, because
/// money outside the ledger moves with them.
///
/// # Errors
/// [`LedgerError::UnknownEntry`]; [`LedgerError::NotReversible`] for any other kind and for an
/// entry that was reversed before; [`LedgerError::InsufficientBalance`] if a user has already spent
/// the coins; a failure of the store.
pub fn reverse_entry(
    conn: &mut Conn,
    now: Moment,
    entry: EntryId,
    reason: &str,
) -> Result<EntryId, LedgerError> {
    let kind: i32 = ledger_entries::table
        .find(entry.get())
        .select(ledger_entries::kind)
        .get_result(conn)
        .optional()?
        .ok_or(LedgerError::UnknownEntry)?;
    let reversible = matches!(
        EntryKind::from_number(kind),
        Some(EntryKind::Grant | EntryKind::Gift)
    );
    let rows: Vec<TransferRow> = ledger_transfers::table
        .filter(ledger_transfers::entry_id.eq(entry.get()))
        .order(ledger_transfers::id)
        .select(TransferRow::as_select())
        .load(conn)?;
    let transfers = rows
        .iter()
        .map(TransferRow::reversed)
        .collect::<Result<Vec<_>, _>>()?;
    let reversal = Entry {
        reverses: Some(entry.get()),
        ..Entry::new(EntryKind::Reversal, reason).with_transfers(transfers)
    };
    // After the balances are locked: another transaction may have just reversed the entry.
    let batch = EntryBatch::lock(conn, reversal.users())?;
    let reversals: i64 = ledger_entries::table
        .filter(ledger_entries::reverses.eq(entry.get()))
        .count()
        .get_result(conn)?;
    if !reversible || reversals > 0 {
        return Err(LedgerError::NotReversible);
    }
    batch.post_one(conn, now, reversal)
}
