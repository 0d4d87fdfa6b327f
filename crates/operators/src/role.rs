//! The roles of operators.

/// What an operator is there for. What each role may do is in [`crate::Action`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Everything, and the operators themselves.
    Owner,
    /// Rooms, users and what they say.
    Operator,
    /// Orders, refunds, withdrawals, reconciliation and reports.
    Finance,
    /// Reads everything; notes, sessions of users, questions to the provider.
    Support,
    /// Reads everything, without personal data, and changes nothing.
    Auditor,
}

impl Role {
    /// All roles, the widest first.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Operator,
        Self::Finance,
        Self::Support,
        Self::Auditor,
    ];

    /// The name that the terminal and the audit log use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
            Self::Finance => "finance",
            Self::Support => "support",
            Self::Auditor => "auditor",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// As it is stored.
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Owner => 1,
            Self::Operator => 2,
            Self::Finance => 3,
            Self::Support => 4,
            Self::Auditor => 5,
        }
    }

    /// The role that is stored as this number.
    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
            assert_eq!(Role::from_number(role.number()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
        assert_eq!(Role::from_number(6), None);
    }
}
