//! [`KnownTokens`]: whom the tokens of recent calls belong to, so that most calls need no query.
//!
//! What is known of a token is used for a minute, unless a change is noticed before: at once when
//! this instance makes the change and calls [`KnownTokens::forget`], within two seconds when
//! another one does. For that a worker reads the recorded changes and reports each reading to
//! [`KnownTokens::changes_read`]; while it does not, nothing is known.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use qlive_types::{Moment, Tick, UserId};

use crate::tokens::{AuthenticatedUser, TokenHash};

/// How long a token is known.
const MAX_AGE: Duration = Duration::from_secs(60);
/// How old the last reading of the changes may be. With it, a change by another instance is
/// noticed within two seconds.
const MAX_READING_AGE: Duration = Duration::from_millis(1_900);
/// How many tokens are known at most.
const MAX_TOKENS: usize = 200_000;
/// In place of a moment: never.
const NEVER: i64 = i64::MIN;

/// What is known of a valid token.
#[derive(Debug)]
pub struct KnownToken {
    pub caller: AuthenticatedUser,
    /// When its use was last recorded; `None` when it was not since it was issued.
    used_at: AtomicI64,
    /// When activity of its user in a room was last recorded; `None` when they were in none.
    active_at: AtomicI64,
    /// The last call that was answered by this knowledge and counts as activity.
    called_at: AtomicI64,
}

impl KnownToken {
    /// What was read: whom a token belongs to, when its use was recorded after it was issued, and
    /// when their activity in a room was.
    #[must_use]
    pub fn new(
        caller: AuthenticatedUser,
        used_at: Option<Moment>,
        active_at: Option<Moment>,
    ) -> Self {
        let stored = |at: Option<Moment>| AtomicI64::new(at.map_or(NEVER, Moment::millis));
        Self {
            caller,
            used_at: stored(used_at),
            active_at: stored(active_at),
            called_at: AtomicI64::new(NEVER),
        }
    }

    /// When the use of the token was last recorded; `None` when it was not since it was issued.
    #[must_use]
    pub fn used_at(&self) -> Option<Moment> {
        moment(&self.used_at)
    }

    /// When activity of the user in a room was last recorded; `None` when they were in none.
    #[must_use]
    pub fn active_at(&self) -> Option<Moment> {
        moment(&self.active_at)
    }

    /// Notes that the use of the token is recorded.
    pub fn set_used_at(&self, now: Moment) {
        self.used_at.store(now.millis(), Ordering::Relaxed);
    }

    /// Notes that activity of the user is recorded.
    pub fn set_active_at(&self, now: Moment) {
        self.active_at.store(now.millis(), Ordering::Relaxed);
    }
}

fn moment(stored: &AtomicI64) -> Option<Moment> {
    let millis = stored.load(Ordering::Relaxed);
    (millis != NEVER).then(|| Moment::from_millis(millis))
}

/// The beginning of a query about a token. What it finds is known afterwards, unless something was
/// forgotten meanwhile: the query may not have seen why.
#[derive(Debug, Clone, Copy)]
pub struct TokenQuery {
    began: Tick,
    forgotten: u64,
}

/// The known tokens of one instance.
#[derive(Debug, Default)]
pub struct KnownTokens(RwLock<Table>);

#[derive(Debug, Default)]
struct Table {
    by_hash: HashMap<TokenHash, (Tick, Arc<KnownToken>)>,
    by_user: HashMap<UserId, Vec<TokenHash>>,
    /// How often something was forgotten.
    forgotten: u64,
    /// When the last reading of the changes began.
    changes_read: Option<Tick>,
}

impl KnownTokens {
    /// What is known of a token. With `call`, notes the call: see [`KnownTokens::forget`].
    pub fn find(
        &self,
        hash: &TokenHash,
        now: Tick,
        call: Option<Moment>,
    ) -> Option<Arc<KnownToken>> {
        // The call is noted under the lock, so that whoever forgets the token learns of it.
        let table = self.read();
        let read_at = table.changes_read?;
        if now.since(read_at) >= MAX_READING_AGE {
            return None;
        }
        let (began, token) = table.by_hash.get(hash)?;
        if now.since(*began) >= MAX_AGE {
            return None;
        }
        if let Some(at) = call {
            token.called_at.fetch_max(at.millis(), Ordering::Relaxed);
        }
        Some(Arc::clone(token))
    }

    /// Begins a query. Call it before the database is asked.
    #[must_use]
    pub fn begin_query(&self, now: Tick) -> TokenQuery {
        TokenQuery {
            began: now,
            forgotten: self.read().forgotten,
        }
    }

    /// Remembers what a query found.
    pub fn remember(&self, query: TokenQuery, hash: TokenHash, token: Arc<KnownToken>) {
        let mut table = self.write();
        if table.forgotten != query.forgotten || table.changes_read.is_none() {
            return;
        }
        if table.by_hash.len() >= MAX_TOKENS {
            table.remove_old(query.began);
        }
        let user = token.caller.user;
        if table.by_hash.insert(hash, (query.began, token)).is_none() {
            table.by_user.entry(user).or_default().push(hash);
        }
    }

    /// Forgets the tokens of a user, of whom something has changed: call it after the commit.
    /// Returns the last call of the user that was answered without knowing of the change, if there
    /// was one.
    pub fn forget(&self, user: UserId) -> Option<Moment> {
        let mut table = self.write();
        table.forgotten += 1;
        let hashes = table.by_user.remove(&user)?;
        let tokens = hashes
            .iter()
            .filter_map(|hash| table.by_hash.remove(hash))
            .filter_map(|(_, token)| moment(&token.called_at));
        tokens.max()
    }

    /// Reports that all recorded changes that were committed before `began` are forgotten.
    pub fn changes_read(&self, began: Tick) {
        self.write().changes_read = Some(began);
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Removes the tokens that are known no longer, or all when that does not make room.
    fn remove_old(&mut self, now: Tick) {
        self.by_hash
            .retain(|_, (began, _)| now.since(*began) < MAX_AGE);
        if self.by_hash.len() >= MAX_TOKENS {
            self.by_hash.clear();
        }
        let by_hash = &self.by_hash;
        self.by_user.retain(|_, hashes| {
            hashes.retain(|hash| by_hash.contains_key(hash));
            !hashes.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qlive_types::Clock;

    fn user(number: i64) -> UserId {
        UserId::new(10_000_000 + number).unwrap()
    }

    fn hash(number: i64) -> TokenHash {
        TokenHash::of(&number.to_string())
    }

    fn token(number: i64) -> Arc<KnownToken> {
        let caller = AuthenticatedUser {
            user: user(number),
            banned: false,
        };
        Arc::new(KnownToken::new(caller, None, None))
    }

    /// Known tokens of which the first is known.
    fn tokens(clock: &Clock) -> KnownTokens {
        let tokens = KnownTokens::default();
        tokens.changes_read(clock.tick());
        tokens.remember(tokens.begin_query(clock.tick()), hash(1), token(1));
        tokens
    }

    fn is_known(tokens: &KnownTokens, clock: &Clock, number: i64) -> bool {
        tokens.find(&hash(number), clock.tick(), None).is_some()
    }

    #[test]
    fn token_is_known_for_a_minute_while_changes_are_read() {
        let clock = Clock::system();
        let tokens = tokens(&clock);
        assert!(is_known(&tokens, &clock, 1) && !is_known(&tokens, &clock, 2));
        clock.advance(Duration::from_millis(1_800));
        assert!(is_known(&tokens, &clock, 1));
        clock.advance(Duration::from_millis(200));
        assert!(!is_known(&tokens, &clock, 1), "changes were not read");
        tokens.changes_read(clock.tick());
        assert!(is_known(&tokens, &clock, 1));
        clock.advance(Duration::from_secs(58));
        tokens.changes_read(clock.tick());
        assert!(!is_known(&tokens, &clock, 1), "a minute has passed");
    }

    #[test]
    fn nothing_is_known_before_changes_are_read() {
        let (clock, tokens) = (Clock::system(), KnownTokens::default());
        tokens.remember(tokens.begin_query(clock.tick()), hash(1), token(1));
        tokens.changes_read(clock.tick());
        assert!(!is_known(&tokens, &clock, 1));
    }

    #[test]
    fn forgetting_a_user_forgets_their_tokens_and_returns_the_last_call() {
        let clock = Clock::system();
        let tokens = tokens(&clock);
        for (hash_of, user_of) in [(2, 1), (3, 3)] {
            tokens.remember(
                tokens.begin_query(clock.tick()),
                hash(hash_of),
                token(user_of),
            );
        }
        let at = Moment::from_millis;
        tokens.find(&hash(1), clock.tick(), Some(at(20)));
        tokens.find(&hash(2), clock.tick(), Some(at(10)));
        assert_eq!(tokens.forget(user(1)), Some(at(20)));
        assert!(!is_known(&tokens, &clock, 1) && !is_known(&tokens, &clock, 2));
        assert!(is_known(&tokens, &clock, 3));
        assert_eq!(
            (tokens.forget(user(1)), tokens.forget(user(3))),
            (None, None)
        );
    }

    #[test]
    fn query_that_began_before_something_was_forgotten_is_not_remembered() {
        let clock = Clock::system();
        let tokens = tokens(&clock);
        let query = tokens.begin_query(clock.tick());
        tokens.forget(user(2));
        tokens.remember(query, hash(2), token(2));
        assert!(!is_known(&tokens, &clock, 2));
    }

    #[test]
    fn number_of_tokens_is_bounded() {
        let clock = Clock::system();
        let tokens = tokens(&clock);
        for number in 2..=i64::try_from(MAX_TOKENS).unwrap() + 1 {
            tokens.remember(
                tokens.begin_query(clock.tick()),
                hash(number),
                token(number),
            );
        }
        let table = tokens.read();
        assert_eq!((table.by_hash.len(), table.by_user.len()), (1, 1));
    }
}
