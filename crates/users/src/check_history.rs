//! [`CheckHistory`]: which nicknames WeChat has passed lately, and how often it was asked.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qlive_types::{Tick, UserId};

/// How long a passed nickname is remembered, and the period in which checks are counted.
const PERIOD: Duration = Duration::from_secs(60);
/// How many checks a user may cause within a period.
const CHECKS_PER_PERIOD: usize = 20;
/// When so many users are remembered, those whose period is over are forgotten.
const MANY_USERS: usize = 10_000;

/// The checks of the last minute on this instance, by user. WeChat counts the checks of all users
/// together, so one user must not use up the quota.
#[derive(Debug, Default)]
pub(crate) struct CheckHistory(Mutex<HashMap<UserId, UserChecks>>);

#[derive(Debug)]
struct UserChecks {
    since: Tick,
    count: usize,
    passed: Vec<String>,
}

/// What to do about a nickname that a user wants to set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CheckDecision {
    /// WeChat has passed it for this user within the period.
    Passed,
    /// WeChat must be asked. It is counted already.
    Ask,
    /// The user has caused too many checks.
    TooMany,
}

impl CheckHistory {
    /// Decides about a nickname, and counts the check when WeChat must be asked.
    pub(crate) fn decide(&self, user: UserId, nickname: &str, now: Tick) -> CheckDecision {
        let is_over = |checks: &UserChecks| now.since(checks.since) >= PERIOD;
        let mut users = self.users();
        if users.len() >= MANY_USERS {
            users.retain(|_, checks| !is_over(checks));
        }
        let new = || UserChecks {
            since: now,
            count: 0,
            passed: Vec::new(),
        };
        let checks = users.entry(user).or_insert_with(new);
        if is_over(checks) {
            *checks = new();
        }
        if checks.passed.iter().any(|passed| passed == nickname) {
            CheckDecision::Passed
        } else if checks.count >= CHECKS_PER_PERIOD {
            CheckDecision::TooMany
        } else {
            checks.count += 1;
            CheckDecision::Ask
        }
    }

    /// Remembers that WeChat has passed a nickname.
    pub(crate) fn remember(&self, user: UserId, nickname: &str) {
        if let Some(checks) = self.users().get_mut(&user) {
            checks.passed.push(nickname.to_owned());
        }
    }

    fn users(&self) -> MutexGuard<'_, HashMap<UserId, UserChecks>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use qlive_types::Clock;

    use super::*;

    #[test]
    fn passed_nickname_is_not_checked_again_within_a_minute() {
        let (history, clock) = (CheckHistory::default(), Clock::system());
        let user = UserId::new(20_000_001).unwrap();
        let decide = |name: &str| history.decide(user, name, clock.tick());
        assert_eq!(decide("a"), CheckDecision::Ask);
        assert_eq!(decide("a"), CheckDecision::Ask, "not passed yet");
        history.remember(user, "a");
        assert_eq!(decide("a"), CheckDecision::Passed);
        assert_eq!(decide("b"), CheckDecision::Ask);
        clock.advance(PERIOD);
        assert_eq!(decide("a"), CheckDecision::Ask);
    }

    #[test]
    fn user_causes_a_bounded_number_of_checks_a_minute() {
        let (history, clock) = (CheckHistory::default(), Clock::system());
        let [user, other] = [20_000_001, 20_000_002].map(|id| UserId::new(id).unwrap());
        for number in 0..CHECKS_PER_PERIOD {
            let name = number.to_string();
            assert_eq!(
                history.decide(user, &name, clock.tick()),
                CheckDecision::Ask
            );
        }
        assert_eq!(
            history.decide(user, "one more", clock.tick()),
            CheckDecision::TooMany
        );
        assert_eq!(
            history.decide(other, "one more", clock.tick()),
            CheckDecision::Ask
        );
        clock.advance(PERIOD);
        assert_eq!(
            history.decide(user, "one more", clock.tick()),
            CheckDecision::Ask
        );
    }
}
