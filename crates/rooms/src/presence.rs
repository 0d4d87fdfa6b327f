//! `presence`: the number of a user's entry, by which a late call is known.

/// Grows with each entry of a user, in whatever room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Presence(i64);

impl Presence {
    /// A number read from the database or from a call.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}
