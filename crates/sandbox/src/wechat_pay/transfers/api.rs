//! The merchant's calls about transfers.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::json::{integer, text};
use crate::state::SandboxState;
use crate::wechat_pay::encryption::decrypt_field;
use crate::wechat_pay::exchange::respond_signed;
use crate::wechat_pay::reply::Reply;
use crate::wechat_pay::signature::{SERIAL_HEADER, header};

/// The smallest transfer, in fen.
const MIN_FEN: i64 = 30;
/// From this amount on, in fen, the payee's real name is required.
const NAME_REQUIRED_FEN: i64 = 200_000;

/// `POST /v3/fund-app/mch-transfer/transfer-bills`: creates a transfer.
pub(crate) async fn create_transfer(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    respond_signed(&sandbox, &request, &body, |transfer| {
        let serial = header(&request, SERIAL_HEADER);
        match check_transfer(&sandbox, transfer, serial) {
            Ok(payee_name) => {
                let now = sandbox.clock.now();
                let mut records = sandbox.records();
                records.transfers.create(transfer, payee_name, now)
            }
            Err(code) => Reply::error(400, code),
        }
    })
    .await
}

/// Checks a transfer before it is created and returns the payee's name, decrypted; the error is
/// WeChat Pay's code.
fn check_transfer(
    sandbox: &SandboxState,
    transfer: &Value,
    serial: &str,
) -> Result<String, &'static str> {
    let fen = integer(transfer, "/transfer_amount");
    let has_report_infos = transfer
        .get("transfer_scene_report_infos")
        .and_then(Value::as_array)
        .is_some_and(|infos| !infos.is_empty());
    let remark_length = text(transfer, "transfer_remark").chars().count();
    if !is_out_bill_no(text(transfer, "out_bill_no"))
        || fen < MIN_FEN
        || !has_report_infos
        || !(1..=32).contains(&remark_length)
        || text(transfer, "transfer_scene_id").is_empty()
    {
        return Err("PARAM_ERROR");
    }
    if text(transfer, "appid") != sandbox.config.app_id
        || !text(transfer, "openid").starts_with("sandbox-")
    {
        return Err("INVALID_REQUEST");
    }
    let payee_name =
        decrypt_field(sandbox, serial, text(transfer, "user_name")).ok_or("PARAM_ERROR")?;
    if payee_name.is_empty() && fen >= NAME_REQUIRED_FEN {
        return Err("PARAM_ERROR");
    }
    Ok(payee_name)
}

fn is_out_bill_no(number: &str) -> bool {
    (1..=32).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `GET /v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number}`: shows a transfer.
pub(crate) async fn query_transfer(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    out_bill_no: web::Path<String>,
) -> HttpResponse {
    respond_signed(&sandbox, &request, b"", |_| {
        let now = sandbox.clock.now();
        let mut records = sandbox.records();
        records
            .transfers
            .query(&out_bill_no, &sandbox.config.mchid, now)
    })
    .await
}
