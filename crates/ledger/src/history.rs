//! A user's history: the entries that changed their gold or income.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use qlive_store::schema::{ledger_balances, ledger_entries, ledger_transfers};
use qlive_store::{Conn, StoreError};
use qlive_types::{EntryId, Moment, Page, UserId};

use crate::account::{Account, BalanceKind};
use crate::balances::load_balances;
use crate::entry::EntryKind;

/// An entry as it appears in the history of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
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

/// Loads a page of a user's history, newest first, and the number of entries in all pages.
///
/// # Errors
/// A failure of the store.
pub fn load_history(
    conn: &mut Conn,
    user: UserId,
    page: Page,
) -> Result<(i64, Vec<HistoryEntry>), StoreError> {
    let count: i64 = ledger_balances::table
        .find(user.get())
        .select(ledger_balances::entry_count)
        .get_result(conn)
        .optional()?
        .unwrap_or(0);
    if page.offset() >= count {
        return Ok((count, Vec::new()));
    }
    let accounts = BalanceKind::IN_HISTORY.map(|kind| Account::User(user, kind).number());
    let ids = find_entry_ids(conn, &accounts, page)?;
    let Some(newest) = ids.first() else {
        return Ok((count, Vec::new()));
    };
    let mut rows = load_entry_rows(conn, &ids)?;
    // From the present balances back to those after the newest entry of the page.
    let later = load_change(conn, user, newest + 1..i64::MAX)?;
    let balances = load_balances(conn, user)?;
    let mut gold = balances.bought.get() + balances.granted.get() - later.gold;
    let mut income = balances.income.get() - later.income;
    let mut history = Vec::with_capacity(ids.len());
    for id in ids {
        let row = rows
            .remove(&id)
            .ok_or(StoreError::Corrupt("a transfer without its entry"))?;
        let change = load_change(conn, user, id..id + 1)?;
        history.push(HistoryEntry {
            id: EntryId::new(id),
            at: Moment::from_millis(row.at),
            kind: EntryKind::from_number(row.kind)
                .ok_or(StoreError::Corrupt("ledger_entries.kind"))?,
            amount: change.gold + change.income,
            gold,
            income,
        });
        gold -= change.gold;
        income -= change.income;
    }
    Ok((count, history))
}

/// The ids of the entries of a page that touch one of these accounts, newest first. Each side of
/// each account is read from the end of its own index, so that a page costs the same however long
/// the history is.
fn find_entry_ids(conn: &mut Conn, accounts: &[i64], page: Page) -> Result<Vec<i64>, StoreError> {
    let limit = page.offset().saturating_add(Page::ROWS);
    let newest = ledger_transfers::table
        .select(ledger_transfers::entry_id)
        .distinct()
        .order(ledger_transfers::entry_id.desc())
        .limit(limit);
    let mut ids = BTreeSet::new();
    for account in accounts {
        let credited: Vec<i64> = newest
            .filter(ledger_transfers::credit.eq(account))
            .load(conn)?;
        let debited: Vec<i64> = newest
            .filter(ledger_transfers::debit.eq(account))
            .load(conn)?;
        ids.extend(credited.into_iter().chain(debited));
    }
    let (offset, rows) = (usize::try_from(page.offset()), usize::try_from(Page::ROWS));
    let (Ok(offset), Ok(rows)) = (offset, rows) else {
        return Ok(Vec::new());
    };
    Ok(ids.into_iter().rev().skip(offset).take(rows).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_entries)]
struct EntryRow {
    id: i64,
    kind: i32,
    at: i64,
}

fn load_entry_rows(conn: &mut Conn, ids: &[i64]) -> Result<BTreeMap<i64, EntryRow>, StoreError> {
    let rows: Vec<EntryRow> = ledger_entries::table
        .filter(ledger_entries::id.eq_any(ids))
        .select(EntryRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// What a range of entries added to the gold and the income of a user.
#[derive(Default)]
struct HistoryChange {
    gold: i64,
    income: i64,
}

fn load_change(
    conn: &mut Conn,
    user: UserId,
    entries: Range<i64>,
) -> Result<HistoryChange, StoreError> {
    let [bought, granted, income] = [
        BalanceKind::Bought,
        BalanceKind::Granted,
        BalanceKind::Income,
    ]
    .map(|kind| Account::User(user, kind).number());
    let accounts = [bought, granted, income];
    let in_range = ledger_transfers::entry_id
        .ge(entries.start)
        .and(ledger_transfers::entry_id.lt(entries.end));
    let sum = || sql::<BigInt>("CAST(SUM(amount) AS BIGINT)");
    let credited: Vec<(i64, i64)> = ledger_transfers::table
        .filter(ledger_transfers::credit.eq_any(accounts).and(in_range))
        .group_by(ledger_transfers::credit)
        .select((ledger_transfers::credit, sum()))
        .load(conn)?;
    let debited: Vec<(i64, i64)> = ledger_transfers::table
        .filter(ledger_transfers::debit.eq_any(accounts).and(in_range))
        .group_by(ledger_transfers::debit)
        .select((ledger_transfers::debit, sum()))
        .load(conn)?;
    let debited = debited
        .into_iter()
        .map(|(account, amount)| (account, -amount));
    let mut change = HistoryChange::default();
    for (account, added) in credited.into_iter().chain(debited) {
        if account == income {
            change.income += added;
        } else {
            change.gold += added;
        }
    }
    Ok(change)
}
