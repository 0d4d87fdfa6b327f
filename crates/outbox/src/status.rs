//! [`Status`]: how far the delivery of an outbox row has come.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::Bool;
use serde::Serialize;

/// How far the delivery of an outbox row has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// To be delivered.
    Waiting,
    /// IM or CSS accepted it.
    Delivered,
    /// It was out of date when its turn came, or another row includes it.
    Skipped,
    /// IM or CSS refused it for good. An operator can try it again.
    Parked,
}

impl Status {
    const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Skipped, Self::Parked];

    /// The stored number. It never changes its meaning.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Waiting => 0,
            Self::Delivered => 1,
            Self::Skipped => 2,
            Self::Parked => 3,
        }
    }

    /// The condition that a row has this status, as the partial indexes have it: with a number in
    /// place of a parameter.
    pub(crate) fn condition(self) -> SqlLiteral<Bool> {
        sql(&format!("outbox.status = {}", self.number()))
    }

    /// The status with this number; `None` if no status has it.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_numbers_are_fixed() {
        assert_eq!(Status::ALL.map(Status::number), [0, 1, 2, 3]);
        for status in Status::ALL {
            assert_eq!(Status::from_number(status.number()), Some(status));
        }
        assert_eq!(Status::from_number(4), None);
    }
}
