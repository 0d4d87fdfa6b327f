//! Switching faults on and off.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::faults::Fault;
use crate::response::control_error;
use crate::state::SandboxState;

/// `POST /sandbox/faults`: switches a fault on.
pub(crate) async fn add_fault(
    sandbox: web::Data<SandboxState>,
    fault: web::Json<Fault>,
) -> HttpResponse {
    if fault.times == Some(0) {
        return control_error(StatusCode::BAD_REQUEST, "times must be at least 1");
    }
    sandbox.records().faults.add(fault.into_inner());
    HttpResponse::NoContent().finish()
}

/// `DELETE /sandbox/faults`: switches all faults off.
pub(crate) async fn clear_faults(sandbox: web::Data<SandboxState>) -> HttpResponse {
    sandbox.records().faults.clear();
    HttpResponse::NoContent().finish()
}
