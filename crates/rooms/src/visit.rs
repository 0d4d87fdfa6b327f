//! The number of a user's visit, by which a late call is recognized.

/// Counts how often a user has entered a room, over all rooms. On the wire it is `presence`.
///
/// A client may send the number it got when it entered. A call with a number lower than the current
/// one was made before the user entered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VisitNumber(i64);

impl VisitNumber {
    /// Wraps a number from the database or the wire.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number for the database or the wire.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}
