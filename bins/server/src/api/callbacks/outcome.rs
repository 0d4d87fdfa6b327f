//! The outcomes of callbacks about money: how each is counted and answered.

use actix_web::HttpRequest;
use qlive_payments::{Accepted, CallbackOutcome};

use super::forgery::count_forgery;
use crate::http::{ApiError, State};
use crate::metrics::CallbackVerdict;

/// Counts the outcome of a callback.
///
/// # Errors
/// When the callback is not accepted. The sender then sends it again.
pub(super) fn count_outcome(
    state: &State,
    request: &HttpRequest,
    kind: &str,
    outcome: CallbackOutcome,
) -> Result<(), ApiError> {
    let (verdict, error) = match outcome {
        CallbackOutcome::Accepted(Accepted::Applied) => (CallbackVerdict::Accepted, None),
        CallbackOutcome::Accepted(Accepted::AlreadyKnown) => (CallbackVerdict::Known, None),
        CallbackOutcome::Accepted(Accepted::UnknownSubject) => (CallbackVerdict::Unknown, None),
        CallbackOutcome::Accepted(Accepted::Unhandled) => (CallbackVerdict::Unhandled, None),
        CallbackOutcome::Accepted(Accepted::Mock) => {
            tracing::warn!(
                kind,
                "a callback that was made up as a test; nothing changed"
            );
            (CallbackVerdict::Mock, None)
        }
        CallbackOutcome::Accepted(Accepted::Contradiction(contradiction)) => {
            tracing::error!(
                kind,
                %contradiction,
                "a callback contradicts a final state; nothing changed"
            );
            (CallbackVerdict::Contradiction, None)
        }
        CallbackOutcome::Forged => return Err(count_forgery(state, request, kind)),
        CallbackOutcome::Probe => (CallbackVerdict::Probe, Some(ApiError::FORGED)),
        CallbackOutcome::Mismatch(mismatch) => {
            tracing::error!(
                kind,
                %mismatch,
                "a callback does not match the record; nothing changed"
            );
            (CallbackVerdict::Mismatch, Some(ApiError::MISMATCH))
        }
        CallbackOutcome::Unreadable => (CallbackVerdict::Unreadable, Some(ApiError::BAD_BODY)),
        CallbackOutcome::RetryLater => (CallbackVerdict::Retry, Some(ApiError::NOT_SETTLED)),
    };
    state.count_callback(kind, verdict);
    error.map_or(Ok(()), Err)
}
