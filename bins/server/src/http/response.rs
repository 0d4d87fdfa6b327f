//! What every answer has in common: the trace id, the rate limit by address, errors in the
//! client's language, the access log and the metrics.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};
use qlive_store::operation::run_request;
use qlive_types::random;
use tracing::Instrument as _;

use super::access::Access;
use super::caller::AuthenticatedCaller;
use super::errors::ApiError;
use super::language::Language;
use super::state::State;
use crate::api::{Caching, ErrorMsg, find_operation};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest trace id that is accepted from a proxy.
const TRACE_ID_LIMIT: usize = 64;
/// The operation of a request in logs and metrics when it is none of the table.
const OTHER: &str = "other";

/// The middleware around every request.
pub(crate) async fn finish_response(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = request
        .app_data::<web::Data<State>>()
        .cloned()
        .ok_or(ApiError::INTERNAL)?;
    let started = tokio::time::Instant::now();
    let trace_id = trace_id(&request);
    let language = Language::of(request.request());
    let operation = find_operation(request.method(), request.path());
    let is_callback = operation.is_some_and(|operation| operation.access == Access::Callback);

    let mut response = if is_callback || state.rate_limits.allows_address(request.request()) {
        let name = operation.map_or(OTHER, |operation| operation.name);
        run_request(name, next.call(request))
            .instrument(tracing::info_span!("request", trace_id))
            .await?
            .map_into_boxed_body()
    } else {
        request.error_response(ApiError::TOO_MANY)
    };
    if let Some(error) = api_error(&response) {
        if let Some(upstream) = error.upstream() {
            state.metrics.count_upstream_error(upstream.label());
        }
        let error_msg = operation.map_or(ErrorMsg::Absent, |operation| operation.error_msg);
        response = with_error_body(response, &error, language, error_msg == ErrorMsg::Present);
    }
    if let Ok(value) = HeaderValue::from_str(&trace_id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    if operation.is_some_and(|operation| operation.caching == Caching::NoStore) {
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(CACHE_CONTROL, no_store);
    }
    let (status, took) = (response.status().as_u16(), started.elapsed());
    let name = operation.map_or(OTHER, |operation| operation.name);
    state.metrics.count_request(name, status, took);
    let extensions = response.request().extensions();
    let user = extensions
        .get()
        .map(|user: &AuthenticatedCaller| user.0.get());
    tracing::info!(
        target: "access", operation = name, user, status, ms = took.as_millis(), trace_id,
        "answered"
    );
    drop(extensions);
    Ok(response)
}

/// The error that a handler returned, if it did.
fn api_error(response: &ServiceResponse<BoxBody>) -> Option<ApiError> {
    let error = response.response().error()?;
    error.as_error::<ApiError>().cloned()
}

/// The same answer with the body of this error in the client's language.
fn with_error_body(
    response: ServiceResponse<BoxBody>,
    error: &ApiError,
    language: Language,
    with_error_msg: bool,
) -> ServiceResponse<BoxBody> {
    let Ok(body) = serde_json::to_vec(&error.body(language, with_error_msg)) else {
        return response;
    };
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// The trace id that a proxy sent, if it is a valid one, else a new one.
fn trace_id(request: &ServiceRequest) -> String {
    let is_valid = |id: &&str| {
        (1..=TRACE_ID_LIMIT).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let given = request.headers().get(X_REQUEST_ID);
    given
        .and_then(|value| value.to_str().ok())
        .filter(is_valid)
        .map_or_else(|| random::hex(8), str::to_owned)
}
