//! The platform certificates.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::state::SandboxState;
use crate::wechat_pay::encryption::encrypt_resource;
use crate::wechat_pay::exchange::respond_signed;
use crate::wechat_pay::reply::Reply;

/// The announced validity of the certificate.
const VALIDITY: Duration = Duration::from_secs(1825 * 86_400);

/// `GET /v3/certificates`: the present platform certificate, encrypted.
pub(crate) async fn list_certificates(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
) -> HttpResponse {
    respond_signed(&sandbox, &request, b"", |_| {
        let credentials = &sandbox.keys.credentials;
        let now = sandbox.clock.now();
        let certificate = json!({
            "serial_no": credentials.certificate_serial,
            "effective_time": now.rfc3339(),
            "expire_time": now.after(VALIDITY).rfc3339(),
            "encrypt_certificate":
                encrypt_resource(&sandbox, "certificate", &credentials.certificate),
        });
        Reply::ok(json!({"data": [certificate]}))
    })
    .await
}
