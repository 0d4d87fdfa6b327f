//! What every call of WeChat Pay has in common: faults, the check of the request's signature, and
//! the signature of the answer.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::response::{broken_response, fault_status, status_code};
use crate::state::SandboxState;
use crate::wechat_pay::reply::Reply;
use crate::wechat_pay::signature::{
    SERIAL_HEADER, SigningKey, header, is_signed_request, signature_headers,
};

/// Answers a signed call with what `handle` makes of its JSON body (null when there is none),
/// unless a fault applies to the path.
pub(crate) async fn respond_signed(
    sandbox: &SandboxState,
    request: &HttpRequest,
    body: &[u8],
    handle: impl FnOnce(&Value) -> Reply,
) -> HttpResponse {
    let fault = sandbox.apply_fault(request.path()).await;
    if let Some(fault) = &fault
        && (fault.status.is_some() || fault.errcode.is_some())
    {
        let status = fault.status.unwrap_or(400);
        return match fault.errcode.as_ref().and_then(Value::as_str) {
            Some(code) => sign_reply(sandbox, request, &Reply::error(status, code)),
            None => fault_status(status),
        };
    }
    if !is_signed_request(sandbox, request, body) {
        return sign_reply(sandbox, request, &Reply::error(401, "SIGN_ERROR"));
    }
    sandbox.records().merchant_names_key = request.headers().contains_key(SERIAL_HEADER);
    let body = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut reply = handle(&body);
    match fault {
        Some(fault) if fault.drop_answer => broken_response(),
        Some(fault) if fault.tampered => {
            // The signature is that of an empty body.
            let body = std::mem::take(&mut reply.body);
            let signed = sign_reply(sandbox, request, &reply);
            signed.set_body(body.to_string()).map_into_boxed_body()
        }
        _ => sign_reply(sandbox, request, &reply),
    }
}

/// Signs an answer with the public key when the request names it, otherwise with the certificate.
fn sign_reply(sandbox: &SandboxState, request: &HttpRequest, reply: &Reply) -> HttpResponse {
    let body = reply.body_text();
    let names_public_key = header(request, SERIAL_HEADER) == sandbox.keys.credentials.public_key_id;
    let signing_key = if names_public_key {
        SigningKey::PublicKey
    } else {
        SigningKey::Certificate
    };
    let mut response = HttpResponse::build(status_code(reply.status));
    for header in signature_headers(sandbox, signing_key, &body, 0) {
        response.insert_header(header);
    }
    response.content_type("application/json").body(body)
}
