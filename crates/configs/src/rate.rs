//! Decimal rates, kept as whole ten-thousandths.

use std::fmt;

/// A rate with at most four decimal places, not negative: 0.5, 0.1, 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(i64);

impl Rate {
    /// Parts that make one whole.
    pub const SCALE: i64 = 10_000;
    /// 1.
    pub const ONE: Self = Self(Self::SCALE);
    /// Digits before the point, which keeps products far from overflow.
    const MAX_WHOLE_DIGITS: usize = 6;

    /// Reads plain decimal text: digits, perhaps a point and up to four more digits.
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

    /// The rate in ten-thousandths.
    #[must_use]
    pub const fn ten_thousandths(self) -> i64 {
        self.0
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
    fn rates_read_as_they_are_written() {
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
