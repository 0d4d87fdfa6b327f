//! The change that an entry makes to the balances of one user.

use std::collections::BTreeMap;

use qlive_types::{Coins, UserId};

use crate::account::{Account, BalanceKind};
use crate::balances::BalancesRow;
use crate::entry::Entry;
use crate::error::LedgerError;

/// The largest balance.
const MAX: i64 = Coins::MAX.get();

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
    /// Whether the entry appears in the user's history: it changes more than what is held.
    is_in_history: bool,
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
                change.is_in_history |= BalanceKind::IN_HISTORY.contains(&kind);
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

    /// Whether the entry appears in the user's history: it changes more than what is held.
    pub(crate) const fn is_in_history(self) -> bool {
        self.is_in_history
    }

    /// What the entry adds to gold and income together.
    pub(crate) const fn shown_amount(self) -> i64 {
        self.bought + self.granted + self.income
    }

    /// The balances after the change.
    ///
    /// # Errors
    /// [`LedgerError::InsufficientBalance`] or [`LedgerError::AmountOutOfRange`] if a balance would
    /// leave its range; [`LedgerError::InDebt`] if it needs no debt and would leave one.
    pub(crate) fn applied_to(self, row: BalancesRow) -> Result<BalancesRow, LedgerError> {
        let after = BalancesRow {
            bought: row.bought.saturating_add(self.bought),
            granted: row.granted.saturating_add(self.granted),
            income: row.income.saturating_add(self.income),
            held: row.held.saturating_add(self.held),
            debt: row.debt.saturating_add(self.debt),
        };
        let not_negative = [after.bought, after.granted, after.income, after.held];
        if not_negative.iter().any(|balance| *balance < 0) || after.debt > 0 {
            return Err(LedgerError::InsufficientBalance);
        }
        if self.needs_no_debt && after.debt < 0 {
            return Err(LedgerError::InDebt);
        }
        let gold = after.bought.saturating_add(after.granted);
        if gold > MAX || after.income > MAX || after.held > MAX || after.debt < -MAX {
            return Err(LedgerError::AmountOutOfRange);
        }
        Ok(after)
    }
}
