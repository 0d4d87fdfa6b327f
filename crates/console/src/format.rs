//! How values are shown.

use std::time::Duration;

use qlive_types::{Coins, Fen, Moment};

use crate::texts::{Texts, fill};

/// The most that is counted.
pub(crate) const MOST_COUNTED: i64 = 10_000;

/// A count that ended one above [`MOST_COUNTED`].
pub(crate) fn counted(count: i64) -> String {
    if count > MOST_COUNTED {
        format!("{}+", grouped(MOST_COUNTED))
    } else {
        grouped(count)
    }
}

/// The number of a badge, whose queries count up to 1,000.
pub(crate) fn badge(count: i64) -> String {
    if count >= 1_000 {
        "999+".to_owned()
    } else {
        count.to_string()
    }
}

/// How long ago something was, in the largest unit that fits.
pub(crate) fn ago(t: &'static Texts, age: Duration) -> String {
    let p = &t.pages;
    let secs = age.as_secs();
    let (text, number) = match secs {
        0..60 => (p.seconds, secs),
        60..3_600 => (p.minutes, secs / 60),
        3_600..86_400 => (p.hours, secs / 3_600),
        _ => (p.whole_days, secs / 86_400),
    };
    fill(text, &[&number.to_string()])
}

/// A time in Shanghai: `2026-11-27 17:05:09`.
pub(crate) fn time(moment: Moment) -> String {
    moment.shanghai().replace('T', " ")
}

/// Coins with separators: `1,234`.
pub(crate) fn coins(coins: Coins) -> String {
    grouped(coins.get())
}

/// An amount of money: `¥1,234.50`.
pub(crate) fn yuan(fen: Fen) -> String {
    let (whole, rest) = (fen.get() / 100, fen.get() % 100);
    format!("¥{}.{rest:02}", grouped(whole))
}

/// An amount of money as a plain number, for files: `1234.50`.
pub(crate) fn plain_yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// A movement with its sign: `+60`, `−60`.
pub(crate) fn signed(amount: i64) -> String {
    let sign = match amount {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    let size = i64::try_from(amount.unsigned_abs()).unwrap_or(i64::MAX);
    format!("{sign}{}", grouped(size))
}

/// A whole number with separators.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len() - index;
        if index > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The address of a picture that a page may show; empty for any other address.
pub(crate) fn picture(address: &str) -> &str {
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    if is_web { address } else { "" }
}

/// An openid or another personal number with its middle hidden.
pub(crate) fn masked(text: &str) -> String {
    let count = text.chars().count();
    if count <= 8 {
        return "••••".to_owned();
    }
    let first: String = text.chars().take(3).collect();
    let last: String = text.chars().skip(count - 3).collect();
    format!("{first}••••{last}")
}

/// The last four characters of a number, which are typed to confirm.
pub(crate) fn last_four(number: &str) -> String {
    let count = number.chars().count();
    number.chars().skip(count.saturating_sub(4)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (-1_000, "-1,000"),
            (-100, "-100"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn counts_end() {
        assert_eq!(counted(10_000), "10,000");
        assert_eq!(counted(10_001), "10,000+");
        assert_eq!((badge(999), badge(1_000)), ("999".into(), "999+".into()));
    }

    #[test]
    fn movements_carry_their_sign() {
        assert_eq!(signed(60), "+60");
        assert_eq!(signed(-1_060), "−1,060");
        assert_eq!(signed(0), "0");
        assert_eq!(signed(i64::MIN), "−9,223,372,036,854,775,807");
    }

    #[test]
    fn money_has_two_decimals() {
        assert_eq!(yuan(Fen::new(600).unwrap()), "¥6.00");
        assert_eq!(yuan(Fen::new(123_456_705).unwrap()), "¥1,234,567.05");
        assert_eq!(yuan(Fen::new(5).unwrap()), "¥0.05");
        assert_eq!(yuan(Fen::new(650).unwrap()), "¥6.50");
        assert_eq!(plain_yuan(123_450), "1234.50");
    }

    #[test]
    fn only_pictures_of_the_web_are_shown() {
        assert_eq!(
            picture("https://a.example/b.png"),
            "https://a.example/b.png"
        );
        for other in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//a.example/b",
            "",
        ] {
            assert_eq!(picture(other), "");
        }
    }

    #[test]
    fn personal_numbers_show_their_ends_only() {
        assert_eq!(masked("oABCDEFGHIJKLMNOPQRSTUVWXYZ0"), "oAB••••YZ0");
        assert_eq!(masked("short"), "••••");
    }
}
