//! The outcome of a callback, and how long handling one may take.

use std::time::Duration;

use crate::mismatch::Mismatch;
use crate::refunds::state::{RefundReply, RefundState};

/// How long the provider may be queried before a callback is answered. WeChat gives up on a
/// callback after some seconds and repeats it.
const QUERY_TIME: Duration = Duration::from_millis(800);

/// The outcome of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackOutcome {
    /// It is to be accepted, so that WeChat does not repeat it.
    Accepted(Accepted),
    /// Its signature does not verify.
    Forged,
    /// WeChat signed it wrongly on purpose, to see whether signatures are verified. It is to be
    /// refused, but it is no attack.
    Probe,
    /// It verifies, but does not match what it is about. Nothing was changed.
    Mismatch(Mismatch),
    /// It verifies, but cannot be read.
    Unreadable,
    /// It could not be settled yet; WeChat must repeat it.
    RetryLater,
}

/// Why a callback is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It changed something, which is committed.
    Applied,
    /// It reported what was known.
    AlreadyKnown,
    /// It is about no order, refund or withdrawal of ours.
    UnknownSubject,
    /// It is an event that we do not handle.
    Unhandled,
}

/// The outcome of a callback about a refund that was settled before: known, unless it contradicts
/// the final state.
pub(crate) const fn settled_refund_outcome(
    state: RefundState,
    reply: RefundReply,
) -> CallbackOutcome {
    match (state, reply) {
        (RefundState::Refused, RefundReply::Done) => {
            CallbackOutcome::Mismatch(Mismatch::RefundedAfterRefusal)
        }
        (RefundState::Done, RefundReply::Refused) => {
            CallbackOutcome::Mismatch(Mismatch::RefusedAfterRefund)
        }
        _ => CallbackOutcome::Accepted(Accepted::AlreadyKnown),
    }
}

/// Waits for a query of a provider as long as a callback may take. `None`: it takes longer. It then
/// goes on in the background, so that its result is known when WeChat repeats the callback.
pub(crate) async fn within_query_time<T: Send + 'static>(
    query: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    match tokio::time::timeout(QUERY_TIME, tokio::spawn(query)).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(panic)) => {
            tracing::error!(%panic, "a query of a provider panicked");
            None
        }
        Err(_elapsed) => None,
    }
}
