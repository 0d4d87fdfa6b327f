//! [`Forgers`]: senders whose callbacks failed verification too often.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::connections::Sender;

/// How long the callbacks of such a sender are refused unread.
const REFUSED_FOR: Duration = Duration::from_secs(60);
/// How many senders are remembered.
const MAX_SENDERS: usize = 10_000;

/// Senders whose callbacks are refused unread, and until when.
#[derive(Debug, Default)]
pub(super) struct Forgers(Mutex<HashMap<Sender, Instant>>);

impl Forgers {
    /// Refuses the callbacks of a sender for a minute.
    pub(super) fn add(&self, sender: Sender) {
        let now = Instant::now();
        let mut senders = self.senders();
        if senders.len() >= MAX_SENDERS {
            senders.retain(|_, until| *until > now);
        }
        if senders.len() < MAX_SENDERS {
            senders.insert(sender, now + REFUSED_FOR);
        }
    }

    pub(super) fn contains(&self, sender: Sender) -> bool {
        let mut senders = self.senders();
        match senders.get(&sender) {
            Some(until) if *until > Instant::now() => true,
            Some(_) => {
                senders.remove(&sender);
                false
            }
            None => false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.senders().is_empty()
    }

    fn senders(&self) -> MutexGuard<'_, HashMap<Sender, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_is_refused_for_a_minute() {
        let sender = Sender::of([198, 51, 100, 1].into());
        let forgers = Forgers::default();
        assert!(!forgers.contains(sender));
        forgers.add(sender);
        assert!(forgers.contains(sender));
        assert!(!forgers.contains(Sender::of([198, 51, 100, 2].into())));
        forgers.senders().insert(sender, Instant::now());
        assert!(!forgers.contains(sender));
        assert!(forgers.is_empty());
    }
}
