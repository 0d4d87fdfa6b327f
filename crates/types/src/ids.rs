//! Identifiers. Each is its own type, so that a room can never be passed where a user is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A user: eight decimal digits, drawn at random, unique. On the wire a string.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(i64);

impl UserId {
    /// The smallest id with eight digits.
    pub const MIN: i64 = 10_000_000;
    /// The largest id with eight digits.
    pub const MAX: i64 = 99_999_999;

    /// The user with this number, when it has eight digits.
    #[must_use]
    pub fn new(number: i64) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&number)
            .then_some(Self(number))
    }

    /// Reads the wire form: exactly eight ASCII digits, the first not zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        digits
            .then(|| text.parse().ok())
            .flatten()
            .and_then(Self::new)
    }

    /// The number as stored.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user {}", self.0)
    }
}

/// Declares an id that is a database row's number.
macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a number read from the database or from a request.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number as stored.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id! {
    /// A room, which a matchmaker keeps for all his broadcasts. On the wire `live_id`.
    LiveId
}
row_id! {
    /// One broadcast of a room, from the host's entry to its end.
    BroadcastId
}

row_id! {
    /// An entry of the ledger: transfers that stand or fall together.
    EntryId
}

/// The Tencent IM group of a room. We choose the name ourselves, so that a
/// creation that was answered by silence can be asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(String);

impl GroupId {
    /// Wraps a stored or received group name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The group name as Tencent IM knows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_eight_digits() {
        assert_eq!(UserId::parse("12345678").map(UserId::get), Some(12_345_678));
        for wrong in [
            "",
            "1234567",
            "123456789",
            "01234567",
            "+1234567",
            "1234 678",
            "１２３４５６７８",
        ] {
            assert_eq!(UserId::parse(wrong), None, "{wrong}");
        }
    }
}
