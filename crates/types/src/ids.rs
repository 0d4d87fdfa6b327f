//! Identifiers. Each is a type of its own, so that passing a room id as a user id does not compile.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A user: a unique random number of eight decimal digits. It is a string on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(i64);

impl UserId {
    /// The smallest number with eight digits.
    pub const MIN: i64 = 10_000_000;
    /// The largest number with eight digits.
    pub const MAX: i64 = 99_999_999;

    /// The user with this number; `None` unless it has eight digits.
    #[must_use]
    pub fn new(number: i64) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&number)
            .then_some(Self(number))
    }

    /// Parses the wire form: exactly eight ASCII digits, the first of them not zero.
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

/// Declares the id of a database row.
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
    /// A room. A matchmaker has one room for all of their broadcasts. `live_id` on the wire.
    LiveId
}
row_id! {
    /// One broadcast of a room, from the host's entry to the end of the broadcast.
    BroadcastId
}

row_id! {
    /// An entry of the ledger: a set of transfers that are committed together.
    EntryId
}

/// The Tencent IM group of a room. We choose its name ourselves, so that a request to create it
/// can be repeated when the first one got no answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(String);

impl GroupId {
    /// Wraps the name of a group.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name of the group in Tencent IM.
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
    fn user_id_without_exactly_eight_digits_is_refused() {
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
