//! When a provider is queried again.

use std::time::Duration;

use qlive_types::Moment;

use crate::polling::lease::LONGEST_WAIT;

/// The waits before each further query, in seconds. The last one repeats.
const WAITS: [u64; 7] = [10, 20, 30, 60, 120, 300, 600];

/// The queries that the poller has made about one order, refund or withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueryHistory {
    pub(crate) count: i32,
    /// When the last query was made; when the row was created, if none was.
    pub(crate) last: Moment,
}

impl QueryHistory {
    /// The history of a row that was just created.
    pub(crate) const fn empty(created_at: Moment) -> Self {
        Self {
            count: 0,
            last: created_at,
        }
    }

    /// Reads the columns `query_count`, `queried_at` (0: never) and `created_at`, in milliseconds.
    pub(crate) fn from_columns(count: i32, queried_at: i64, created_at: i64) -> Self {
        Self {
            count,
            last: Moment::from_millis(queried_at.max(created_at)),
        }
    }

    /// When to query next. The wait counts from when the last query was made, so a slow answer does
    /// not delay the next one; from now, when that lies ahead because the clock was set back.
    pub(crate) fn next_query_at(self, now: Moment) -> Moment {
        self.last.min(now).after(wait_after(self.count))
    }
}

/// The wait after this many queries.
fn wait_after(count: i32) -> Duration {
    let index = usize::try_from(count).unwrap_or(0);
    WAITS
        .get(index)
        .map_or(LONGEST_WAIT, |secs| Duration::from_secs(*secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_ten_minutes() {
        let waits = [-1, 0, 1, 6, 7, i32::MAX].map(|count| wait_after(count).as_secs());
        assert_eq!(waits, [10, 10, 20, 600, 600, 600]);
    }

    #[test]
    fn wait_counts_from_the_last_query() {
        let created_at = Moment::from_millis(5);
        assert_eq!(
            QueryHistory::empty(created_at).next_query_at(Moment::from_millis(9)),
            Moment::from_millis(10_005)
        );
        assert_eq!(
            QueryHistory::from_columns(0, 0, 5),
            QueryHistory::empty(created_at)
        );
        assert_eq!(
            QueryHistory::from_columns(1, 70, 5).next_query_at(Moment::from_millis(90)),
            Moment::from_millis(20_070)
        );
    }

    #[test]
    fn wait_counts_from_now_after_the_clock_was_set_back() {
        let created_at = 3_600_000;
        let now = Moment::from_millis(500);
        let history = QueryHistory::from_columns(1, 400, created_at);
        assert_eq!(history.next_query_at(now), Moment::from_millis(20_500));
    }
}
