//! A refund, as pure functions: what coins it takes, from where, and when it is done.

use qlive_ledger::Purse;
use qlive_types::{Coins, Fen, TooMany};

/// Where a refund is. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its coins are taken; the provider has not said that the money went back.
    Asked,
    /// The money went back.
    Done,
    /// The provider refused; the coins are returned.
    Refused,
}

impl State {
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Asked => 1,
            Self::Done => 2,
            Self::Refused => 3,
        }
    }

    pub(crate) const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Asked),
            2 => Some(Self::Done),
            3 => Some(Self::Refused),
            _ => None,
        }
    }
}

/// What a provider said of a refund that we asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Done,
    Refused,
    /// Accepted and under way, or no clear answer.
    Pending,
}

/// What is so, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub state: State,
    /// Whether the coins go back to the buyer.
    pub give_back: bool,
    /// Whether to ask again.
    pub ask: bool,
}

/// Decides. What was settled stays; a contradiction shows when the bill is reconciled.
#[must_use]
pub const fn decide(state: State, news: News) -> Decision {
    match (state, news) {
        (State::Asked, News::Done) => Decision {
            state: State::Done,
            give_back: false,
            ask: false,
        },
        (State::Asked, News::Refused) => Decision {
            state: State::Refused,
            give_back: true,
            ask: false,
        },
        (State::Asked, News::Pending) => Decision {
            state: State::Asked,
            give_back: false,
            ask: true,
        },
        (State::Done | State::Refused, _) => Decision {
            state,
            give_back: false,
            ask: false,
        },
    }
}

/// What xpay says of an order whose refund is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Fen that have not gone back.
    pub left: i64,
    /// Whether it says that a refund failed; it does not say which.
    pub failed: bool,
}

/// How xpay may take the same request, put once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Taken up only now, or still under way.
    UnderWay,
    /// It was taken up before.
    TakenUp,
    /// Money went back before, by this refund or another.
    LessLeft,
    /// A request that it cannot grant.
    Wrong,
}

/// What became of a refund at xpay, which does not tell of refunds but of orders: `before` it was
/// first asked for and now. `others` is what the platform gave back of it meanwhile. `None` when
/// that does not tell: then neither the coins nor the refund's state move.
#[must_use]
pub const fn judge(
    again: Again,
    fen: i64,
    before: Standing,
    now: Standing,
    others: i64,
) -> Option<News> {
    if now.failed && !before.failed {
        return Some(News::Refused);
    }
    let gone = before.left - now.left;
    // What the platform gave back we may have heard of late: then it was gone before.
    let went_back = gone == fen + others || (gone == fen && others != fen);
    match again {
        Again::UnderWay => Some(News::Pending),
        Again::TakenUp | Again::LessLeft | Again::Wrong if went_back => Some(News::Done),
        Again::TakenUp => Some(News::Pending),
        // What it cannot grant now it could not grant the first time either: nothing moved since.
        Again::Wrong if gone == 0 => Some(News::Refused),
        Again::LessLeft | Again::Wrong => None,
    }
}

/// What an order was sold for, and what of it went back before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sold {
    pub gold: Coins,
    pub fen: Fen,
    pub refunded_gold: Coins,
    pub refunded_fen: Fen,
}

/// Why an amount cannot be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    Nothing,
    MoreThanIsLeft,
}

impl Sold {
    /// The coins that a refund of so many fen takes: their part of the order's,
    /// rounded up, but never more than the order has left.
    pub fn coins_for(&self, fen: Fen) -> Result<Coins, Unfit> {
        let left = self
            .fen
            .minus(self.refunded_fen)
            .ok()
            .ok_or(Unfit::MoreThanIsLeft)?;
        if fen.get() == 0 {
            return Err(Unfit::Nothing);
        }
        if fen > left {
            return Err(Unfit::MoreThanIsLeft);
        }
        let part = self
            .gold
            .portion_up(fen.get(), self.fen.get())
            .ok()
            .ok_or(Unfit::MoreThanIsLeft)?;
        let left = self
            .gold
            .minus(self.refunded_gold)
            .ok()
            .ok_or(Unfit::MoreThanIsLeft)?;
        Ok(part.min(left))
    }
}

/// From where coins are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    pub bought: Coins,
    pub granted: Coins,
    /// What was spent already: owed from now on.
    pub owed: Coins,
}

/// Takes from bought gold, then from granted, never from income; the rest is owed.
pub fn take(purse: &Purse, coins: Coins) -> Result<Taken, TooMany> {
    let bought = purse.bought.min(coins);
    let rest = coins.minus(bought)?;
    let granted = purse.granted.min(rest);
    Ok(Taken {
        bought,
        granted,
        owed: rest.minus(granted)?,
    })
}

/// Where coins go that come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    pub debt: Coins,
    pub granted: Coins,
    pub bought: Coins,
}

/// Gives back what was taken: debt is paid first, then granted gold is made good, the rest is bought gold.
pub fn give_back(purse: &Purse, taken: Taken) -> Result<Returned, TooMany> {
    let all = taken.bought.plus(taken.granted)?.plus(taken.owed)?;
    let debt = purse.owed.min(all);
    let rest = all.minus(debt)?;
    let granted = taken.granted.min(rest);
    Ok(Returned {
        debt,
        granted,
        bought: rest.minus(granted)?,
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

    fn sold(gold: i64, price: i64, refunded_gold: i64, refunded_fen: i64) -> Sold {
        Sold {
            gold: coins(gold),
            fen: fen(price),
            refunded_gold: coins(refunded_gold),
            refunded_fen: fen(refunded_fen),
        }
    }

    #[test]
    fn numbers_are_stored() {
        let states = [State::Asked, State::Done, State::Refused];
        assert_eq!(states.map(State::number), [1, 2, 3]);
        assert_eq!(
            [0, 1, 2, 3].map(State::from_number),
            [
                None,
                Some(State::Asked),
                Some(State::Done),
                Some(State::Refused)
            ]
        );
    }

    #[test]
    fn what_is_settled_stays() {
        for news in [News::Done, News::Refused, News::Pending] {
            for state in [State::Done, State::Refused] {
                assert_eq!(
                    decide(state, news),
                    Decision {
                        state,
                        give_back: false,
                        ask: false
                    }
                );
            }
        }
        assert_eq!(
            decide(State::Asked, News::Pending),
            Decision {
                state: State::Asked,
                give_back: false,
                ask: true
            }
        );
        assert_eq!(
            decide(State::Asked, News::Done),
            Decision {
                state: State::Done,
                give_back: false,
                ask: false
            }
        );
        assert_eq!(
            decide(State::Asked, News::Refused),
            Decision {
                state: State::Refused,
                give_back: true,
                ask: false
            }
        );
    }

    #[test]
    fn a_part_is_rounded_up_and_the_whole_is_the_whole() {
        assert_eq!(sold(60, 600, 0, 0).coins_for(fen(600)), Ok(coins(60)));
        assert_eq!(sold(60, 600, 0, 0).coins_for(fen(300)), Ok(coins(30)));
        assert_eq!(sold(60, 600, 0, 0).coins_for(fen(1)), Ok(coins(1)));
        assert_eq!(sold(10, 3, 0, 0).coins_for(fen(1)), Ok(coins(4)));
        assert_eq!(
            sold(10, 3, 8, 2).coins_for(fen(1)),
            Ok(coins(2)),
            "never more than is left"
        );
        assert_eq!(
            sold(10, 3, 4, 1).coins_for(fen(3)),
            Err(Unfit::MoreThanIsLeft)
        );
        assert_eq!(
            sold(10, 3, 0, 0).coins_for(fen(4)),
            Err(Unfit::MoreThanIsLeft)
        );
        assert_eq!(sold(10, 3, 0, 0).coins_for(fen(0)), Err(Unfit::Nothing));
    }

    #[test]
    fn bought_goes_first_then_granted_never_income() {
        let purse = Purse {
            bought: coins(4),
            granted: coins(3),
            income: coins(100),
            held: coins(9),
            owed: coins(0),
        };
        let taken = |amount| {
            take(&purse, coins(amount))
                .map(|t| (t.bought.get(), t.granted.get(), t.owed.get()))
                .unwrap()
        };
        assert_eq!(
            [taken(0), taken(4), taken(6), taken(7), taken(10)],
            [(0, 0, 0), (4, 0, 0), (4, 2, 0), (4, 3, 0), (4, 3, 3)]
        );
    }

    #[test]
    fn what_comes_back_pays_debt_first() {
        let taken = Taken {
            bought: coins(4),
            granted: coins(3),
            owed: coins(3),
        };
        let back = |owed| {
            let purse = Purse {
                owed: coins(owed),
                ..Purse::default()
            };
            give_back(&purse, taken)
                .map(|r| (r.debt.get(), r.granted.get(), r.bought.get()))
                .unwrap()
        };
        assert_eq!(back(3), (3, 3, 4), "as it was");
        assert_eq!(back(0), (0, 3, 7), "the debt was paid since");
        assert_eq!(back(9), (9, 1, 0));
        assert_eq!(back(50), (10, 0, 0));
    }

    proptest! {
        #[test]
        fn refunds_never_take_more_than_was_sold(gold in 1..10_000_i64, price in 1..10_000_i64, parts in proptest::collection::vec(1..4_000_i64, 1..12)) {
            let mut so_far = sold(gold, price, 0, 0);
            for part in parts {
                match so_far.coins_for(fen(part)) {
                    Ok(taken) => {
                        so_far.refunded_gold = so_far.refunded_gold.plus(taken).unwrap();
                        so_far.refunded_fen = so_far.refunded_fen.plus(fen(part)).unwrap();
                    }
                    Err(why) => prop_assert_eq!((why, part > price - so_far.refunded_fen.get()), (Unfit::MoreThanIsLeft, true)),
                }
                prop_assert!(so_far.refunded_gold <= so_far.gold);
                if so_far.refunded_fen == so_far.fen {
                    prop_assert_eq!(so_far.refunded_gold, so_far.gold, "all the money is all the coins");
                }
            }
        }

        #[test]
        fn what_is_taken_and_given_back_is_all_of_it(bought in 0..100_i64, granted in 0..100_i64, amount in 0..300_i64, owed in 0..300_i64) {
            let purse = Purse { bought: coins(bought), granted: coins(granted), ..Purse::default() };
            let taken = take(&purse, coins(amount)).unwrap();
            prop_assert_eq!(taken.bought.get() + taken.granted.get() + taken.owed.get(), amount);
            prop_assert!(taken.owed.is_zero() || (taken.bought.get() == bought && taken.granted.get() == granted));
            let back = give_back(&Purse { owed: coins(owed), ..Purse::default() }, taken).unwrap();
            prop_assert_eq!(back.debt.get() + back.granted.get() + back.bought.get(), amount);
            prop_assert_eq!(back.debt.get(), owed.min(amount));
        }
    }

    #[test]
    fn xpays_words_are_weighed_by_what_is_left() {
        let stands = |left, failed| Standing { left, failed };
        let before = stands(600, false);
        let judged = |again, now, others| judge(again, 200, before, now, others);
        let all = [
            Again::UnderWay,
            Again::TakenUp,
            Again::LessLeft,
            Again::Wrong,
        ];
        for again in all {
            assert_eq!(
                judged(again, stands(600, true), 0),
                Some(News::Refused),
                "{again:?}: it failed"
            );
        }
        for again in [Again::TakenUp, Again::LessLeft, Again::Wrong] {
            assert_eq!(
                judged(again, stands(400, false), 0),
                Some(News::Done),
                "{again:?}: it went back"
            );
            assert_eq!(
                judged(again, stands(300, false), 100),
                Some(News::Done),
                "{again:?}: and the platform's too"
            );
            assert_eq!(
                judged(again, stands(400, false), 100),
                Some(News::Done),
                "{again:?}: the platform's before it"
            );
            assert_ne!(
                judged(again, stands(400, false), 200),
                Some(News::Done),
                "{again:?}: which of the two?"
            );
        }
        assert_eq!(
            judged(Again::UnderWay, stands(400, false), 0),
            Some(News::Pending)
        );
        assert_eq!(judged(Again::TakenUp, before, 0), Some(News::Pending));
        assert_eq!(judged(Again::Wrong, before, 0), Some(News::Refused));
        for (again, left) in [
            (Again::LessLeft, 600),
            (Again::LessLeft, 0),
            (Again::Wrong, 0),
        ] {
            assert_eq!(
                judged(again, stands(left, false), 0),
                None,
                "{again:?} with {left} left"
            );
        }
        // An order that said so before does not say so of this one.
        assert_eq!(
            judge(Again::TakenUp, 200, stands(600, true), stands(600, true), 0),
            Some(News::Pending)
        );
    }

    proptest! {
        #[test]
        fn coins_never_return_for_money_that_went_back(left in 1_i64..1_000, fen in 1_i64..1_000, others in 0_i64..1_000) {
            let fen = fen.min(left);
            let others = others.min(left - fen);
            let (before, now) = (Standing { left, failed: false }, Standing { left: left - fen - others, failed: false });
            for again in [Again::UnderWay, Again::TakenUp, Again::LessLeft, Again::Wrong] {
                prop_assert_ne!(judge(again, fen, before, now, others), Some(News::Refused));
            }
        }
    }
}
