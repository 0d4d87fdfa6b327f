//! Writing an entry.

use std::collections::BTreeMap;

use diesel::prelude::*;
use qlive_store::schema::{ledger_groups, ledger_purses, ledger_transfers};
use qlive_store::{Conn, StoreError, or_contended};
use qlive_types::{Coins, EntryId, Moment, UserId};

use crate::history::SHOWN;
use crate::{Account, Entry, LedgerError, Purpose};

/// By how much each balance of one user changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Change {
    bought: i64,
    granted: i64,
    income: i64,
    held: i64,
    debt: i64,
    /// Whether the user is shown it: 1, or 0 when it moves only what is held.
    entries: i64,
}

/// Writes an entry and moves the balances, in the caller's transaction. On
/// [`LedgerError::Short`] the balances were smaller than the caller may have
/// read: decide anew, or give up; nothing may be committed.
pub fn post(conn: &mut Conn, now: Moment, entry: &Entry) -> Result<EntryId, LedgerError> {
    if entry.transfers.is_empty() {
        return Err(LedgerError::Unbalanced);
    }
    let group = insert(conn, now, entry)?;
    // In ascending order of users, so that two entries never wait for each other;
    // after the lines, so that a purse that many pay into is locked for as short as can be.
    for (user, change) in changes(entry)? {
        move_balances(conn, user, change)?;
    }
    Ok(group)
}

fn insert(conn: &mut Conn, now: Moment, entry: &Entry) -> Result<EntryId, LedgerError> {
    let count = i32::try_from(entry.transfers.len())
        .ok()
        .ok_or(LedgerError::TooMany)?;
    let group: i64 = or_contended(
        diesel::insert_into(ledger_groups::table)
            .values((
                ledger_groups::kind.eq(entry.kind.number()),
                ledger_groups::subject.eq(&entry.subject),
                ledger_groups::reverses.eq(entry.reverses),
                ledger_groups::transfers.eq(count),
                ledger_groups::total.eq(entry.total()?.get()),
                ledger_groups::at.eq(now.millis()),
            ))
            .returning(ledger_groups::id)
            .get_result(conn),
    )?;
    for transfer in &entry.transfers {
        diesel::insert_into(ledger_transfers::table)
            .values((
                ledger_transfers::group_id.eq(group),
                ledger_transfers::debit.eq(transfer.from.number()),
                ledger_transfers::credit.eq(transfer.to.number()),
                ledger_transfers::amount.eq(transfer.amount.get()),
                ledger_transfers::code.eq(transfer.code),
                ledger_transfers::at.eq(now.millis()),
            ))
            .execute(conn)?;
    }
    Ok(EntryId::new(group))
}

/// What an entry changes, by user.
fn changes(entry: &Entry) -> Result<BTreeMap<UserId, Change>, LedgerError> {
    let mut changes: BTreeMap<UserId, Change> = BTreeMap::new();
    for transfer in &entry.transfers {
        for (account, by) in [
            (transfer.from, -transfer.amount.get()),
            (transfer.to, transfer.amount.get()),
        ] {
            let Account::User(user, purpose) = account else {
                continue;
            };
            let change = changes.entry(user).or_default();
            let balance = match purpose {
                Purpose::Bought => &mut change.bought,
                Purpose::Granted => &mut change.granted,
                Purpose::Income => &mut change.income,
                Purpose::Held => &mut change.held,
                Purpose::Debt => &mut change.debt,
            };
            *balance = balance.checked_add(by).ok_or(LedgerError::TooMany)?;
            if SHOWN.contains(&purpose) {
                change.entries = 1;
            }
        }
    }
    Ok(changes)
}

fn move_balances(conn: &mut Conn, user: UserId, by: Change) -> Result<(), LedgerError> {
    use ledger_purses::dsl;
    const MAX: i64 = Coins::MAX.get();
    // The row's own constraints say the same; these say it without spoiling the transaction.
    let enough = dsl::bought.ge(-by.bought).and(dsl::granted.ge(-by.granted));
    let enough = enough
        .and(dsl::income.ge(-by.income))
        .and(dsl::held.ge(-by.held))
        .and(dsl::debt.le(-by.debt));
    let room = (dsl::bought + dsl::granted).le(MAX - by.bought.saturating_add(by.granted));
    let room = room
        .and(dsl::income.le(MAX - by.income))
        .and(dsl::held.le(MAX - by.held))
        .and(dsl::debt.ge(-MAX - by.debt));
    let moved = diesel::update(
        dsl::ledger_purses
            .find(user.get())
            .filter(enough)
            .filter(room),
    )
    .set((
        dsl::bought.eq(dsl::bought + by.bought),
        dsl::granted.eq(dsl::granted + by.granted),
        dsl::income.eq(dsl::income + by.income),
        dsl::held.eq(dsl::held + by.held),
        dsl::debt.eq(dsl::debt + by.debt),
        dsl::entries.eq(dsl::entries + by.entries),
    ))
    .execute(conn)?;
    if moved == 1 {
        return Ok(());
    }
    // One look decides why, so that nobody comes in between two.
    type Balances = (i64, i64, i64, i64, i64);
    let columns = (dsl::bought, dsl::granted, dsl::income, dsl::held, dsl::debt);
    let has: Option<Balances> = dsl::ledger_purses
        .find(user.get())
        .select(columns)
        .get_result(conn)
        .optional()?;
    match has {
        None => first_balances(conn, user, by),
        Some((bought, granted, income, held, debt)) => Err(by.refusal(Change {
            bought,
            granted,
            income,
            held,
            debt,
            entries: 0,
        })),
    }
}

impl Change {
    /// Why balances do not take this change: there is too little, or too much, or
    /// nothing is wrong with it and somebody else's first entry came in between.
    fn refusal(self, has: Self) -> LedgerError {
        let after = |has: i64, by: i64| has.saturating_add(by);
        let (bought, granted) = (
            after(has.bought, self.bought),
            after(has.granted, self.granted),
        );
        let (income, held, debt) = (
            after(has.income, self.income),
            after(has.held, self.held),
            after(has.debt, self.debt),
        );
        if bought < 0 || granted < 0 || income < 0 || held < 0 || debt > 0 {
            return LedgerError::Short;
        }
        let max = Coins::MAX.get();
        if after(bought, granted) > max || income > max || held > max || debt < -max {
            return LedgerError::TooMany;
        }
        StoreError::Contended.into()
    }
}

/// The balances of a user to whom nothing was ever moved.
fn first_balances(conn: &mut Conn, user: UserId, by: Change) -> Result<(), LedgerError> {
    match by.refusal(Change::default()) {
        LedgerError::Store(_) => {}
        refusal => return Err(refusal),
    }
    let row = (
        ledger_purses::user_id.eq(user.get()),
        ledger_purses::bought.eq(by.bought),
        ledger_purses::granted.eq(by.granted),
        ledger_purses::income.eq(by.income),
        ledger_purses::held.eq(by.held),
        ledger_purses::debt.eq(by.debt),
        ledger_purses::entries.eq(by.entries),
    );
    or_contended(
        diesel::insert_into(ledger_purses::table)
            .values(row)
            .execute(conn),
    )?;
    Ok(())
}

/// An account that a stored number names.
pub(crate) fn account(number: i64) -> Result<Account, StoreError> {
    Account::from_number(number).ok_or(StoreError::Corrupt("an account number"))
}
