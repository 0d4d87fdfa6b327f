//! A user's history: the entries that changed their gold or income.

use diesel::prelude::*;
use qlive_store::schema::{ledger_balances, ledger_entries, ledger_history};
use qlive_store::{Conn, StoreError};
use qlive_types::{EntryId, Moment, Page, UserId};

use crate::entry::EntryKind;

/// An entry as it appears in the history of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Which line of the history it is, from 1, without gaps.
    pub number: i64,
    pub id: EntryId,
    pub at: Moment,
    pub kind: EntryKind,
    /// What the entry added to gold and income together; negative where coins left.
    pub amount: i64,
    /// The gold after the entry.
    pub gold: i64,
    /// The income after the entry.
    pub income: i64,
}

/// A line of the history, joined with its entry.
#[derive(Queryable)]
struct HistoryRow {
    number: i64,
    entry_id: i64,
    at: i64,
    kind: i32,
    amount: i64,
    gold: i64,
    income: i64,
}

impl TryFrom<HistoryRow> for HistoryEntry {
    type Error = StoreError;

    fn try_from(row: HistoryRow) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.number,
            id: EntryId::new(row.entry_id),
            at: Moment::from_millis(row.at),
            kind: EntryKind::from_number(row.kind)
                .ok_or(StoreError::Corrupt("ledger_entries.kind"))?,
            amount: row.amount,
            gold: row.gold,
            income: row.income,
        })
    }
}

/// Loads a page of a user's history, newest first, and the number of entries in all pages. The
/// lines are numbered without gaps, so a page is a range of numbers and costs the same wherever it
/// is.
///
/// # Errors
/// A failure of the store.
pub fn load_history(
    conn: &mut Conn,
    user: UserId,
    page: Page,
) -> Result<(i64, Vec<HistoryEntry>), StoreError> {
    let count = count_lines(conn, user)?;
    let newest = count - page.offset();
    if newest < 1 {
        return Ok((count, Vec::new()));
    }
    Ok((count, load_lines(conn, user, newest, Page::ROWS)?))
}

/// Loads at most `limit` lines of a user's history below a number, newest first.
///
/// # Errors
/// A failure of the store.
pub fn load_history_below(
    conn: &mut Conn,
    user: UserId,
    below: i64,
    limit: i64,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let newest = count_lines(conn, user)?.min(below.saturating_sub(1));
    load_lines(conn, user, newest, limit)
}

/// How many lines the history of a user has.
fn count_lines(conn: &mut Conn, user: UserId) -> Result<i64, StoreError> {
    let count: Option<i64> = ledger_balances::table
        .find(user.get())
        .select(ledger_balances::entry_count)
        .get_result(conn)
        .optional()?;
    Ok(count.unwrap_or(0))
}

/// Loads the lines of a user's history up to a number, newest first. They are numbered without
/// gaps, so they are a range of numbers.
fn load_lines(
    conn: &mut Conn,
    user: UserId,
    newest: i64,
    limit: i64,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let rows: Vec<HistoryRow> = ledger_history::table
        .inner_join(ledger_entries::table)
        .filter(ledger_history::user_id.eq(user.get()))
        .filter(ledger_history::number.gt(newest.saturating_sub(limit)))
        .filter(ledger_history::number.le(newest))
        .order(ledger_history::number.desc())
        .select((
            ledger_history::number,
            ledger_history::entry_id,
            ledger_entries::at,
            ledger_entries::kind,
            ledger_history::amount,
            ledger_history::gold,
            ledger_history::income,
        ))
        .load(conn)?;
    rows.into_iter().map(TryInto::try_into).collect()
}
