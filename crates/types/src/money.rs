//! Money of the house: whole coins and whole fen, checked arithmetic, no floating point.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Gold or income, in whole coins. Never negative, and never above 2^53 − 1,
/// so that a JavaScript client reads every amount exactly.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Coins(i64);

/// An amount left the range of [`Coins`] or [`Fen`].
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
        if (0..=Self::MAX.0).contains(&amount) {
            Ok(Self(amount))
        } else {
            Err(TooMany)
        }
    }

    /// The number of coins.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Result<Self, TooMany> {
        // Two amounts of 53 bits: far from the end of 64.
        Self::new(self.0 + other.0)
    }

    /// What is left without `other`; an error when that is more than there is.
    pub fn minus(self, other: Self) -> Result<Self, TooMany> {
        Self::new(self.0 - other.0)
    }

    /// So many times the amount.
    pub fn times(self, count: i64) -> Result<Self, TooMany> {
        self.0.checked_mul(count).ok_or(TooMany).and_then(Self::new)
    }

    /// `numerator / denominator` of the amount, rounded down.
    pub fn portion(self, numerator: i64, denominator: i64) -> Result<Self, TooMany> {
        scaled(self.0, numerator, denominator, Rounding::Down).and_then(Self::new)
    }

    /// `numerator / denominator` of the amount, rounded up.
    pub fn portion_up(self, numerator: i64, denominator: i64) -> Result<Self, TooMany> {
        scaled(self.0, numerator, denominator, Rounding::Up).and_then(Self::new)
    }
}

impl fmt::Display for Coins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Money of the outside: hundredths of a yuan. Never negative.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(i64);

impl Fen {
    /// The largest amount: 2^53 − 1.
    const MAX: i64 = (1 << 53) - 1;

    /// An amount that is not negative and below 2^53.
    pub fn new(amount: i64) -> Result<Self, TooMany> {
        if (0..=Self::MAX).contains(&amount) {
            Ok(Self(amount))
        } else {
            Err(TooMany)
        }
    }

    /// Reads yuan as people and bills write them: `6`, `6.00`, `0.01`.
    #[must_use]
    pub fn parse_yuan(text: &str) -> Option<Self> {
        let (yuan, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(yuan) || !digits(part) || part.len() > 2 {
            return None;
        }
        let part: i64 = format!("{part:0<2}").parse().ok()?;
        let fen = yuan
            .parse::<i64>()
            .ok()?
            .checked_mul(100)?
            .checked_add(part)?;
        Self::new(fen).ok()
    }

    /// The number of fen.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// In yuan, as a JSON number is written: `6`, `0.01`, `12.5`.
    #[must_use]
    pub fn yuan(self) -> String {
        let (yuan, part) = (self.0 / 100, self.0 % 100);
        match part {
            0 => yuan.to_string(),
            part => format!("{yuan}.{}", format!("{part:02}").trim_end_matches('0')),
        }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Result<Self, TooMany> {
        Self::new(self.0 + other.0)
    }

    /// What is left without `other`; an error when that is more than there is.
    pub fn minus(self, other: Self) -> Result<Self, TooMany> {
        Self::new(self.0 - other.0)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Down,
    Up,
}

/// `amount × numerator ÷ denominator` of numbers that are not negative.
fn scaled(
    amount: i64,
    numerator: i64,
    denominator: i64,
    rounding: Rounding,
) -> Result<i64, TooMany> {
    if numerator < 0 || denominator <= 0 {
        return Err(TooMany);
    }
    let (product, denominator) = (
        i128::from(amount) * i128::from(numerator),
        i128::from(denominator),
    );
    let more = i128::from(rounding == Rounding::Up && product % denominator != 0);
    i64::try_from(product / denominator + more)
        .ok()
        .ok_or(TooMany)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coins(amount: i64) -> Coins {
        Coins::new(amount).unwrap()
    }

    #[test]
    fn coins_stay_in_range() {
        assert_eq!(Coins::new(0), Ok(Coins::ZERO));
        assert_eq!(Coins::new(9_007_199_254_740_991), Ok(Coins::MAX));
        assert_eq!(Coins::new(9_007_199_254_740_992), Err(TooMany));
        assert_eq!(Coins::new(-1), Err(TooMany));
        assert_eq!(Coins::MAX.plus(coins(1)), Err(TooMany));
        assert_eq!(coins(3).minus(coins(4)), Err(TooMany));
        assert_eq!(coins(3).minus(coins(3)), Ok(Coins::ZERO));
        assert_eq!(Coins::MAX.times(2), Err(TooMany));
        assert_eq!(Coins::MAX.times(i64::MAX), Err(TooMany));
        assert_eq!(coins(7).times(3), Ok(coins(21)));
    }

    #[test]
    fn portions_round_as_they_say() {
        assert_eq!(coins(29).portion(1, 2), Ok(coins(14)));
        assert_eq!(coins(29).portion_up(1, 2), Ok(coins(15)));
        assert_eq!(coins(30).portion_up(1, 2), Ok(coins(15)));
        assert_eq!(coins(0).portion_up(1, 3), Ok(Coins::ZERO));
        assert_eq!(Coins::MAX.portion(10_000, 10_000), Ok(Coins::MAX));
        assert_eq!(Coins::MAX.portion(i64::MAX, 1), Err(TooMany));
        assert_eq!(coins(1).portion(1, 0), Err(TooMany));
        assert_eq!(coins(1).portion(-1, 1), Err(TooMany));
    }

    #[test]
    fn yuan_are_read_and_written() {
        for (text, fen) in [
            ("6", 600),
            ("0.01", 1),
            ("12.5", 1250),
            ("0", 0),
            ("90071992547409.91", (1 << 53) - 1),
        ] {
            assert_eq!(Fen::parse_yuan(text).map(Fen::get), Some(fen), "{text}");
            assert_eq!(Fen::new(fen).unwrap().yuan(), text);
        }
        assert_eq!(Fen::parse_yuan("6.00").map(Fen::get), Some(600));
        for wrong in [
            "",
            ".",
            "6.",
            ".5",
            "-1",
            "0.001",
            "1e3",
            "６",
            " 6",
            "90071992547409.92",
            "9999999999999999999",
        ] {
            assert_eq!(Fen::parse_yuan(wrong), None, "{wrong}");
        }
        assert_eq!(Fen::new(-1), Err(TooMany));
        assert_eq!(
            Fen::new(5).unwrap().minus(Fen::new(6).unwrap()),
            Err(TooMany)
        );
    }
}
