//! When a provider is asked again.

use std::time::Duration;

/// The waits before each further question, in seconds; the last one repeats.
const WAITS: [u64; 7] = [10, 20, 30, 60, 120, 300, 600];
/// For how long a question is one worker's alone: several calls that each take their time fit in.
pub(crate) const LEASE: Duration = Duration::from_secs(120);
/// The most questions put in one look at one matter.
pub(crate) const BATCH: i64 = 40;
/// The most put at once.
pub(crate) const AT_ONCE: usize = 8;

/// How long to wait after so many questions.
#[must_use]
pub(crate) fn wait_after(asks: i32) -> Duration {
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
}
