//! When a provider is asked again.

use std::time::Duration;

use qlive_types::Moment;

/// The waits before each further question, in seconds; the last one repeats.
const WAITS: [u64; 7] = [10, 20, 30, 60, 120, 300, 600];
/// For how long a question is one worker's alone: several calls that each take their time fit in.
pub(crate) const LEASE: Duration = Duration::from_secs(120);
/// The most questions put in one look at one matter.
pub(crate) const BATCH: i64 = 40;
/// The most put at once.
pub(crate) const AT_ONCE: usize = 8;

/// What was asked so far about one matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) times: i32,
    /// When the last question was put, or the matter came up.
    pub(crate) last: Moment,
}

impl Asked {
    pub(crate) const fn never(came_up: Moment) -> Self {
        Self {
            times: 0,
            last: came_up,
        }
    }

    /// As the database has it, in milliseconds: zero for a question that was never put.
    pub(crate) fn stored(times: i32, asked_at: i64, came_up: i64) -> Self {
        Self {
            times,
            last: Moment::from_millis(asked_at.max(came_up)),
        }
    }

    /// When to ask again. It counts from the question: however long its answer took to come
    /// and to be written down, it puts the next one off no further.
    pub(crate) fn again_at(self) -> Moment {
        self.last.after(wait_after(self.times))
    }
}

/// How long to wait after so many questions.
fn wait_after(asks: i32) -> Duration {
    let index = usize::try_from(asks).unwrap_or(0);
    Duration::from_secs(WAITS.get(index).copied().unwrap_or(600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_then_stay() {
        let waits = [-1, 0, 1, 6, 7, i32::MAX].map(|asks| wait_after(asks).as_secs());
        assert_eq!(waits, [10, 10, 20, 600, 600, 600]);
    }

    #[test]
    fn they_count_from_the_last_question() {
        assert_eq!(
            Asked::never(Moment::from_millis(5)).again_at(),
            Moment::from_millis(10_005)
        );
        assert_eq!(Asked::stored(0, 0, 5), Asked::never(Moment::from_millis(5)));
        assert_eq!(
            Asked::stored(1, 70, 5).again_at(),
            Moment::from_millis(20_070)
        );
    }
}
