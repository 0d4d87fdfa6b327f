//! Taking an entry back: an operator's correction.

use diesel::prelude::*;
use qlive_store::Conn;
use qlive_store::schema::{ledger_groups, ledger_transfers};
use qlive_types::{Coins, EntryId, Moment};

use crate::post::account;
use crate::{Entry, Kind, LedgerError, Transfer, post};

/// Writes the mirror image of a grant or a gift. Recharges, refunds and
/// withdrawals have ways back of their own, which the outside knows of too.
/// [`LedgerError::Short`] when somebody has spent what would be taken from him.
pub fn reverse(
    conn: &mut Conn,
    now: Moment,
    group: EntryId,
    why: &str,
) -> Result<EntryId, LedgerError> {
    let kind: i32 = ledger_groups::table
        .find(group.get())
        .select(ledger_groups::kind)
        .get_result(conn)
        .optional()?
        .ok_or(LedgerError::UnknownEntry)?;
    let before: i64 = ledger_groups::table
        .filter(ledger_groups::reverses.eq(group.get()))
        .count()
        .get_result(conn)?;
    let reversible = matches!(Kind::from_number(kind), Some(Kind::Grant | Kind::Gift));
    if !reversible || before > 0 {
        return Err(LedgerError::NotReversible);
    }
    let rows: Vec<(i64, i64, i64, i32)> = ledger_transfers::table
        .filter(ledger_transfers::group_id.eq(group.get()))
        .order(ledger_transfers::id)
        .select((
            ledger_transfers::debit,
            ledger_transfers::credit,
            ledger_transfers::amount,
            ledger_transfers::code,
        ))
        .load(conn)?;
    let mirrored = rows.into_iter().map(|(debit, credit, amount, code)| {
        Ok(Transfer {
            from: account(credit)?,
            to: account(debit)?,
            amount: Coins::new(amount)?,
            code,
        })
    });
    let transfers = mirrored.collect::<Result<Vec<_>, LedgerError>>()?;
    let entry = Entry {
        reverses: Some(group.get()),
        ..Entry::new(Kind::Reversal, why).with(transfers)
    };
    post(conn, now, &entry)
}
