//! The merchant's calls about refunds.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::json::text;
use crate::state::SandboxState;
use crate::wechat_pay::exchange::respond_signed;
use crate::wechat_pay::refunds::settle::settle_refund;
use crate::wechat_pay::reply::Reply;

/// `POST /v3/refund/domestic/refunds`: requests a refund. It succeeds right after the answer,
/// unless refunds are held.
pub(crate) async fn create_refund(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    respond_signed(&sandbox, &request, &body, |body| {
        let out_refund_no = text(body, "out_refund_no");
        let now = sandbox.clock.now();
        let (reply, settles) = {
            let mut records = sandbox.records();
            let records = &mut *records;
            let is_new = records.refunds.get(out_refund_no).is_none();
            let reply = records.refunds.create(&records.orders, body, now);
            let settles = reply.status == 200 && is_new && !records.hold_refunds;
            (reply, settles)
        };
        if settles {
            let (sandbox, out_refund_no) = (sandbox.clone(), out_refund_no.to_owned());
            actix_web::rt::spawn(async move {
                // Somebody may have decided it in the meantime.
                settle_refund(&sandbox, &out_refund_no, "SUCCESS")
                    .await
                    .ok()
            });
        }
        reply
    })
    .await
}

/// `GET /v3/refund/domestic/refunds/{number}`: shows a refund.
pub(crate) async fn query_refund(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    out_refund_no: web::Path<String>,
) -> HttpResponse {
    respond_signed(&sandbox, &request, b"", |_| {
        match sandbox.records().refunds.get(&out_refund_no) {
            Some(refund) => Reply::ok(refund.details()),
            None => Reply::error(404, "RESOURCE_NOT_EXISTS"),
        }
    })
    .await
}
