//! The figures of some days: what is summed, and of which movements.

use qlive_ledger::{AccountClass, BalanceKind, DailySum, EntryKind, SystemAccount};
use qlive_payments::DailyMoney;

/// The figures of a day or a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) orders: i64,
    /// Of one day; of several they are not known: somebody may have paid on each.
    pub(super) payers: Option<i64>,
    pub(super) paid: i64,
    pub(super) refunded: i64,
    pub(super) gold_sold: i64,
    pub(super) gold_granted: i64,
    pub(super) gold_given: i64,
    pub(super) users_share: i64,
    pub(super) platform_share: i64,
    pub(super) paid_out: i64,
}

impl Figures {
    pub(super) fn add_money(&mut self, money: &DailyMoney) {
        self.orders += money.orders;
        self.paid += money.paid.get();
        self.refunded += money.refunded.get();
        self.paid_out += money.paid_out.get();
    }

    pub(super) fn add_sum(&mut self, sum: &DailySum) {
        let coins = sum.coins;
        match sum.kind {
            EntryKind::Recharge => self.gold_sold += coins,
            EntryKind::Grant => self.gold_granted += coins,
            EntryKind::Gift => {
                self.gold_given += coins;
                match sum.to {
                    AccountClass::System(SystemAccount::Platform) => self.platform_share += coins,
                    AccountClass::Balance(BalanceKind::Income | BalanceKind::Debt) => {
                        self.users_share += coins;
                    }
                    AccountClass::System(_) | AccountClass::Balance(_) => {}
                }
            }
            EntryKind::Reversal => self.take_off(sum),
            EntryKind::Refund
            | EntryKind::RefundReturned
            | EntryKind::Hold
            | EntryKind::Payout
            | EntryKind::PayoutReturned => {}
        }
    }

    /// Takes off what a grant or a gift moved in the other direction.
    fn take_off(&mut self, reversal: &DailySum) {
        let coins = reversal.coins;
        match (reversal.from, reversal.to) {
            (_, AccountClass::System(SystemAccount::Grants)) => self.gold_granted -= coins,
            (AccountClass::System(SystemAccount::Platform), _) => {
                self.gold_given -= coins;
                self.platform_share -= coins;
            }
            (AccountClass::Balance(BalanceKind::Income | BalanceKind::Debt), _) => {
                self.gold_given -= coins;
                self.users_share -= coins;
            }
            (AccountClass::System(_) | AccountClass::Balance(_), _) => {}
        }
    }

    /// Whether nothing moved. Nobody paid then either.
    pub(super) fn is_empty(&self) -> bool {
        *self
            == Self {
                payers: self.payers,
                ..Self::default()
            }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.paid += other.paid;
        self.refunded += other.refunded;
        self.gold_sold += other.gold_sold;
        self.gold_granted += other.gold_granted;
        self.gold_given += other.gold_given;
        self.users_share += other.users_share;
        self.platform_share += other.platform_share;
        self.paid_out += other.paid_out;
    }
}

/// The coins that were given as gifts, less what was reversed.
pub(super) fn coins_given(sums: &[DailySum]) -> i64 {
    let mut figures = Figures::default();
    for sum in sums {
        figures.add_sum(sum);
    }
    figures.gold_given
}

#[cfg(test)]
mod tests {
    use qlive_ledger::Day;

    use super::*;

    #[test]
    fn reversal_is_taken_off_what_it_reverses() {
        let balance = AccountClass::Balance;
        let system = AccountClass::System;
        let platform = system(SystemAccount::Platform);
        let moved = [
            (
                EntryKind::Grant,
                system(SystemAccount::Grants),
                balance(BalanceKind::Granted),
                9,
            ),
            (
                EntryKind::Gift,
                balance(BalanceKind::Bought),
                balance(BalanceKind::Income),
                4,
            ),
            (
                EntryKind::Gift,
                balance(BalanceKind::Granted),
                balance(BalanceKind::Debt),
                2,
            ),
            (EntryKind::Gift, balance(BalanceKind::Bought), platform, 3),
        ];
        let mut figures = Figures::default();
        let sum = |kind, from, to, coins| DailySum {
            day: Day::from_number(1),
            kind,
            from,
            to,
            transfers: 1,
            coins,
        };
        for (kind, from, to, coins) in moved {
            figures.add_sum(&sum(kind, from, to, coins));
        }
        assert_eq!((figures.gold_granted, figures.gold_given), (9, 9));
        assert_eq!((figures.users_share, figures.platform_share), (6, 3));
        for (_, from, to, coins) in moved {
            figures.add_sum(&sum(EntryKind::Reversal, to, from, coins));
        }
        assert_eq!(figures, Figures::default());
    }
}
