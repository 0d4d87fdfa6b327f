//! The trade bill of a day: its announcement and its download.

use actix_web::{HttpRequest, HttpResponse, web};
use qlive_types::Moment;
use serde_json::json;
use sha1::{Digest as _, Sha1};

use crate::state::SandboxState;
use crate::wechat_pay::bill_text::write_bill;
use crate::wechat_pay::exchange::respond_signed;
use crate::wechat_pay::reply::Reply;
use crate::wechat_pay::signature::is_signed_request;

/// `GET /v3/bill/tradebill`: where to download the bill of a day, and its digest.
pub(crate) async fn announce_bill(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
) -> HttpResponse {
    respond_signed(&sandbox, &request, b"", |_| {
        let Some(day) = bill_date(request.query_string()) else {
            return Reply::error(400, "PARAM_ERROR");
        };
        let Some(bill) = write_bill(&sandbox, day) else {
            return Reply::error(400, "NO_STATEMENT_EXIST");
        };
        let digest = hex::encode(Sha1::digest(&bill));
        let token = sandbox.records().bills.add(bill);
        let url = format!("{}/v3/billdownload/file?token={token}", sandbox.url);
        Reply::ok(json!({"hash_type": "SHA1", "hash_value": digest, "download_url": url}))
    })
    .await
}

/// `GET /v3/billdownload/file`: the bill as it was announced. The answer is not signed.
pub(crate) async fn download_bill(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
) -> HttpResponse {
    if !is_signed_request(&sandbox, &request, b"") {
        return HttpResponse::Unauthorized()
            .json(json!({"code": "SIGN_ERROR", "message": "sandbox"}));
    }
    let fault = sandbox.apply_fault(request.path()).await;
    let token = request.query_string().trim_start_matches("token=");
    let Some(mut bill) = sandbox.records().bills.get(token) else {
        return HttpResponse::NotFound().finish();
    };
    if fault.is_some_and(|fault| fault.tampered) {
        bill.extend_from_slice(b"`and more\r\n");
    }
    HttpResponse::Ok().content_type("text/plain").body(bill)
}

fn bill_date(query: &str) -> Option<&str> {
    let day = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("bill_date="))?;
    Moment::parse_day(day).map(|_| day)
}
