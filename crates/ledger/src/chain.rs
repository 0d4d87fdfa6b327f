//! The hash chain: a sealed entry cannot change without breaking the chain.
//!
//! Each hash covers an entry, its transfers and the hash before it. Entries take their ids before
//! they commit, so an entry can be sealed after one with a higher id: the chain has positions of
//! its own.

use diesel::prelude::*;
use qlive_store::schema::{ledger_chain, ledger_entries, ledger_transfers};
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::Moment;
use sha2::{Digest as _, Sha256};

/// The most entries that are sealed in one transaction.
pub(crate) const SEAL_BATCH: i64 = 500;
/// What the first hash of the chain covers in place of a hash before it.
pub(crate) const INITIAL_HASH: &str = "";

/// Seals the entries with ids above `after` that are not sealed yet, at most 500, in the caller's
/// transaction. Returns how many.
///
/// # Errors
/// `Contended` if another transaction sealed one of them first; any other failure of the store.
pub fn seal_entries(conn: &mut Conn, now: Moment, after: i64) -> Result<usize, StoreError> {
    let entries = unsealed_entries(conn, after)?;
    append_to_chain(conn, now, &entries)?;
    Ok(entries.len())
}

/// The ids above `after` of entries that are not sealed, ascending, at most [`SEAL_BATCH`].
pub(crate) fn unsealed_entries(conn: &mut Conn, after: i64) -> Result<Vec<i64>, StoreError> {
    let sealed = diesel::dsl::exists(
        ledger_chain::table.filter(ledger_chain::entry_id.eq(ledger_entries::id)),
    );
    Ok(ledger_entries::table
        .filter(ledger_entries::id.gt(after))
        .filter(diesel::dsl::not(sealed))
        .order(ledger_entries::id)
        .limit(SEAL_BATCH)
        .select(ledger_entries::id)
        .load(conn)?)
}

/// Appends these entries to the chain. `Contended` if one of them is sealed already.
pub(crate) fn append_to_chain(
    conn: &mut Conn,
    now: Moment,
    entries: &[i64],
) -> Result<(), StoreError> {
    let last: Option<(i64, String)> = ledger_chain::table
        .order(ledger_chain::position.desc())
        .select((ledger_chain::position, ledger_chain::hash))
        .first(conn)
        .optional()?;
    let (mut position, mut hash) = last.unwrap_or((0, INITIAL_HASH.to_owned()));
    for entry in entries {
        hash = compute_hash(conn, &hash, *entry)?;
        position += 1;
        let row = (
            ledger_chain::position.eq(position),
            ledger_chain::entry_id.eq(*entry),
            ledger_chain::hash.eq(&hash),
            ledger_chain::at.eq(now.millis()),
        );
        key_violation_as_contention(
            diesel::insert_into(ledger_chain::table)
                .values(row)
                .execute(conn),
        )?;
    }
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_entries)]
struct SealedEntryRow {
    kind: i32,
    subject: String,
    reverses: Option<i64>,
    at: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_transfers)]
struct SealedTransferRow {
    id: i64,
    debit: i64,
    credit: i64,
    amount: i64,
    code: i32,
    at: i64,
}

/// Computes the hash of an entry as it is stored, following the hash `previous`. An entry that does
/// not exist has an empty hash, which no entry has.
pub(crate) fn compute_hash(
    conn: &mut Conn,
    previous: &str,
    entry: i64,
) -> Result<String, StoreError> {
    let row: Option<SealedEntryRow> = ledger_entries::table
        .find(entry)
        .select(SealedEntryRow::as_select())
        .get_result(conn)
        .optional()?;
    let Some(row) = row else {
        return Ok(String::new());
    };
    let transfers: Vec<SealedTransferRow> = ledger_transfers::table
        .filter(ledger_transfers::entry_id.eq(entry))
        .order(ledger_transfers::id)
        .select(SealedTransferRow::as_select())
        .load(conn)?;
    // The subject is the only free text. Its length separates it from what follows.
    let mut hashed = format!(
        "{previous}|{entry}|{}|{}:{}|{}|{}",
        row.kind,
        row.subject.len(),
        row.subject,
        row.reverses.unwrap_or(0),
        row.at
    );
    for transfer in transfers {
        hashed.push_str(&format!(
            "|{},{},{},{},{},{}",
            transfer.id,
            transfer.debit,
            transfer.credit,
            transfer.amount,
            transfer.code,
            transfer.at
        ));
    }
    Ok(hex::encode(Sha256::digest(hashed)))
}
