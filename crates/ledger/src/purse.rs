//! What a user has.

use diesel::prelude::*;
use qlive_store::schema::ledger_purses;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, TooMany, UserId};

/// The balances of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purse {
    pub bought: Coins,
    pub granted: Coins,
    pub income: Coins,
    pub held: Coins,
    /// What the user owes; the account itself stands below zero by as much.
    pub owed: Coins,
}

/// What a payment takes from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spending {
    pub granted: Coins,
    pub bought: Coins,
    pub income: Coins,
}

impl Purse {
    /// The gold that is shown: granted and bought.
    pub fn gold(&self) -> Result<Coins, TooMany> {
        self.granted.plus(self.bought)
    }

    /// How this purse pays `cost`: granted gold first, then bought, then income. `None`: it cannot.
    #[must_use]
    pub fn spend(&self, cost: Coins) -> Option<Spending> {
        let granted = self.granted.min(cost);
        let rest = cost.minus(granted).ok()?;
        let bought = self.bought.min(rest);
        let income = rest.minus(bought).ok()?;
        (income <= self.income).then_some(Spending {
            granted,
            bought,
            income,
        })
    }
}

/// The balances of a user; all zero when nothing was ever moved.
pub fn purse(conn: &mut Conn, user: UserId) -> Result<Purse, StoreError> {
    type Columns = (i64, i64, i64, i64, i64);
    let row: Option<Columns> = ledger_purses::table
        .find(user.get())
        .select((
            ledger_purses::bought,
            ledger_purses::granted,
            ledger_purses::income,
            ledger_purses::held,
            ledger_purses::debt,
        ))
        .get_result(conn)
        .optional()?;
    let Some((bought, granted, income, held, debt)) = row else {
        return Ok(Purse::default());
    };
    let coins = |amount: i64| {
        Coins::new(amount)
            .ok()
            .ok_or(StoreError::Corrupt("ledger_purses"))
    };
    Ok(Purse {
        bought: coins(bought)?,
        granted: coins(granted)?,
        income: coins(income)?,
        held: coins(held)?,
        owed: coins(-debt)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn granted_goes_first_then_bought_then_income() {
        let coins = |amount| Coins::new(amount).unwrap();
        let purse = Purse {
            bought: coins(4),
            granted: coins(3),
            income: coins(5),
            held: coins(100),
            owed: coins(0),
        };
        let spent = |cost| {
            purse
                .spend(coins(cost))
                .map(|s| (s.granted.get(), s.bought.get(), s.income.get()))
        };
        assert_eq!(spent(0), Some((0, 0, 0)));
        assert_eq!(spent(3), Some((3, 0, 0)));
        assert_eq!(spent(4), Some((3, 1, 0)));
        assert_eq!(spent(8), Some((3, 4, 1)));
        assert_eq!(spent(12), Some((3, 4, 5)));
        assert_eq!(spent(13), None);
        assert_eq!(purse.gold(), Ok(coins(7)));
    }
}
