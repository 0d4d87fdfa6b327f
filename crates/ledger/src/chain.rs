//! The hash chain: a sealed entry cannot change without breaking the chain.
//!
//! Each hash covers an entry, its transfers and the hash before it. Entries take their ids before
//! they commit, so an entry can be sealed after one with a higher id: the chain has positions of
//! its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use diesel::prelude::*;
use diesel::sql_query;
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
    let entries = unsealed_entries(conn, after, SEAL_BATCH)?;
    append_to_chain(conn, now, &entries)?;
    Ok(entries.len())
}

/// An entry with its transfers, as its hash covers them.
pub(crate) struct ChainEntry {
    row: EntryRow,
    transfers: Vec<TransferRow>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_entries)]
struct EntryRow {
    id: i64,
    kind: i32,
    subject: String,
    reverses: Option<i64>,
    at: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_transfers)]
struct TransferRow {
    entry_id: i64,
    id: i64,
    debit: i64,
    credit: i64,
    amount: i64,
    code: i32,
    at: i64,
}

impl ChainEntry {
    pub(crate) const fn id(&self) -> i64 {
        self.row.id
    }

    /// The hash of this entry after the hash `previous`.
    pub(crate) fn hash_after(&self, previous: &str) -> String {
        let EntryRow {
            id,
            kind,
            subject,
            reverses,
            at,
        } = &self.row;
        // The subject is the only free text. Its length separates it from what follows.
        let mut hashed = format!(
            "{previous}|{id}|{kind}|{}:{subject}|{}|{at}",
            subject.len(),
            reverses.unwrap_or(0),
        );
        for transfer in &self.transfers {
            // Writing to a String cannot fail.
            let _ = write!(
                hashed,
                "|{},{},{},{},{},{}",
                transfer.id,
                transfer.debit,
                transfer.credit,
                transfer.amount,
                transfer.code,
                transfer.at
            );
        }
        hex::encode(Sha256::digest(hashed))
    }
}

/// The entries with ids above `after` that are not sealed, in ascending order, at most `limit`.
pub(crate) fn unsealed_entries(
    conn: &mut Conn,
    after: i64,
    limit: i64,
) -> Result<Vec<ChainEntry>, StoreError> {
    // A subquery for each entry, not a join: whatever the planner believes of the number of
    // entries, it reads those after `after` in their order and no more than it needs.
    let link = ledger_chain::table
        .filter(ledger_chain::entry_id.eq(ledger_entries::id))
        .select(ledger_chain::position)
        .single_value();
    let rows: Vec<EntryRow> = ledger_entries::table
        .filter(ledger_entries::id.gt(after))
        .filter(link.is_null())
        .order(ledger_entries::id)
        .limit(limit)
        .select(EntryRow::as_select())
        .load(conn)?;
    add_transfers(conn, rows)
}

/// Adds their transfers to entries, by one statement.
fn add_transfers(conn: &mut Conn, rows: Vec<EntryRow>) -> Result<Vec<ChainEntry>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let transfers: Vec<TransferRow> = ledger_transfers::table
        .filter(ledger_transfers::entry_id.eq_any(rows.iter().map(|row| row.id)))
        .order(ledger_transfers::id)
        .select(TransferRow::as_select())
        .load(conn)?;
    let mut by_entry = BTreeMap::<i64, Vec<TransferRow>>::new();
    for transfer in transfers {
        by_entry
            .entry(transfer.entry_id)
            .or_default()
            .push(transfer);
    }
    let entries = rows.into_iter().map(|row| ChainEntry {
        transfers: by_entry.remove(&row.id).unwrap_or_default(),
        row,
    });
    Ok(entries.collect())
}

/// Appends these entries to the chain, by one statement. `Contended` if one of them is sealed
/// already, or if another transaction appended to the chain meanwhile.
pub(crate) fn append_to_chain(
    conn: &mut Conn,
    now: Moment,
    entries: &[ChainEntry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let last: Option<(i64, String)> = ledger_chain::table
        .order(ledger_chain::position.desc())
        .select((ledger_chain::position, ledger_chain::hash))
        .first(conn)
        .optional()?;
    let (mut position, mut hash) = last.unwrap_or((0, INITIAL_HASH.to_owned()));
    let mut statement =
        "INSERT INTO ledger_chain (position, entry_id, hash, at) VALUES ".to_owned();
    for (index, entry) in entries.iter().enumerate() {
        hash = entry.hash_after(&hash);
        position += 1;
        let separator = if index == 0 { "" } else { ", " };
        let (id, at) = (entry.id(), now.millis());
        // Numbers and hexadecimal digits. Writing to a String cannot fail.
        let _ = write!(statement, "{separator}({position}, {id}, '{hash}', {at})");
    }
    key_violation_as_contention(sql_query(statement).execute(conn))?;
    Ok(())
}

/// Those of these entries that exist, by id.
pub(crate) fn find_entries(
    conn: &mut Conn,
    ids: &[i64],
) -> Result<BTreeMap<i64, ChainEntry>, StoreError> {
    let rows: Vec<EntryRow> = ledger_entries::table
        .filter(ledger_entries::id.eq_any(ids))
        .select(EntryRow::as_select())
        .load(conn)?;
    let entries = add_transfers(conn, rows)?.into_iter();
    Ok(entries.map(|entry| (entry.id(), entry)).collect())
}
