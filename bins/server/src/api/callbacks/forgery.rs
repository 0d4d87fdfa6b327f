//! Callbacks that fail verification.

use actix_web::HttpRequest;

use crate::http::{ApiError, State};
use crate::metrics::CallbackVerdict;

/// Counts a callback that fails verification, and returns the error to answer with: 401, or 429
/// when the sender has sent too many.
pub(super) fn count_forgery(state: &State, request: &HttpRequest, kind: &str) -> ApiError {
    state.metrics.count_callback(kind, CallbackVerdict::Forged);
    log_forgery(kind);
    if state.rate_limits.count_forgery(request) {
        ApiError::FORGED
    } else {
        ApiError::TOO_MANY
    }
}

/// Each kind has its own statement, as each statement writes a limited number of lines: forged
/// callbacks of one kind do not hide that those of another fail.
fn log_forgery(kind: &str) {
    const MESSAGE: &str = "a callback does not verify";
    match kind {
        "im" => tracing::warn!(kind, "{MESSAGE}"),
        "live" => tracing::warn!(kind, "{MESSAGE}"),
        "push" => tracing::warn!(kind, "{MESSAGE}"),
        _ => tracing::warn!(kind, "{MESSAGE}"),
    }
}
