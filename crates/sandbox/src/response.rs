//! How calls are answered when no signature of the answer is needed, and how answers break.

use std::io;

use actix_web::body::BodyStream;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::state::SandboxState;

/// Answers a call with what `handle` returns, unless a fault applies to the path.
/// `error_body` makes the vendor's error body from an error code.
pub(crate) async fn respond(
    sandbox: &SandboxState,
    request: &HttpRequest,
    error_body: fn(&Value) -> Value,
    handle: impl FnOnce() -> Value,
) -> HttpResponse {
    let Some(fault) = sandbox.apply_fault(request.path()).await else {
        return HttpResponse::Ok().json(handle());
    };
    if let Some(status) = fault.status {
        return fault_status(status);
    }
    if let Some(code) = &fault.errcode {
        return HttpResponse::Ok().json(error_body(code));
    }
    let body = handle();
    if fault.drop_answer {
        return broken_response();
    }
    HttpResponse::Ok().json(body)
}

/// Answers the HTTP status of a fault.
pub(crate) fn fault_status(status: u16) -> HttpResponse {
    HttpResponse::build(status_code(status)).body("sandbox fault")
}

/// A status by number; 503 when there is no such status.
pub(crate) fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// An answer that never arrives: the connection breaks instead.
pub(crate) fn broken_response() -> HttpResponse {
    let broken =
        futures_util::stream::once(async { Err::<web::Bytes, _>(io::Error::other("dropped")) });
    HttpResponse::Ok().body(BodyStream::new(broken))
}

/// A refusal of a control path: `{"error": …}`, for the person or test that called it.
pub(crate) fn control_error(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({"error": message}))
}
