//! Callbacks that fail verification.

use actix_web::HttpRequest;

use crate::http::{ApiError, State};
use crate::metrics::CallbackVerdict;

/// Counts a callback that fails verification, and returns the error to answer with: 401, or 429
/// when the sender has sent too many.
pub(super) fn count_forgery(state: &State, request: &HttpRequest, kind: &str) -> ApiError {
    state.metrics.count_callback(kind, CallbackVerdict::Forged);
    tracing::warn!(kind, "a callback does not verify");
    if state.rate_limits.count_forgery(request) {
        ApiError::FORGED
    } else {
        ApiError::TOO_MANY
    }
}
