//! Money of the house: whole coins, checked arithmetic, no floating point.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Gold or income, in whole coins. Never above 2^53 − 1, so that a JavaScript
/// client reads every amount exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coins(i64);

/// An amount left the range of [`Coins`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the amount is out of range")
    }
}

impl std::error::Error for TooMany {}

impl Coins {
    /// None at all.
    pub const ZERO: Self = Self(0);
    /// The largest amount: 2^53 − 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// An amount that is not negative and not above [`Coins::MAX`].
    pub fn new(amount: i64) -> Result<Self, TooMany> {
        if (0..=Self::MAX.0).contains(&amount) { Ok(Self(amount)) } else { Err(TooMany) }
    }

    /// The number of coins.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_stay_in_range() {
        assert_eq!(Coins::new(0), Ok(Coins::ZERO));
        assert_eq!(Coins::new(9_007_199_254_740_991), Ok(Coins::MAX));
        assert_eq!(Coins::new(9_007_199_254_740_992), Err(TooMany));
        assert_eq!(Coins::new(-1), Err(TooMany));
    }
}
