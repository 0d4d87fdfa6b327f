//! The balances of a user.

use std::collections::BTreeMap;

use diesel::prelude::*;
use qlive_store::schema::ledger_balances;
use qlive_store::{Conn, StoreError};
use qlive_types::{AmountOutOfRange, Coins, UserId};

/// The balances of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balances {
    /// Gold that was paid for.
    pub bought: Coins,
    /// Gold that an operator granted.
    pub granted: Coins,
    /// Income from gifts.
    pub income: Coins,
    /// Income that is set aside for a withdrawal.
    pub held: Coins,
    /// The debt as a positive amount. The balance of the account is its negative.
    pub debt: Coins,
}

/// The amounts of a payment by the balance from which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spending {
    pub granted: Coins,
    pub bought: Coins,
    pub income: Coins,
}

/// A user's share of a gift by the balance to which it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NewIncome {
    /// The part that pays a debt.
    pub debt: Coins,
    pub income: Coins,
}

impl Balances {
    /// The gold that a user is shown: granted plus bought.
    ///
    /// # Errors
    /// [`AmountOutOfRange`] if the sum exceeds [`Coins::MAX`].
    pub fn gold(&self) -> Result<Coins, AmountOutOfRange> {
        self.granted.checked_add(self.bought)
    }

    /// The income that can be spent: none while there is a debt.
    #[must_use]
    pub fn spendable_income(&self) -> Coins {
        if self.debt.is_zero() {
            self.income
        } else {
            Coins::ZERO
        }
    }

    /// Splits a share of a gift: it pays the debt first, the rest is income.
    #[must_use]
    pub fn plan_income(&self, share: Coins) -> NewIncome {
        NewIncome {
            debt: self.debt.min(share),
            income: share.checked_sub(self.debt).unwrap_or(Coins::ZERO),
        }
    }

    /// Splits a payment of `cost` over the balances: granted gold first, then bought gold, then
    /// income, which is not spent while there is a debt. `None` if these together are less than
    /// `cost`.
    #[must_use]
    pub fn plan_spending(&self, cost: Coins) -> Option<Spending> {
        let granted = self.granted.min(cost);
        let rest = cost.checked_sub(granted).ok()?;
        let bought = self.bought.min(rest);
        let income = rest.checked_sub(bought).ok()?;
        (income <= self.spendable_income()).then_some(Spending {
            granted,
            bought,
            income,
        })
    }
}

/// A row of `ledger_balances`. `debt` is zero or negative.
#[derive(Debug, Clone, Copy, Default, Queryable, Selectable)]
#[diesel(table_name = ledger_balances)]
pub struct BalancesRow {
    pub(crate) bought: i64,
    pub(crate) granted: i64,
    pub(crate) income: i64,
    pub(crate) held: i64,
    pub(crate) debt: i64,
}

impl BalancesRow {
    /// The same as amounts.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if one is out of range.
    pub fn to_balances(self) -> Result<Balances, StoreError> {
        let coins = |amount: i64| {
            Coins::new(amount)
                .ok()
                .ok_or(StoreError::Corrupt("ledger_balances"))
        };
        Ok(Balances {
            bought: coins(self.bought)?,
            granted: coins(self.granted)?,
            income: coins(self.income)?,
            held: coins(self.held)?,
            debt: coins(self.debt.saturating_neg())?,
        })
    }
}

/// Loads the balances of a user; all are zero before the first entry.
///
/// # Errors
/// A failure of the store.
pub fn load_balances(conn: &mut Conn, user: UserId) -> Result<Balances, StoreError> {
    let row: Option<BalancesRow> = ledger_balances::table
        .find(user.get())
        .select(BalancesRow::as_select())
        .get_result(conn)
        .optional()?;
    row.unwrap_or_default().to_balances()
}

/// Loads the debts of those of these users who have one.
///
/// # Errors
/// A failure of the store.
pub fn load_debts(
    conn: &mut Conn,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Coins>, StoreError> {
    let ids: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let rows: Vec<(i64, i64)> = ledger_balances::table
        .filter(ledger_balances::user_id.eq_any(ids))
        .filter(ledger_balances::debt.lt(0))
        .select((ledger_balances::user_id, ledger_balances::debt))
        .load(conn)?;
    let debt = |(user, debt): (i64, i64)| {
        let corrupt = StoreError::Corrupt("ledger_balances");
        let debt = Coins::new(debt.saturating_neg()).ok();
        UserId::new(user).zip(debt).ok_or(corrupt)
    };
    rows.into_iter().map(debt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payment_takes_granted_gold_then_bought_gold_then_income() {
        let coins = |amount| Coins::new(amount).unwrap();
        let balances = Balances {
            bought: coins(4),
            granted: coins(3),
            income: coins(5),
            held: coins(100),
            debt: coins(0),
        };
        let spending = |cost| {
            balances
                .plan_spending(coins(cost))
                .map(|s| (s.granted.get(), s.bought.get(), s.income.get()))
        };
        assert_eq!(spending(0), Some((0, 0, 0)));
        assert_eq!(spending(3), Some((3, 0, 0)));
        assert_eq!(spending(4), Some((3, 1, 0)));
        assert_eq!(spending(8), Some((3, 4, 1)));
        assert_eq!(spending(12), Some((3, 4, 5)));
        assert_eq!(spending(13), None);
        assert_eq!(balances.gold(), Ok(coins(7)));
    }

    #[test]
    fn income_of_a_debtor_is_not_spent_and_new_income_pays_the_debt_first() {
        let coins = |amount| Coins::new(amount).unwrap();
        let debtor = Balances {
            granted: coins(3),
            income: coins(5),
            debt: coins(4),
            ..Balances::default()
        };
        assert_eq!(debtor.spendable_income(), coins(0));
        assert_eq!(debtor.plan_spending(coins(3)).unwrap().granted, coins(3));
        assert_eq!(debtor.plan_spending(coins(4)), None);
        let split = |share| {
            let split = debtor.plan_income(coins(share));
            (split.debt.get(), split.income.get())
        };
        assert_eq!([split(0), split(3), split(4)], [(0, 0), (3, 0), (4, 0)]);
        assert_eq!(split(9), (4, 5));
        let free = Balances::default().plan_income(coins(9));
        assert_eq!((free.debt, free.income), (coins(0), coins(9)));
    }
}
