//! Entries and transfers: what moves, between which accounts, and why.

use qlive_types::{AmountOutOfRange, Coins, UserId};

use crate::account::Account;

/// Why an entry was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// An order was paid.
    Recharge,
    /// An operator granted gold.
    Grant,
    /// A user gave a gift.
    Gift,
    /// Coins were taken back for a refund.
    Refund,
    /// The refund was refused, and its coins were returned.
    RefundReturned,
    /// Income was set aside for a withdrawal.
    Hold,
    /// A withdrawal was paid out.
    Payout,
    /// A withdrawal was not paid out, and its income was returned.
    PayoutReturned,
    /// An operator reversed another entry.
    Reversal,
}

impl EntryKind {
    /// Whether such an entry is in the history of a user. A payout moves only what was set aside.
    #[must_use]
    pub const fn is_in_histories(self) -> bool {
        !matches!(self, Self::Payout)
    }

    /// Its name for operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recharge => "Recharge",
            Self::Grant => "Grant",
            Self::Gift => "Gift",
            Self::Refund => "Refund",
            Self::RefundReturned => "RefundReturned",
            Self::Hold => "Hold",
            Self::Payout => "Payout",
            Self::PayoutReturned => "PayoutReturned",
            Self::Reversal => "Reversal",
        }
    }

    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 9] = [
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

    /// The stored number. It never changes its meaning.
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

    /// Whether such entries spend income or bring new income, which a user with a debt may not.
    /// The others that change income return what was there before.
    pub(crate) const fn spends_or_brings_income(self) -> bool {
        matches!(self, Self::Gift | Self::Hold)
    }

    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// Why a single transfer moves coins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferCode {
    /// Gold of a paid order, to its buyer.
    Recharge,
    /// The part of a paid order, or of coins that a refused refund returns, that settles the
    /// buyer's debt. Shares of gifts that settle a debt keep their own codes.
    DebtPaid,
    /// Gold that an operator granted.
    Grant,
    /// The receiver's share of a gift.
    GiftReceived,
    /// The host's share of a gift.
    GiftHosted,
    /// The platform's share of a gift.
    GiftPlatform,
    /// Gold that a refund took from the buyer.
    Refund,
    /// The part of a refund that was already spent and became the buyer's debt.
    RefundDebt,
    /// Coins of a refused refund, back to the buyer.
    RefundReturned,
    /// Income that is set aside for a withdrawal.
    Hold,
    /// Held income that was paid out.
    Payout,
    /// Held income that was not paid out, back to the user.
    PayoutReturned,
}

impl TransferCode {
    /// The stored number. It never changes its meaning.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Recharge => 1,
            Self::DebtPaid => 2,
            Self::Grant => 3,
            Self::GiftReceived => 4,
            Self::GiftHosted => 5,
            Self::GiftPlatform => 6,
            Self::Refund => 7,
            Self::RefundDebt => 8,
            Self::RefundReturned => 9,
            Self::Hold => 10,
            Self::Payout => 11,
            Self::PayoutReturned => 12,
        }
    }
}

/// Coins that move from one account to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The account that is debited.
    pub from: Account,
    /// The account that is credited.
    pub to: Account,
    pub amount: Coins,
    /// The number of a [`TransferCode`]. A reversal copies it from the row that it reverses.
    pub(crate) code: i32,
}

/// Transfers that are committed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) kind: EntryKind,
    pub(crate) subject: String,
    /// The id of the entry that this one reverses.
    pub(crate) reverses: Option<i64>,
    pub(crate) transfers: Vec<Transfer>,
}

impl Entry {
    /// An entry without transfers. `subject` is the number of the order, refund, withdrawal or gift
    /// that it records, or an operator's reason.
    #[must_use]
    pub fn new(kind: EntryKind, subject: impl Into<String>) -> Self {
        Self {
            kind,
            subject: subject.into(),
            reverses: None,
            transfers: Vec::new(),
        }
    }

    /// Adds a transfer, unless its amount is zero.
    #[must_use]
    pub fn with_transfer(
        mut self,
        from: Account,
        to: Account,
        amount: Coins,
        code: TransferCode,
    ) -> Self {
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

    /// Adds transfers.
    #[must_use]
    pub fn with_transfers(mut self, transfers: impl IntoIterator<Item = Transfer>) -> Self {
        self.transfers.extend(transfers);
        self
    }

    /// The users whose balances the entry moves.
    pub(crate) fn users(&self) -> impl Iterator<Item = UserId> {
        let accounts = self.transfers.iter();
        let accounts = accounts.flat_map(|transfer| [transfer.from, transfer.to]);
        accounts.filter_map(|account| match account {
            Account::User(user, _) => Some(user),
            Account::System(_) => None,
        })
    }

    /// The sum of the transfers.
    pub(crate) fn total(&self) -> Result<Coins, AmountOutOfRange> {
        self.transfers
            .iter()
            .try_fold(Coins::ZERO, |sum, transfer| {
                sum.checked_add(transfer.amount)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{BalanceKind, SystemAccount};

    #[test]
    fn stored_numbers_are_fixed() {
        assert_eq!(
            EntryKind::ALL.map(EntryKind::number),
            [1, 2, 3, 4, 5, 6, 7, 8, 9]
        );
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(EntryKind::from_number(0), None);
        let codes = [
            TransferCode::Recharge,
            TransferCode::DebtPaid,
            TransferCode::Grant,
            TransferCode::GiftReceived,
            TransferCode::GiftHosted,
            TransferCode::GiftPlatform,
            TransferCode::Refund,
            TransferCode::RefundDebt,
            TransferCode::RefundReturned,
            TransferCode::Hold,
            TransferCode::Payout,
            TransferCode::PayoutReturned,
        ];
        assert_eq!(
            codes.map(TransferCode::number),
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        );
    }

    #[test]
    fn transfer_of_zero_coins_is_left_out() {
        let from = Account::System(SystemAccount::Grants);
        let to = Account::User(UserId::new(10_000_001).unwrap(), BalanceKind::Granted);
        let two = Coins::new(2).unwrap();
        let entry = Entry::new(EntryKind::Grant, "x")
            .with_transfer(from, to, Coins::ZERO, TransferCode::Grant)
            .with_transfer(from, to, two, TransferCode::Grant);
        assert_eq!((entry.transfers.len(), entry.total()), (1, Ok(two)));
    }
}
