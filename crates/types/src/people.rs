//! Gender, and the seat it gives a right to.

use serde::{Deserialize, Serialize};

/// 1 male, 2 female, everywhere: in the contract, at WeChat, in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Gender {
    Male,
    Female,
}

impl Gender {
    /// Both, in the order of `num_list`.
    pub const ALL: [Self; 2] = [Self::Male, Self::Female];

    /// The gender with this number on the wire.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Male),
            2 => Some(Self::Female),
            _ => None,
        }
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Male => 1,
            Self::Female => 2,
        }
    }
}

/// One of the two guest seats on stage. There is one for each gender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Seat {
    Male,
    Female,
}

impl From<Gender> for Seat {
    fn from(gender: Gender) -> Self {
        match gender {
            Gender::Male => Self::Male,
            Gender::Female => Self::Female,
        }
    }
}

impl From<Seat> for Gender {
    fn from(seat: Seat) -> Self {
        match seat {
            Seat::Male => Self::Male,
            Seat::Female => Self::Female,
        }
    }
}
