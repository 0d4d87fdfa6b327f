//! Entries: what is to be moved, and why.

use qlive_types::{Coins, TooMany};

use crate::{Account, LedgerError};

/// What happened. The numbers are stored and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An order was paid.
    Recharge,
    /// An operator gave gold.
    Grant,
    /// A gift was sent.
    Gift,
    /// Money went back to a buyer.
    Refund,
    /// A refund was refused after all.
    RefundReturned,
    /// Income was set aside for a withdrawal.
    Hold,
    /// A withdrawal was paid.
    Payout,
    /// A withdrawal was not paid.
    PayoutReturned,
    /// An operator took another entry back.
    Reversal,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Recharge,
        Self::Grant,
        Self::Gift,
        Self::Refund,
        Self::RefundReturned,
        Self::Hold,
        Self::Payout,
        Self::PayoutReturned,
        Self::Reversal,
    ];

    /// The stored number.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Recharge => 1,
            Self::Grant => 2,
            Self::Gift => 3,
            Self::Refund => 4,
            Self::RefundReturned => 5,
            Self::Hold => 6,
            Self::Payout => 7,
            Self::PayoutReturned => 8,
            Self::Reversal => 9,
        }
    }

    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// Why a single transfer moves. The numbers are stored and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Recharge,
    /// A recharge paid what a refund had left open.
    DebtPaid,
    Grant,
    GiftReceived,
    GiftHosted,
    GiftHouse,
    Refund,
    /// The part of a refund that was spent already.
    RefundOwed,
    RefundReturned,
    Hold,
    Payout,
    PayoutReturned,
}

impl Code {
    /// The stored number.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Recharge => 1,
            Self::DebtPaid => 2,
            Self::Grant => 3,
            Self::GiftReceived => 4,
            Self::GiftHosted => 5,
            Self::GiftHouse => 6,
            Self::Refund => 7,
            Self::RefundOwed => 8,
            Self::RefundReturned => 9,
            Self::Hold => 10,
            Self::Payout => 11,
            Self::PayoutReturned => 12,
        }
    }
}

/// Coins from one account to another. Sums to zero by its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    pub from: Account,
    pub to: Account,
    pub amount: Coins,
    /// The number of a [`Code`].
    pub(crate) code: i32,
}

/// Transfers that stand or fall together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) kind: Kind,
    pub(crate) subject: String,
    pub(crate) reverses: Option<i64>,
    pub(crate) transfers: Vec<Transfer>,
}

impl Entry {
    /// An entry about `subject`: the number of an order, a refund, a withdrawal, or an operator's words.
    #[must_use]
    pub fn new(kind: Kind, subject: impl Into<String>) -> Self {
        Self {
            kind,
            subject: subject.into(),
            reverses: None,
            transfers: Vec::new(),
        }
    }

    /// With one more transfer; one of nothing is left out.
    #[must_use]
    pub fn moving(mut self, from: Account, to: Account, amount: Coins, code: Code) -> Self {
        if !amount.is_zero() {
            self.transfers.push(Transfer {
                from,
                to,
                amount,
                code: code.number(),
            });
        }
        self
    }

    /// With these transfers too.
    #[must_use]
    pub fn with(mut self, transfers: impl IntoIterator<Item = Transfer>) -> Self {
        self.transfers.extend(transfers);
        self
    }

    /// Everything it moves, added up.
    pub(crate) fn total(&self) -> Result<Coins, TooMany> {
        self.transfers
            .iter()
            .try_fold(Coins::ZERO, |sum, transfer| sum.plus(transfer.amount))
    }
}

/// Fills the sinks from the sources, each in their order, with as few
/// transfers as that takes. Both sides must come to the same sum.
pub fn flow(
    sources: &[(Account, Coins)],
    sinks: &[(Account, Coins, Code)],
) -> Result<Vec<Transfer>, LedgerError> {
    let mut left = sources
        .iter()
        .copied()
        .filter(|(_, amount)| !amount.is_zero());
    let mut source = left.next();
    let mut transfers = Vec::new();
    for (to, wanted, code) in sinks {
        let mut wanted = *wanted;
        while !wanted.is_zero() {
            let (from, has) = source.ok_or(LedgerError::Unbalanced)?;
            let amount = has.min(wanted);
            transfers.push(Transfer {
                from,
                to: *to,
                amount,
                code: code.number(),
            });
            wanted = wanted.minus(amount)?;
            let rest = has.minus(amount)?;
            source = if rest.is_zero() {
                left.next()
            } else {
                Some((from, rest))
            };
        }
    }
    if source.is_some() {
        Err(LedgerError::Unbalanced)
    } else {
        Ok(transfers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, System};
    use qlive_types::UserId;

    fn coins(amount: i64) -> Coins {
        Coins::new(amount).unwrap()
    }

    fn user(purpose: Purpose) -> Account {
        Account::User(UserId::new(10_000_001).unwrap(), purpose)
    }

    #[test]
    fn numbers_never_change_their_meaning() {
        assert_eq!(Kind::ALL.map(Kind::number), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(Kind::from_number(0), None);
        let codes = [
            Code::Recharge,
            Code::DebtPaid,
            Code::Grant,
            Code::GiftReceived,
            Code::GiftHosted,
            Code::GiftHouse,
            Code::Refund,
            Code::RefundOwed,
            Code::RefundReturned,
            Code::Hold,
            Code::Payout,
            Code::PayoutReturned,
        ];
        assert_eq!(
            codes.map(Code::number),
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        );
    }

    #[test]
    fn sources_fill_sinks_in_order() {
        let (granted, bought) = (user(Purpose::Granted), user(Purpose::Bought));
        let (house, other) = (Account::System(System::House), user(Purpose::Income));
        let sinks = [
            (other, coins(5), Code::GiftReceived),
            (house, coins(5), Code::GiftHouse),
        ];
        let moved = flow(
            &[
                (granted, coins(3)),
                (user(Purpose::Held), coins(0)),
                (bought, coins(7)),
            ],
            &sinks,
        )
        .unwrap();
        let seen: Vec<_> = moved
            .iter()
            .map(|t| (t.from, t.to, t.amount.get(), t.code))
            .collect();
        assert_eq!(
            seen,
            [
                (granted, other, 3, 4),
                (bought, other, 2, 4),
                (bought, house, 5, 6)
            ]
        );
        assert!(matches!(
            flow(&[(bought, coins(9))], &sinks),
            Err(LedgerError::Unbalanced)
        ));
        assert!(matches!(
            flow(&[(bought, coins(11))], &sinks),
            Err(LedgerError::Unbalanced)
        ));
        assert_eq!(flow(&[], &[]).unwrap(), []);
    }

    #[test]
    fn a_transfer_of_nothing_is_left_out() {
        let entry = Entry::new(Kind::Grant, "x")
            .moving(
                Account::System(System::Grants),
                user(Purpose::Granted),
                Coins::ZERO,
                Code::Grant,
            )
            .moving(
                Account::System(System::Grants),
                user(Purpose::Granted),
                coins(2),
                Code::Grant,
            );
        assert_eq!((entry.transfers.len(), entry.total()), (1, Ok(coins(2))));
    }
}
