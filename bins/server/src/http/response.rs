//! What every answer has in common: the trace id, the rate limit by address, errors in the
//! client's language, the access log and the metrics.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};
use qlive_store::operation::run_request;
use qlive_types::random;
use tracing::Instrument as _;

use super::access::Access;
use super::caller::AuthenticatedCaller;
use super::errors::ApiError;
use super::headers::add_security_headers;
use super::language::Language;
use super::request_scope::{AnswerBody, RequestScope};
use super::state::State;
use crate::api::{ErrorMsg, Operation, answers_head, find_operation};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest trace id that is accepted from a proxy.
const TRACE_ID_LIMIT: usize = 64;
/// The operation of a request in logs and metrics when it is none of the table.
const OTHER: &str = "other";

/// The middleware around every request.
pub(crate) async fn finish_response(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<AnswerBody>, Error> {
    let state = request
        .app_data::<web::Data<State>>()
        .cloned()
        .ok_or(ApiError::INTERNAL)?;
    let scope = RequestScope::begin(&mut request).await;
    let started = tokio::time::Instant::now();
    let trace_id = trace_id(&request);
    let language = Language::of(request.request());
    // As the router reads it: `%6D` in a path is `m`.
    let path = request.match_info().unprocessed().to_owned();
    if *request.method() == Method::HEAD && answers_head(&path) {
        // The connection sends the headers of the answer without its body.
        request.head_mut().method = Method::GET;
    }
    let operation = find_operation(request.method(), &path);
    let is_callback = operation.is_some_and(|operation| operation.access == Access::Callback);

    let mut response = if is_refused(&state, &request, is_callback) {
        request.error_response(ApiError::TOO_MANY)
    } else if !state.internal_pages.are_served(&request, &path) {
        request.error_response(ApiError::NOT_FOUND)
    } else {
        let name = operation.map_or(OTHER, |operation| operation.name);
        run_request(name, next.call(request))
            .instrument(tracing::info_span!("request", trace_id))
            .await?
            .map_into_boxed_body()
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
    add_security_headers(&mut response, operation, &path);
    let status = response.status();
    if ends_connection(status, is_callback) {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
        scope.close_after_answer();
    }
    count_and_log(&state, &response, operation, started.elapsed(), &trace_id);
    Ok(response.map_body(|_, body| scope.answer(body)))
}

/// Whether a request is refused before anything of it is read: its address sent too many requests,
/// or too many callbacks that failed verification.
fn is_refused(state: &State, request: &ServiceRequest, is_callback: bool) -> bool {
    if is_callback {
        state.rate_limits.is_refused_unread(request.request())
    } else {
        !state.rate_limits.allows_address(request.request())
    }
}

/// Whether the connection is closed after an answer: its sender would only go on.
fn ends_connection(status: StatusCode, is_callback: bool) -> bool {
    let is_forged = is_callback && status == StatusCode::UNAUTHORIZED;
    status == StatusCode::TOO_MANY_REQUESTS || is_forged
}

/// Counts an answer and writes it into the access log. Refusals have lines of their own, of which
/// only a sample is written.
fn count_and_log(
    state: &State,
    response: &ServiceResponse<BoxBody>,
    operation: Option<&Operation>,
    took: Duration,
    trace_id: &str,
) {
    let status = response.status().as_u16();
    let name = operation.map_or(OTHER, |operation| operation.name);
    state.metrics.count_request(name, status, took);
    let extensions = response.request().extensions();
    let user = extensions
        .get()
        .map(|user: &AuthenticatedCaller| user.0.get());
    let ms = took.as_millis();
    match status {
        500.. => tracing::info!(
            target: "access::failed", operation = name, user, status, ms, trace_id, "answered"
        ),
        429 => tracing::info!(
            target: "access::limited", operation = name, user, status, ms, trace_id, "answered"
        ),
        400.. => tracing::info!(
            target: "access::refused", operation = name, user, status, ms, trace_id, "answered"
        ),
        // Health checks and pages.
        _ if operation.is_none() => tracing::debug!(
            target: "access", operation = name, user, status, ms, trace_id, "answered"
        ),
        _ => tracing::info!(
            target: "access", operation = name, user, status, ms, trace_id, "answered"
        ),
    }
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
