//! Accounts and their numbers.

use qlive_types::UserId;

/// What a user's coins are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Gold that was paid for.
    Bought,
    /// Gold that an operator gave.
    Granted,
    /// What gifts brought in.
    Income,
    /// Income on its way out.
    Held,
    /// What a refund took that was spent already. Its balance is zero or negative.
    Debt,
}

impl Purpose {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Bought,
        Self::Granted,
        Self::Income,
        Self::Held,
        Self::Debt,
    ];

    const fn number(self) -> i64 {
        match self {
            Self::Bought => 1,
            Self::Granted => 2,
            Self::Income => 3,
            Self::Held => 4,
            Self::Debt => 5,
        }
    }
}

/// The house's own accounts, and those that stand for the outside. They may go below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// The house's share in gifts.
    House,
    /// Where operators' grants come from.
    Grants,
    /// Where income goes that was paid out in yuan.
    PaidOut,
    /// WeChat Pay: gold comes from here when it was paid for, and goes back with a refund.
    WechatPay,
    /// Virtual payment: the same.
    Virtual,
}

impl System {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::House,
        Self::Grants,
        Self::PaidOut,
        Self::WechatPay,
        Self::Virtual,
    ];

    const fn number(self) -> i64 {
        match self {
            Self::House => 1,
            Self::Grants => 2,
            Self::PaidOut => 3,
            Self::WechatPay => 4,
            Self::Virtual => 5,
        }
    }

    /// Its name in the audit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::House => "house",
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
    User(UserId, Purpose),
    System(System),
}

impl Account {
    /// The number under which transfers name it: below 100 the system's, else user × 10 + purpose.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::User(user, purpose) => user.get() * 10 + purpose.number(),
            Self::System(system) => system.number(),
        }
    }

    /// The account with this number, when there can be one.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        if number < 100 {
            return System::ALL
                .into_iter()
                .find(|system| system.number() == number)
                .map(Self::System);
        }
        let purpose = Purpose::ALL
            .into_iter()
            .find(|purpose| purpose.number() == number % 10)?;
        UserId::new(number / 10).map(|user| Self::User(user, purpose))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_a_number_of_its_own() {
        let user = UserId::new(12_345_678).unwrap();
        let users = Purpose::ALL.map(|purpose| Account::User(user, purpose));
        let systems = System::ALL.map(Account::System);
        for account in users.into_iter().chain(systems) {
            assert_eq!(Account::from_number(account.number()), Some(account));
        }
        assert_eq!(Account::User(user, Purpose::Debt).number(), 123_456_785);
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
    fn numbers_and_names_stay_what_they_are() {
        let named = System::ALL.map(|system| (Account::System(system).number(), system.name()));
        assert_eq!(
            named,
            [
                (1, "house"),
                (2, "grants"),
                (3, "paid_out"),
                (4, "wechat_pay"),
                (5, "virtual")
            ]
        );
    }
}
