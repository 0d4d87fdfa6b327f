//! The coins of a refund: how many it takes back, from which balances, and where they go when the
//! refund is refused. Pure functions.

use qlive_ledger::Balances;
use qlive_types::{AmountOutOfRange, Coins, Fen};

/// What an order was sold for, and what of it was refunded or requested to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderAmounts {
    pub(crate) gold: Coins,
    pub(crate) fen: Fen,
    pub(crate) refunded_gold: Coins,
    pub(crate) refunded_fen: Fen,
}

/// Why an amount cannot be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidRefundAmount {
    Zero,
    MoreThanLeft,
}

impl OrderAmounts {
    /// The coins that a refund of this many fen takes back: the same part of the order's coins,
    /// rounded up, but never more than are left of the order. So a refund of all the money takes
    /// back all the coins.
    pub(crate) fn coins_for(&self, fen: Fen) -> Result<Coins, InvalidRefundAmount> {
        let too_much = |_: AmountOutOfRange| InvalidRefundAmount::MoreThanLeft;
        let fen_left = self.fen.checked_sub(self.refunded_fen).map_err(too_much)?;
        if fen.get() == 0 {
            return Err(InvalidRefundAmount::Zero);
        }
        if fen > fen_left {
            return Err(InvalidRefundAmount::MoreThanLeft);
        }
        let part = self.gold.portion_ceil(fen.get(), self.fen.get());
        let gold_left = self.gold.checked_sub(self.refunded_gold);
        Ok(part.map_err(too_much)?.min(gold_left.map_err(too_much)?))
    }
}

/// The coins that a refund took back, by the balance that they were taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CoinsTakenBack {
    pub bought: Coins,
    pub granted: Coins,
    /// Coins that had been spent. They are a debt of the buyer.
    pub debt: Coins,
}

impl CoinsTakenBack {
    /// All of them.
    pub(crate) fn total(&self) -> Result<Coins, AmountOutOfRange> {
        self.bought
            .checked_add(self.granted)?
            .checked_add(self.debt)
    }
}

/// Splits coins to be taken back: from bought gold first, then from granted gold, never from
/// income. The rest is debt.
pub(crate) fn split_coins_taken_back(
    balances: &Balances,
    coins: Coins,
) -> Result<CoinsTakenBack, AmountOutOfRange> {
    let bought = balances.bought.min(coins);
    let rest = coins.checked_sub(bought)?;
    let granted = balances.granted.min(rest);
    Ok(CoinsTakenBack {
        bought,
        granted,
        debt: rest.checked_sub(granted)?,
    })
}

/// The coins that a refused refund returns, by the balance that they go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CoinsReturned {
    pub(crate) debt: Coins,
    pub(crate) granted: Coins,
    pub(crate) bought: Coins,
}

/// Splits coins to be returned: they pay the buyer's debt first, then replace the granted gold that
/// was taken. The rest is bought gold.
pub(crate) fn split_coins_returned(
    balances: &Balances,
    taken: CoinsTakenBack,
) -> Result<CoinsReturned, AmountOutOfRange> {
    let all = taken.total()?;
    let debt = balances.debt.min(all);
    let rest = all.checked_sub(debt)?;
    let granted = taken.granted.min(rest);
    Ok(CoinsReturned {
        debt,
        granted,
        bought: rest.checked_sub(granted)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn coins(amount: i64) -> Coins {
        Coins::new(amount).unwrap()
    }

    fn fen(amount: i64) -> Fen {
        Fen::new(amount).unwrap()
    }

    fn amounts(gold: i64, price: i64, refunded_gold: i64, refunded_fen: i64) -> OrderAmounts {
        OrderAmounts {
            gold: coins(gold),
            fen: fen(price),
            refunded_gold: coins(refunded_gold),
            refunded_fen: fen(refunded_fen),
        }
    }

    #[test]
    fn part_of_the_price_takes_the_same_part_of_the_coins_rounded_up() {
        assert_eq!(amounts(60, 600, 0, 0).coins_for(fen(600)), Ok(coins(60)));
        assert_eq!(amounts(60, 600, 0, 0).coins_for(fen(300)), Ok(coins(30)));
        assert_eq!(amounts(60, 600, 0, 0).coins_for(fen(1)), Ok(coins(1)));
        assert_eq!(amounts(10, 3, 0, 0).coins_for(fen(1)), Ok(coins(4)));
        assert_eq!(
            amounts(10, 3, 8, 2).coins_for(fen(1)),
            Ok(coins(2)),
            "never more than is left"
        );
    }

    #[test]
    fn zero_and_more_than_is_left_cannot_be_refunded() {
        assert_eq!(
            amounts(10, 3, 4, 1).coins_for(fen(3)),
            Err(InvalidRefundAmount::MoreThanLeft)
        );
        assert_eq!(
            amounts(10, 3, 0, 0).coins_for(fen(4)),
            Err(InvalidRefundAmount::MoreThanLeft)
        );
        assert_eq!(
            amounts(10, 3, 0, 0).coins_for(fen(0)),
            Err(InvalidRefundAmount::Zero)
        );
    }

    #[test]
    fn bought_gold_is_taken_first_then_granted_gold_and_income_never() {
        let balances = Balances {
            bought: coins(4),
            granted: coins(3),
            income: coins(100),
            held: coins(9),
            debt: coins(0),
        };
        let taken = |amount| {
            split_coins_taken_back(&balances, coins(amount))
                .map(|taken| (taken.bought.get(), taken.granted.get(), taken.debt.get()))
                .unwrap()
        };
        assert_eq!(
            [taken(0), taken(4), taken(6), taken(7), taken(10)],
            [(0, 0, 0), (4, 0, 0), (4, 2, 0), (4, 3, 0), (4, 3, 3)]
        );
    }

    #[test]
    fn returned_coins_pay_debt_first() {
        let taken = CoinsTakenBack {
            bought: coins(4),
            granted: coins(3),
            debt: coins(3),
        };
        let returned = |debt| {
            let balances = Balances {
                debt: coins(debt),
                ..Balances::default()
            };
            split_coins_returned(&balances, taken)
                .map(|back| (back.debt.get(), back.granted.get(), back.bought.get()))
                .unwrap()
        };
        assert_eq!(returned(3), (3, 3, 4), "the same as before the refund");
        assert_eq!(returned(0), (0, 3, 7), "the debt was paid since");
        assert_eq!(returned(9), (9, 1, 0));
        assert_eq!(returned(50), (10, 0, 0));
    }

    proptest! {
        #[test]
        fn refunds_never_take_more_than_was_sold(
            gold in 1..10_000_i64,
            price in 1..10_000_i64,
            parts in proptest::collection::vec(1..4_000_i64, 1..12)
        ) {
            let mut so_far = amounts(gold, price, 0, 0);
            for part in parts {
                match so_far.coins_for(fen(part)) {
                    Ok(taken) => {
                        so_far.refunded_gold = so_far.refunded_gold.checked_add(taken).unwrap();
                        so_far.refunded_fen = so_far.refunded_fen.checked_add(fen(part)).unwrap();
                    }
                    Err(error) => {
                        prop_assert_eq!(error, InvalidRefundAmount::MoreThanLeft);
                        prop_assert!(part > price - so_far.refunded_fen.get());
                    }
                }
                prop_assert!(so_far.refunded_gold <= so_far.gold);
                if so_far.refunded_fen == so_far.fen {
                    prop_assert_eq!(
                        so_far.refunded_gold, so_far.gold, "all the money takes all the coins"
                    );
                }
            }
        }

        #[test]
        fn all_coins_taken_back_are_returned(
            bought in 0..100_i64, granted in 0..100_i64, amount in 0..300_i64, debt in 0..300_i64
        ) {
            let balances = Balances {
                bought: coins(bought),
                granted: coins(granted),
                ..Balances::default()
            };
            let taken = split_coins_taken_back(&balances, coins(amount)).unwrap();
            prop_assert_eq!(taken.total().unwrap().get(), amount);
            let all_gold_taken = taken.bought.get() == bought && taken.granted.get() == granted;
            prop_assert!(taken.debt.is_zero() || all_gold_taken);
            let in_debt = Balances { debt: coins(debt), ..Balances::default() };
            let back = split_coins_returned(&in_debt, taken).unwrap();
            prop_assert_eq!(back.debt.get() + back.granted.get() + back.bought.get(), amount);
            prop_assert_eq!(back.debt.get(), debt.min(amount));
        }
    }
}
