//! Decimal rates.

use std::fmt;

use qlive_types::{AmountOutOfRange, Coins};

/// A rate of zero or more with at most four decimal places, in whole ten-thousandths: 0.5, 0.1, 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(i64);

impl Rate {
    /// The parts that make a rate of one: ten thousand.
    pub const SCALE: i64 = 10_000;
    /// A rate of one.
    pub const ONE: Self = Self(Self::SCALE);
    /// The most digits before the point; the limit keeps products within 64 bits.
    const MAX_WHOLE_DIGITS: usize = 6;

    /// Parses decimal text: one to six digits, optionally a point and one to four more digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.len() > Self::MAX_WHOLE_DIGITS || part.len() > 4
        {
            return None;
        }
        let part: i64 = format!("{part:0<4}").parse().ok()?;
        Some(Self(whole.parse::<i64>().ok()? * Self::SCALE + part))
    }

    /// The rate in ten-thousandths, of which [`Rate::SCALE`] make one.
    #[must_use]
    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }

    /// This rate of an amount, rounded down.
    ///
    /// # Errors
    /// When the product is above [`Coins::MAX`].
    pub fn of(self, amount: Coins) -> Result<Coins, AmountOutOfRange> {
        amount.portion_floor(self.0, Self::SCALE)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / Self::SCALE, self.0 % Self::SCALE);
        if part == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{part:04}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_text_converts_to_a_rate_and_back() {
        for text in ["0", "0.5", "0.1", "1", "0.0001", "12.34", "999999"] {
            assert_eq!(Rate::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Rate::parse("0.50").unwrap().to_string(), "0.5");
        for wrong in [
            "", ".", ".5", "5.", "-1", "0.00001", "1e3", "½", "1000000", "0,5", " 1",
        ] {
            assert_eq!(Rate::parse(wrong), None, "{wrong}");
        }
    }
}
