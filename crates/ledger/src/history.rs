//! A user's history: the entries that changed their gold or income.

use diesel::prelude::*;
use qlive_store::schema::{ledger_balances, ledger_entries, ledger_history};
use qlive_store::{Conn, StoreError, end_before};
use qlive_types::{EntryId, Moment, Page, UserId};

use crate::entry::EntryKind;

/// In how many lines one search looks for what a filter lets through.
pub const SEARCHED: i64 = 2_000;

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

/// Which lines of a history are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HistoryFilter {
    pub kind: Option<EntryKind>,
    /// Those from before this moment.
    pub until: Option<Moment>,
}

/// Some lines of a history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryPart {
    pub lines: Vec<HistoryEntry>,
    /// Below which number the search goes on; `None` when it has come to the first line. What is
    /// rare may be found in none of the lines that one search reads.
    pub next: Option<i64>,
}

/// Searches a user's history below a number: at most `limit` lines, newest first. What a filter
/// lets through is looked for in [`SEARCHED`] lines at once.
///
/// # Errors
/// A failure of the store.
pub fn search_history(
    conn: &mut Conn,
    user: UserId,
    filter: HistoryFilter,
    below: i64,
    limit: i64,
) -> Result<HistoryPart, StoreError> {
    let count = count_lines(conn, user)?;
    let mut newest = count.min(below.saturating_sub(1));
    if let Some(until) = filter.until {
        let end = end_before(count, until, |number| next_line(conn, user, number))?;
        newest = newest.min(end - 1);
    }
    let span = if filter == HistoryFilter::default() {
        limit
    } else {
        SEARCHED.max(limit)
    };
    let lowest = newest.saturating_sub(span).max(0);
    let mut query = lines(user, (lowest, newest)).limit(limit).into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(ledger_entries::kind.eq(kind.number()));
    }
    if let Some(until) = filter.until {
        query = query.filter(ledger_entries::at.lt(until.millis()));
    }
    let rows: Vec<HistoryRow> = query.load(conn)?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|found| found == limit);
    let last = rows.last().filter(|_| is_full).map(|row| row.number);
    let next = last.unwrap_or(lowest + 1);
    Ok(HistoryPart {
        lines: rows
            .into_iter()
            .map(TryInto::try_into)
            .collect::<Result<_, _>>()?,
        next: Some(next).filter(|next| *next > 1),
    })
}

/// The number and the time of a line; they have no gaps.
fn next_line(conn: &mut Conn, user: UserId, number: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let line = ledger_history::table
        .inner_join(ledger_entries::table)
        .filter(ledger_history::user_id.eq(user.get()))
        .filter(ledger_history::number.eq(number))
        .select((ledger_history::number, ledger_entries::at))
        .first(conn);
    Ok(line.optional()?)
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
    let span = (newest.saturating_sub(limit), newest);
    let rows: Vec<HistoryRow> = lines(user, span).load(conn)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The query of a user's lines above the first number up to the second, newest first.
#[diesel::dsl::auto_type]
fn lines(user: UserId, span: (i64, i64)) -> _ {
    let user: i64 = user.get();
    let above: i64 = span.0;
    let newest: i64 = span.1;
    ledger_history::table
        .inner_join(ledger_entries::table)
        .filter(ledger_history::user_id.eq(user))
        .filter(ledger_history::number.gt(above))
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
}
