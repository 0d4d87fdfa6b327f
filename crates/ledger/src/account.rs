//! The accounts of the ledger and the numbers under which they are stored.

use qlive_store::StoreError;
use qlive_types::UserId;

/// Numbers below this are system accounts.
const FIRST_USER_NUMBER: i64 = 100;
/// The number of a user's account is the user id times this, plus the number of the balance.
const ACCOUNTS_PER_USER: i64 = 10;

/// The balances of a user. Each is an account of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BalanceKind {
    /// Gold that was paid for.
    Bought,
    /// Gold that an operator granted.
    Granted,
    /// Income from gifts.
    Income,
    /// Income that is set aside for a withdrawal.
    Held,
    /// Coins that a refund took although they were already spent. Zero or negative.
    Debt,
}

impl BalanceKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Bought,
        Self::Granted,
        Self::Income,
        Self::Held,
        Self::Debt,
    ];

    /// The balances whose changes appear in a user's history: all but `Held`, since every change of
    /// it also changes the income.
    pub(crate) const IN_HISTORY: [Self; 4] =
        [Self::Bought, Self::Granted, Self::Income, Self::Debt];

    /// The number that is part of stored account numbers. It never changes its meaning.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Bought => 1,
            Self::Granted => 2,
            Self::Income => 3,
            Self::Held => 4,
            Self::Debt => 5,
        }
    }

    /// The column of `ledger_balances` that holds the balance.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::Granted => "granted",
            Self::Income => "income",
            Self::Held => "held",
            Self::Debt => "debt",
        }
    }

    /// The SQL expression of the account number of this balance, for audit queries. `user_id` is
    /// the SQL expression of the user id, for instance a column.
    #[must_use]
    pub fn account_sql(self, user_id: &str) -> String {
        format!("({user_id} * {ACCOUNTS_PER_USER} + {})", self.number())
    }

    /// The SQL expression of the number of the balance within the account number `account`.
    pub(crate) fn number_sql(account: &str) -> String {
        format!("({account} % {ACCOUNTS_PER_USER})")
    }

    /// The SQL expression of the user id within the account number `account`. Not the id of any
    /// user for the number of a system account.
    pub(crate) fn user_id_sql(account: &str) -> String {
        format!("({account} / {ACCOUNTS_PER_USER})")
    }
}

/// The accounts that belong to no user: the platform's own, and the counterparts of transfers into
/// and out of the ledger. Their balances may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SystemAccount {
    /// The platform's share of gifts.
    Platform,
    /// The source of the gold that operators grant.
    Grants,
    /// The destination of income that was paid out in yuan.
    PaidOut,
    /// The source of gold paid for with WeChat Pay, and the destination of its refunds.
    WechatPay,
    /// The source of gold paid for with virtual payment, and the destination of its refunds.
    Virtual,
}

impl SystemAccount {
    /// All system accounts, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Platform,
        Self::Grants,
        Self::PaidOut,
        Self::WechatPay,
        Self::Virtual,
    ];

    /// The stored account number. It never changes its meaning.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Platform => 1,
            Self::Grants => 2,
            Self::PaidOut => 3,
            Self::WechatPay => 4,
            Self::Virtual => 5,
        }
    }

    /// The name in audit reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Grants => "grants",
            Self::PaidOut => "paid_out",
            Self::WechatPay => "wechat_pay",
            Self::Virtual => "virtual",
        }
    }
}

/// One side of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// A balance of a user.
    User(UserId, BalanceKind),
    /// An account of no user.
    System(SystemAccount),
}

impl Account {
    /// The stored number: below 100 for a system account, otherwise the user id times ten plus the
    /// number of the balance.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::User(user, kind) => user.get() * ACCOUNTS_PER_USER + kind.number(),
            Self::System(system) => system.number(),
        }
    }

    /// The account with this number; `None` if no account has it.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        if number < FIRST_USER_NUMBER {
            return SystemAccount::ALL
                .into_iter()
                .find(|system| system.number() == number)
                .map(Self::System);
        }
        let kind = BalanceKind::ALL
            .into_iter()
            .find(|kind| kind.number() == number % ACCOUNTS_PER_USER)?;
        UserId::new(number / ACCOUNTS_PER_USER).map(|user| Self::User(user, kind))
    }

    /// The account with this number, read from a row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if no account has the number.
    pub(crate) fn from_stored(number: i64) -> Result<Self, StoreError> {
        Self::from_number(number).ok_or(StoreError::Corrupt("an account number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_is_found_by_its_number_and_other_numbers_are_none() {
        let user = UserId::new(12_345_678).unwrap();
        let users = BalanceKind::ALL.map(|kind| Account::User(user, kind));
        let systems = SystemAccount::ALL.map(Account::System);
        for account in users.into_iter().chain(systems) {
            assert_eq!(Account::from_number(account.number()), Some(account));
        }
        assert_eq!(Account::User(user, BalanceKind::Debt).number(), 123_456_785);
        for wrong in [
            0,
            6,
            99,
            100,
            123_456_780,
            123_456_786,
            -1,
            12_345_671,
            1_234_567_891,
            i64::MAX,
        ] {
            assert_eq!(Account::from_number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn stored_number_of_no_account_is_corrupt() {
        let read = Account::from_stored(99);
        assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    }

    #[test]
    fn numbers_and_names_of_system_accounts_are_fixed() {
        let named =
            SystemAccount::ALL.map(|system| (Account::System(system).number(), system.name()));
        assert_eq!(
            named,
            [
                (1, "platform"),
                (2, "grants"),
                (3, "paid_out"),
                (4, "wechat_pay"),
                (5, "virtual")
            ]
        );
    }

    #[test]
    fn account_sql_is_the_formula_of_the_number() {
        assert_eq!(
            BalanceKind::Income.account_sql("s.giver_id"),
            "(s.giver_id * 10 + 3)"
        );
    }
}
