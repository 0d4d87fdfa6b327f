//! The change that an entry makes to the balances of one user.

use std::collections::BTreeMap;

use diesel::prelude::*;
use qlive_store::schema::{ledger_balances, ledger_history};
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{Coins, EntryId, UserId};

use crate::account::{Account, BalanceKind};
use crate::balances::BalancesRow;
use crate::entry::Entry;
use crate::error::LedgerError;

/// The largest balance.
const MAX: i64 = Coins::MAX.get();

/// What a user is shown after a change: the number of entries, the gold and the income.
type ShownBalances = (i64, i64, i64);

/// What is added to each balance of one user; negative where coins leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct BalanceChange {
    bought: i64,
    granted: i64,
    income: i64,
    held: i64,
    debt: i64,
    /// Whether the entry spends income or credits new income. Such an entry leaves no debt.
    needs_no_debt: bool,
    /// 1 if the entry appears in the user's history, 0 if it changes only what is held.
    entry_count: i64,
}

impl BalanceChange {
    /// The changes that an entry makes, by user.
    ///
    /// # Errors
    /// [`LedgerError::AmountOutOfRange`] if the transfers of one balance overflow.
    pub(crate) fn by_user(entry: &Entry) -> Result<BTreeMap<UserId, Self>, LedgerError> {
        let mut changes: BTreeMap<UserId, Self> = BTreeMap::new();
        for transfer in &entry.transfers {
            let amount = transfer.amount.get();
            for (account, added) in [(transfer.from, -amount), (transfer.to, amount)] {
                let Account::User(user, kind) = account else {
                    continue;
                };
                let change = changes.entry(user).or_default();
                let balance = change.balance_mut(kind);
                *balance = balance
                    .checked_add(added)
                    .ok_or(LedgerError::AmountOutOfRange)?;
                if BalanceKind::IN_HISTORY.contains(&kind) {
                    change.entry_count = 1;
                }
                change.needs_no_debt |=
                    kind == BalanceKind::Income && entry.kind.spends_or_brings_income();
            }
        }
        Ok(changes)
    }

    const fn balance_mut(&mut self, kind: BalanceKind) -> &mut i64 {
        match kind {
            BalanceKind::Bought => &mut self.bought,
            BalanceKind::Granted => &mut self.granted,
            BalanceKind::Income => &mut self.income,
            BalanceKind::Held => &mut self.held,
            BalanceKind::Debt => &mut self.debt,
        }
    }

    /// Writes the change that `entry` makes to the balances and the history of `user`.
    ///
    /// # Errors
    /// [`LedgerError::InsufficientBalance`] or [`LedgerError::AmountOutOfRange`] if a balance would
    /// leave its range; [`LedgerError::InDebt`] if it needs no debt and would leave one;
    /// `Contended` if another transaction wrote the user's first balances meanwhile; any other
    /// failure of the store.
    pub(crate) fn apply(
        self,
        conn: &mut Conn,
        user: UserId,
        entry: EntryId,
    ) -> Result<(), LedgerError> {
        let shown = match self.update(conn, user)? {
            Some(shown) => shown,
            None => self.insert_or_refuse(conn, user)?,
        };
        if self.entry_count > 0 {
            self.insert_history(conn, user, entry, shown)?;
        }
        Ok(())
    }

    /// Inserts the first balances of `user`, or finds why they cannot change.
    fn insert_or_refuse(self, conn: &mut Conn, user: UserId) -> Result<ShownBalances, LedgerError> {
        // One query decides the reason, so that no other transaction can commit between two.
        match BalancesRow::find(conn, user)? {
            Some(row) => Err(self
                .out_of_range(row)
                // The change fits now: another transaction changed the row since the update.
                .unwrap_or(StoreError::Contended.into())),
            None => self.insert(conn, user),
        }
    }

    /// Updates the row of `user` unless a balance would leave its range. `None` if no row changed.
    fn update(self, conn: &mut Conn, user: UserId) -> Result<Option<ShownBalances>, StoreError> {
        use ledger_balances::dsl;
        // The constraints of the table say the same, but breaking one aborts the transaction.
        let not_negative = dsl::bought
            .ge(-self.bought)
            .and(dsl::granted.ge(-self.granted))
            .and(dsl::income.ge(-self.income))
            .and(dsl::held.ge(-self.held))
            .and(dsl::debt.le(-self.debt));
        let gold_added = self.bought.saturating_add(self.granted);
        let not_above_max = (dsl::bought + dsl::granted)
            .le(MAX - gold_added)
            .and(dsl::income.le(MAX - self.income))
            .and(dsl::held.le(MAX - self.held))
            .and(dsl::debt.ge(self.least_debt() - self.debt));
        let row = dsl::ledger_balances.find(user.get());
        Ok(
            diesel::update(row.filter(not_negative).filter(not_above_max))
                .set((
                    dsl::bought.eq(dsl::bought + self.bought),
                    dsl::granted.eq(dsl::granted + self.granted),
                    dsl::income.eq(dsl::income + self.income),
                    dsl::held.eq(dsl::held + self.held),
                    dsl::debt.eq(dsl::debt + self.debt),
                    dsl::entry_count.eq(dsl::entry_count + self.entry_count),
                ))
                .returning((dsl::entry_count, dsl::bought + dsl::granted, dsl::income))
                .get_result(conn)
                .optional()?,
        )
    }

    /// Inserts the line of the history. Its number is the count of the entries, which only this
    /// transaction has until it ends.
    fn insert_history(
        self,
        conn: &mut Conn,
        user: UserId,
        entry: EntryId,
        (number, gold, income): ShownBalances,
    ) -> Result<(), StoreError> {
        diesel::insert_into(ledger_history::table)
            .values((
                ledger_history::user_id.eq(user.get()),
                ledger_history::number.eq(number),
                ledger_history::entry_id.eq(entry.get()),
                ledger_history::amount.eq(self.bought + self.granted + self.income),
                ledger_history::gold.eq(gold),
                ledger_history::income.eq(income),
            ))
            .execute(conn)?;
        Ok(())
    }

    /// The lowest balance that the debt may have afterwards.
    const fn least_debt(self) -> i64 {
        if self.needs_no_debt { 0 } else { -MAX }
    }

    /// Inserts the first balances of `user`.
    fn insert(self, conn: &mut Conn, user: UserId) -> Result<ShownBalances, LedgerError> {
        if let Some(refusal) = self.out_of_range(BalancesRow::default()) {
            return Err(refusal);
        }
        let row = (
            ledger_balances::user_id.eq(user.get()),
            ledger_balances::bought.eq(self.bought),
            ledger_balances::granted.eq(self.granted),
            ledger_balances::income.eq(self.income),
            ledger_balances::held.eq(self.held),
            ledger_balances::debt.eq(self.debt),
            ledger_balances::entry_count.eq(self.entry_count),
        );
        key_violation_as_contention(
            diesel::insert_into(ledger_balances::table)
                .values(row)
                .execute(conn),
        )?;
        Ok((self.entry_count, self.bought + self.granted, self.income))
    }

    /// The refusal if this change takes a balance of `row` out of its range; `None` if it fits.
    fn out_of_range(self, row: BalancesRow) -> Option<LedgerError> {
        let bought = row.bought.saturating_add(self.bought);
        let granted = row.granted.saturating_add(self.granted);
        let income = row.income.saturating_add(self.income);
        let held = row.held.saturating_add(self.held);
        let debt = row.debt.saturating_add(self.debt);
        if bought < 0 || granted < 0 || income < 0 || held < 0 || debt > 0 {
            return Some(LedgerError::InsufficientBalance);
        }
        if self.needs_no_debt && debt < 0 {
            return Some(LedgerError::InDebt);
        }
        if bought.saturating_add(granted) > MAX || income > MAX || held > MAX || debt < -MAX {
            return Some(LedgerError::AmountOutOfRange);
        }
        None
    }
}
