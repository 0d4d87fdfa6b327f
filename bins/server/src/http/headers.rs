//! The headers that say what a client may do with an answer: store it, guess its type, frame it.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};

use crate::api::{Caching, Operation, is_explorer_page, is_playroom_page};

/// What the API explorer may load: its own files, and the small images inside its style sheet.
const EXPLORER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// All other pages are texts, which load nothing.
const TEXT_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds the headers to the answer of an operation, or of the page at `path`.
pub(super) fn add_security_headers(
    response: &mut ServiceResponse<BoxBody>,
    operation: Option<&Operation>,
    path: &str,
) {
    let is_explorer = operation.is_none() && is_explorer_page(path);
    let may_be_stored = match operation {
        Some(operation) => operation.caching == Caching::Unspecified,
        None => is_explorer || is_playroom_page(path),
    };
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    // The playroom has a policy of its own.
    let has_policy = response.headers().contains_key(CONTENT_SECURITY_POLICY);
    let headers = response.headers_mut();
    let mut insert = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    insert(X_CONTENT_TYPE_OPTIONS, "nosniff");
    if is_error || !may_be_stored {
        insert(CACHE_CONTROL, "no-store");
    }
    if operation.is_none() && !has_policy {
        let policy = if is_explorer {
            EXPLORER_POLICY
        } else {
            TEXT_POLICY
        };
        insert(CONTENT_SECURITY_POLICY, policy);
    }
}
