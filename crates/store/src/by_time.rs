//! Finding rows by their time in a table whose numbers grow with it, without an index of the time.
//!
//! Rows are numbered in the order of their times, but for [`Moment::CLOCK_DIFFERENCE`]: clocks of
//! instances differ, and a transaction reads the clock before it inserts. What was written while a
//! clock was further ahead may be missed.

use qlive_types::Moment;

/// The number from which on rows may be from `since` or later. No earlier row is; some later ones
/// may not be, so the time is compared too. `last` is the greatest number of the table, and `next`
/// reads the first row from a number on: its number and its time in milliseconds.
///
/// # Errors
/// Those of `next`.
pub fn first_since<E>(
    last: i64,
    since: Moment,
    next: impl FnMut(i64) -> Result<Option<(i64, i64)>, E>,
) -> Result<i64, E> {
    first_at(last, since.before(Moment::CLOCK_DIFFERENCE), next)
}

/// The number from which on all rows are from `until` or later. Some earlier ones may be too, so
/// the time is compared as well. The rest is as for [`first_since`].
///
/// # Errors
/// Those of `next`.
pub fn end_before<E>(
    last: i64,
    until: Moment,
    next: impl FnMut(i64) -> Result<Option<(i64, i64)>, E>,
) -> Result<i64, E> {
    first_at(last, until.after(Moment::CLOCK_DIFFERENCE), next)
}

fn first_at<E>(
    last: i64,
    at: Moment,
    mut next: impl FnMut(i64) -> Result<Option<(i64, i64)>, E>,
) -> Result<i64, E> {
    let (mut low, mut high) = (1, last.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        match next(middle)? {
            Some((number, time)) if time < at.millis() => low = number.saturating_add(1),
            _ => high = middle,
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Rows with gaps, of which every third was written by a clock that is 40 s behind.
    fn rows() -> Vec<(i64, i64)> {
        let time = |n: i64| n * 10_000 - if n % 3 == 0 { 40_000 } else { 0 };
        (1..500).map(|n| (n * 7 % 11 + n * 20, time(n))).collect()
    }

    fn next(rows: &[(i64, i64)], from: i64) -> Result<Option<(i64, i64)>, Infallible> {
        let found = rows.iter().filter(|(number, _)| *number >= from).min();
        Ok(found.copied())
    }

    #[test]
    fn nothing_of_the_wanted_time_is_left_out() {
        let rows = rows();
        let last = rows.iter().map(|(number, _)| *number).max().unwrap();
        for at in (-100_000..5_200_000).step_by(7_001) {
            let at = Moment::from_millis(at);
            let Ok(first) = first_since(last, at, |from| next(&rows, from));
            let Ok(end) = end_before(last, at, |from| next(&rows, from));
            for (number, time) in &rows {
                let is_since = *time >= at.millis();
                assert!(!is_since || *number >= first, "{number} since {at:?}");
                assert!(is_since || *number < end, "{number} before {at:?}");
            }
            // And not much more is read: what two minutes hold.
            let within = |(number, time): &&(i64, i64)| {
                let since_but_earlier = *number >= first && *time < at.millis() - 120_000;
                let before_but_later = *number < end && *time > at.millis() + 120_000;
                since_but_earlier || before_but_later
            };
            assert_eq!(rows.iter().find(within), None, "{at:?}");
        }
    }

    #[test]
    fn empty_table_begins_and_ends_at_one() {
        let none = |_| Ok::<_, Infallible>(None);
        assert_eq!(first_since(0, Moment::from_millis(5), none), Ok(1));
        assert_eq!(end_before(0, Moment::from_millis(5), none), Ok(1));
    }
}
