//! Amounts: coins, our own currency, and fen, hundredths of a yuan. Arithmetic is on integers
//! and checked.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of gold or income in whole coins, from 0 to 2^53 − 1: a JavaScript client represents
/// every amount in that range exactly.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Coins(i64);

/// An amount is outside the range of [`Coins`] or [`Fen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountOutOfRange;

impl fmt::Display for AmountOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the amount is out of range")
    }
}

impl std::error::Error for AmountOutOfRange {}

impl Coins {
    /// No coins.
    pub const ZERO: Self = Self(0);
    /// The largest amount: 2^53 − 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// An amount of coins.
    ///
    /// # Errors
    /// When it is negative or above [`Coins::MAX`].
    pub fn new(amount: i64) -> Result<Self, AmountOutOfRange> {
        if (0..=Self::MAX.0).contains(&amount) {
            Ok(Self(amount))
        } else {
            Err(AmountOutOfRange)
        }
    }

    /// The number of coins.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether the amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum of both amounts.
    ///
    /// # Errors
    /// When the sum is above [`Coins::MAX`].
    pub fn checked_add(self, other: Self) -> Result<Self, AmountOutOfRange> {
        // The sum of two 53-bit amounts fits into 64 bits.
        Self::new(self.0 + other.0)
    }

    /// The amount less `other`.
    ///
    /// # Errors
    /// When `other` is larger.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountOutOfRange> {
        Self::new(self.0 - other.0)
    }

    /// The amount multiplied by `count`.
    ///
    /// # Errors
    /// When the product is negative or above [`Coins::MAX`].
    pub fn checked_mul(self, count: i64) -> Result<Self, AmountOutOfRange> {
        self.0
            .checked_mul(count)
            .ok_or(AmountOutOfRange)
            .and_then(Self::new)
    }

    /// `numerator / denominator` of the amount, rounded down.
    ///
    /// # Errors
    /// When the numerator is negative, the denominator is not positive, or the result is above
    /// [`Coins::MAX`].
    pub fn portion_floor(self, numerator: i64, denominator: i64) -> Result<Self, AmountOutOfRange> {
        scaled(self.0, numerator, denominator, Rounding::Down).and_then(Self::new)
    }

    /// `numerator / denominator` of the amount, rounded up.
    ///
    /// # Errors
    /// As for [`Coins::portion_floor`].
    pub fn portion_ceil(self, numerator: i64, denominator: i64) -> Result<Self, AmountOutOfRange> {
        scaled(self.0, numerator, denominator, Rounding::Up).and_then(Self::new)
    }
}

impl fmt::Display for Coins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An amount of money in whole fen (hundredths of a yuan), from 0 to 2^53 − 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount: 2^53 − 1.
    const MAX: i64 = (1 << 53) - 1;

    /// An amount of fen.
    ///
    /// # Errors
    /// When it is negative or above 2^53 − 1.
    pub fn new(amount: i64) -> Result<Self, AmountOutOfRange> {
        if (0..=Self::MAX).contains(&amount) {
            Ok(Self(amount))
        } else {
            Err(AmountOutOfRange)
        }
    }

    /// Parses an amount in yuan with at most two decimal places: `6`, `6.00`, `0.01`.
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

    /// The amount in yuan, written like a JSON number: `6`, `0.01`, `12.5`.
    #[must_use]
    pub fn yuan(self) -> String {
        let (yuan, part) = (self.0 / 100, self.0 % 100);
        match part {
            0 => yuan.to_string(),
            part => format!("{yuan}.{}", format!("{part:02}").trim_end_matches('0')),
        }
    }

    /// The sum of both amounts.
    ///
    /// # Errors
    /// When the sum is above 2^53 − 1.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountOutOfRange> {
        Self::new(self.0 + other.0)
    }

    /// The amount less `other`.
    ///
    /// # Errors
    /// When `other` is larger.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountOutOfRange> {
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
) -> Result<i64, AmountOutOfRange> {
    if numerator < 0 || denominator <= 0 {
        return Err(AmountOutOfRange);
    }
    let (product, denominator) = (
        i128::from(amount) * i128::from(numerator),
        i128::from(denominator),
    );
    let more = i128::from(rounding == Rounding::Up && product % denominator != 0);
    i64::try_from(product / denominator + more)
        .ok()
        .ok_or(AmountOutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coins(amount: i64) -> Coins {
        Coins::new(amount).unwrap()
    }

    #[test]
    fn coins_out_of_range_are_refused() {
        assert_eq!(Coins::new(0), Ok(Coins::ZERO));
        assert_eq!(Coins::new(9_007_199_254_740_991), Ok(Coins::MAX));
        assert_eq!(Coins::new(9_007_199_254_740_992), Err(AmountOutOfRange));
        assert_eq!(Coins::new(-1), Err(AmountOutOfRange));
        assert_eq!(Coins::MAX.checked_add(coins(1)), Err(AmountOutOfRange));
        assert_eq!(coins(3).checked_sub(coins(4)), Err(AmountOutOfRange));
        assert_eq!(coins(3).checked_sub(coins(3)), Ok(Coins::ZERO));
        assert_eq!(Coins::MAX.checked_mul(2), Err(AmountOutOfRange));
        assert_eq!(Coins::MAX.checked_mul(i64::MAX), Err(AmountOutOfRange));
        assert_eq!(coins(7).checked_mul(3), Ok(coins(21)));
    }

    #[test]
    fn portions_round_down_or_up() {
        assert_eq!(coins(29).portion_floor(1, 2), Ok(coins(14)));
        assert_eq!(coins(29).portion_ceil(1, 2), Ok(coins(15)));
        assert_eq!(coins(30).portion_ceil(1, 2), Ok(coins(15)));
        assert_eq!(coins(0).portion_ceil(1, 3), Ok(Coins::ZERO));
        assert_eq!(Coins::MAX.portion_floor(10_000, 10_000), Ok(Coins::MAX));
        assert_eq!(Coins::MAX.portion_floor(i64::MAX, 1), Err(AmountOutOfRange));
        assert_eq!(coins(1).portion_floor(1, 0), Err(AmountOutOfRange));
        assert_eq!(coins(1).portion_floor(-1, 1), Err(AmountOutOfRange));
    }

    #[test]
    fn yuan_text_converts_to_fen_and_back() {
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
        assert_eq!(Fen::new(-1), Err(AmountOutOfRange));
        assert_eq!(
            Fen::new(5).unwrap().checked_sub(Fen::new(6).unwrap()),
            Err(AmountOutOfRange)
        );
    }
}
