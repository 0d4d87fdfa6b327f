//! Which pages of other origins may call the API: those of a front end under development, which the
//! settings name. A mini-program is no page, and needs none of this.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER};

/// How long a browser may remember what it was allowed, in seconds.
const MAX_AGE: usize = 600;

/// The middleware that lets a browser give pages of these origins the answers.
pub(crate) fn cross_origin(origins: &[String]) -> Cors {
    let idempotency_key = HeaderName::from_static("idempotency-key");
    let trace_id = HeaderName::from_static("x-request-id");
    let mut cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE, idempotency_key])
        .expose_headers([RETRY_AFTER, trace_id])
        .max_age(MAX_AGE)
        .block_on_origin_mismatch(false);
    for origin in origins {
        cors = cors.allowed_origin(origin);
    }
    cors
}
