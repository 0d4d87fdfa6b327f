//! [`RefusedSenders`]: senders whose callbacks failed verification too often.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::connections::AddressBlock;

/// How long the callbacks of such a sender are refused unread.
const REFUSED_FOR: Duration = Duration::from_secs(60);
/// How many senders are remembered.
const MAX_SENDERS: usize = 10_000;

/// Senders whose callbacks are refused unread, and until when.
#[derive(Debug, Default)]
pub(super) struct RefusedSenders(Mutex<HashMap<AddressBlock, Instant>>);

impl RefusedSenders {
    /// Refuses the callbacks of a sender for a minute.
    pub(super) fn add(&self, sender: AddressBlock) {
        let now = Instant::now();
        let mut senders = self.senders();
        if senders.len() >= MAX_SENDERS {
            senders.retain(|_, until| *until > now);
        }
        if senders.len() < MAX_SENDERS {
            senders.insert(sender, now + REFUSED_FOR);
        }
    }

    pub(super) fn contains(&self, sender: AddressBlock) -> bool {
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

    fn senders(&self) -> MutexGuard<'_, HashMap<AddressBlock, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_is_refused_for_a_minute() {
        let sender = AddressBlock::of([198, 51, 100, 1].into());
        let refused = RefusedSenders::default();
        assert!(!refused.contains(sender));
        refused.add(sender);
        assert!(refused.contains(sender));
        assert!(!refused.contains(AddressBlock::of([198, 51, 100, 2].into())));
        refused.senders().insert(sender, Instant::now());
        assert!(!refused.contains(sender));
        assert!(refused.is_empty());
    }
}
