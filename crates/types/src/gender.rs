//! Gender. It also names a guest's seat on stage: a room has one seat for each gender.

use serde::{Deserialize, Serialize};

/// The gender of a user. Its number is the same on the wire, at WeChat and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Gender {
    Male,
    Female,
}

impl Gender {
    /// Both genders, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Male, Self::Female];

    /// The gender with this number, `None` when there is no such gender.
    ///
    /// Takes an `i64` because requests carry 64-bit integers; a stored `i32` converts with `into`.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Male),
            2 => Some(Self::Female),
            _ => None,
        }
    }

    /// The number on the wire and in the database.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Male => 1,
            Self::Female => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gender_numbers_read_back_as_the_same_gender() {
        for gender in Gender::ALL {
            assert_eq!(Gender::from_number(gender.number().into()), Some(gender));
        }
        for unknown in [-1, 0, 3] {
            assert_eq!(Gender::from_number(unknown), None);
        }
    }
}
