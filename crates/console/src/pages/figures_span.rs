//! The days of the figures, and how they are grouped.

use qlive_ledger::Day;
use qlive_types::Moment;

use crate::http::Visit;
use crate::texts::Texts;

/// How many days are shown when nothing else is asked for.
const DAYS: i64 = 30;
/// The most days.
pub(super) const MOST_DAYS: i64 = 90;
/// How many months are shown.
const MONTHS: i64 = 12;

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
    pub(super) days: i64,
    pub(super) first: Day,
    pub(super) last: Day,
}

impl Span {
    pub(super) fn new(now: Moment, by: By, days: i64) -> Self {
        let last = Day::of(now);
        let first = if by == By::Month {
            first_of_month(last, MONTHS - 1)
        } else {
            last.plus(1 - days)
        };
        Self {
            by,
            days,
            first,
            last,
        }
    }

    pub(super) fn of(visit: &Visit) -> Self {
        let by = visit.query("by").and_then(|by| By::parse(&by));
        let days = visit.query("days").and_then(|days| days.parse().ok());
        let days = days.unwrap_or(DAYS).clamp(1, MOST_DAYS);
        Self::new(visit.now, by.unwrap_or(By::Day), days)
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

    pub(super) fn query(self) -> String {
        format!("/figures?by={}&days={}", self.by.name(), self.days)
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
    fn months_are_counted_back_over_the_year() {
        let day = Day::of(Moment::parse_day("2026-02-28").unwrap());
        for (before, first) in [(0, "2026-02-01"), (1, "2026-01-01"), (11, "2025-03-01")] {
            assert_eq!(name_of(first_of_month(day, before)), first);
        }
    }
}
