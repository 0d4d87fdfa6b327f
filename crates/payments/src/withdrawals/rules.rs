//! The rules of withdrawals: pure functions of amounts and balances.

use std::time::Duration;

use qlive_configs::Rate;
use qlive_ledger::Balances;
use qlive_types::{AmountOutOfRange, Coins, Fen};

/// The least that WeChat transfers, in fen (page: 发起转账, initiate a transfer).
pub(crate) const MIN_FEN: i64 = 30;
/// From this amount on, in fen, the real name of the receiver is required. WeChat requires it for
/// one transfer (the same page); here it counts what a user requests within [`WEEK`], so that an
/// amount cannot be divided into several requests.
pub(crate) const REAL_NAME_FROM_FEN: i64 = 200_000;
/// The time over which the requests of a user are added up, for the real name and for the second
/// approval.
pub(crate) const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// The most withdrawals of a user that have not ended.
pub(crate) const OPEN_LIMIT: i64 = 3;

/// The fen of a yuan.
const FEN_PER_YUAN: i64 = 100;

/// The rules of withdrawals, from the settings `[payouts]`.
#[derive(Debug, Clone)]
pub struct WithdrawalRules {
    /// The merchant's approved transfer scene.
    pub scene_id: String,
    pub remark: String,
    /// `info_type` and `info_content`, as the scene requires.
    pub report_infos: Vec<(String, String)>,
    /// How old income must be before it can be withdrawn.
    pub min_age: Duration,
    /// When a user requests more than this within a week, a second operator must approve.
    pub second_approval_above: Fen,
}

/// The value of income: floor(income × rate × 100) fen. `rate` is yuan for a coin, in parts of
/// [`Rate::SCALE`].
pub(crate) fn income_value(income: Coins, rate: i64) -> Result<Fen, AmountOutOfRange> {
    let fen = income.portion_floor(rate, Rate::SCALE / FEN_PER_YUAN)?;
    Fen::new(fen.get())
}

/// The income that may be withdrawn: all but the `recent` income; nothing while there is debt.
pub(crate) fn withdrawable_income(balances: &Balances, recent: Coins) -> Coins {
    let spendable = balances.spendable_income();
    spendable.checked_sub(recent).unwrap_or(Coins::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coins(amount: i64) -> Coins {
        Coins::new(amount).unwrap()
    }

    #[test]
    fn income_value_is_rounded_down() {
        let fen = |income, rate| income_value(coins(income), rate).map(Fen::get);
        assert_eq!(fen(3, 1_000), Ok(30), "0.1 yuan for a coin");
        assert_eq!(fen(7, 1_234), Ok(86), "7 × 12.34 fen");
        assert_eq!(fen(1, 99), Ok(0));
        assert_eq!(fen(Coins::MAX.get(), 10_000), Err(AmountOutOfRange));
    }

    #[test]
    fn recent_income_and_income_of_a_debtor_are_not_withdrawable() {
        let balances = Balances {
            income: coins(100),
            ..Balances::default()
        };
        let in_debt = Balances {
            debt: coins(1),
            ..balances
        };
        assert_eq!(withdrawable_income(&balances, coins(0)), coins(100));
        assert_eq!(withdrawable_income(&balances, coins(30)), coins(70));
        assert_eq!(
            withdrawable_income(&balances, coins(130)),
            coins(0),
            "never below zero"
        );
        assert_eq!(withdrawable_income(&in_debt, coins(0)), coins(0));
    }
}
