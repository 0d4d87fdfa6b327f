//! The days of the figures, and how they are grouped.

use qlive_ledger::Day;
use qlive_types::Moment;

use super::list::Filters;
use crate::texts::Texts;

/// How many days are shown when nothing else is asked for.
const DAYS: i64 = 30;
/// The most days: three months.
pub(super) const MOST_DAYS: i64 = 92;
/// How many months are shown when nothing else is asked for.
const MONTHS: i64 = 12;
/// The most months.
pub(super) const MOST_MONTHS: i64 = 36;

/// What the figures are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Day,
    Month,
    Host,
}

impl By {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "day" => Some(Self::Day),
            "month" => Some(Self::Month),
            "host" => Some(Self::Host),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Host => "host",
        }
    }

    /// What a group is called.
    pub(super) const fn label(self, t: &'static Texts) -> &'static str {
        match self {
            Self::Day => t.pages.day,
            Self::Month => t.pages.month,
            Self::Host => t.pages.host,
        }
    }

    /// What it is called to group by it.
    pub(super) const fn choice(self, t: &'static Texts) -> &'static str {
        match self {
            Self::Day => t.pages.by_day,
            Self::Month => t.pages.by_month,
            Self::Host => t.pages.by_host,
        }
    }
}

/// The days that are asked for, and how they are grouped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) by: By,
    pub(super) first: Day,
    pub(super) last: Day,
}

impl Span {
    /// The days from the first to the last, or all days of their months; `None` if these are none,
    /// or too many.
    pub(super) fn new(by: By, first: Day, last: Day) -> Option<Self> {
        let (first, last) = if by == By::Month {
            (first_of_month(first, 0), first_of_month(last, -1).plus(-1))
        } else {
            (first, last)
        };
        (earliest(by, last) <= first && first <= last).then_some(Self { by, first, last })
    }

    /// The days of the URL: from a day until a day, or so many days until today. More than there
    /// may be are left out; the second value says whether any were.
    pub(super) fn read(read: &mut Filters<'_>, now: Moment) -> (Self, bool) {
        let by = read.read("by", By::parse).unwrap_or(By::Day);
        let number = |days: &str| days.parse().ok().filter(|days| *days >= 1);
        let days: i64 = read.read("days", number).unwrap_or(DAYS);
        let mut day = |name| Some(Day::of(read.read(name, Moment::parse_day)?));
        let (from, until) = (day("from"), day("until"));
        let last = until.unwrap_or_else(|| Day::of(now));
        let wanted = from.unwrap_or_else(|| match by {
            By::Month => first_of_month(last, MONTHS - 1),
            By::Day | By::Host => last.plus(1 - days),
        });
        let first = wanted.max(earliest(by, last)).min(last);
        let span = Self { by, first, last };
        (
            Self::new(by, first, last).unwrap_or(span),
            first > wanted || wanted > last,
        )
    }

    /// The name of the group of a day.
    pub(super) fn group(self, day: Day) -> String {
        let name = name_of(day);
        if self.by == By::Month {
            name.chars().take("2026-11".len()).collect()
        } else {
            name
        }
    }

    /// Its page.
    pub(super) fn path(self) -> String {
        let (first, last) = (name_of(self.first), name_of(self.last));
        format!("/figures?by={}&from={first}&until={last}", self.by.name())
    }

    /// The form that downloads it.
    pub(super) fn export_path(self) -> String {
        let (first, last) = (name_of(self.first), name_of(self.last));
        format!("/figures/export/{}/{first}/{last}", self.by.name())
    }
}

/// The earliest day that figures until a day may begin with.
fn earliest(by: By, last: Day) -> Day {
    match by {
        By::Month => first_of_month(last, MOST_MONTHS - 1),
        By::Day | By::Host => last.plus(1 - MOST_DAYS),
    }
}

/// The first day of the month so many months before the one of a day.
fn first_of_month(day: Day, before: i64) -> Day {
    let name = name_of(day);
    let mut parts = name.split('-').map(|part| part.parse::<i64>().unwrap_or(1));
    let (year, month) = (parts.next().unwrap_or(1970), parts.next().unwrap_or(1));
    let months = year * 12 + month - 1 - before;
    let first = format!(
        "{:04}-{:02}-01",
        months.div_euclid(12),
        months.rem_euclid(12) + 1
    );
    Moment::parse_day(&first).map_or(day, Day::of)
}

pub(super) fn name_of(day: Day) -> String {
    let begin = day.begin().shanghai();
    begin.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn span_has_days_and_not_too_many() {
        let day = |name| Day::of(Moment::parse_day(name).unwrap());
        let span = |by, first, last| {
            let span = Span::new(by, day(first), day(last))?;
            Some((name_of(span.first), name_of(span.last)))
        };
        let some = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
        let (a, b) = ("2026-08-31", "2026-11-30");
        assert_eq!(span(By::Day, a, b), some(a, b), "92 days");
        assert_eq!(span(By::Host, a, b), some(a, b), "92 days");
        assert_eq!(span(By::Day, "2026-08-30", b), None, "93 days");
        assert_eq!(span(By::Day, b, a), None, "none");
        assert_eq!(span(By::Month, a, b), some("2026-08-01", b), "whole months");
        assert_eq!(span(By::Month, "2023-12-31", b), some("2023-12-01", b));
        assert_eq!(span(By::Month, "2023-11-30", b), None, "37 months");
        assert_eq!(
            span(By::Month, "2026-09-10", "2026-10-15"),
            some("2026-09-01", "2026-10-31")
        );
    }

    #[test]
    fn months_are_counted_back_over_the_year() {
        let day = Day::of(Moment::parse_day("2026-02-28").unwrap());
        for (before, first) in [(0, "2026-02-01"), (1, "2026-01-01"), (11, "2025-03-01")] {
            assert_eq!(name_of(first_of_month(day, before)), first);
        }
    }
}
