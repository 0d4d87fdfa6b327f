//! The server's calls, `/xpay/…`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;

use crate::crypto::hmac_sha256_hex;
use crate::json::text;
use crate::notifications::delivery::send_notification;
use crate::response::respond;
use crate::state::SandboxState;
use crate::virtual_payment::records::{INVALID_PARAMETER, INVALID_SIGNATURE};
use crate::virtual_payment::refunds::settle_virtual_refund;
use crate::wechat::sessions::{INVALID_ACCESS_TOKEN, wechat_error, wechat_error_body};

#[derive(Deserialize)]
pub(crate) struct CallQuery {
    access_token: String,
    pay_sig: String,
}

/// `POST /xpay/{call}`: checks token and signature and executes the call.
pub(crate) async fn call_virtual_payment(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    query: web::Query<CallQuery>,
    body: web::Bytes,
) -> HttpResponse {
    let handle =
        || execute_call(&sandbox, request.path(), &query, &body).unwrap_or_else(wechat_error);
    respond(&sandbox, &request, wechat_error_body, handle).await
}

/// Executes a call; the error is WeChat's code.
fn execute_call(
    sandbox: &web::Data<SandboxState>,
    path: &str,
    query: &CallQuery,
    body: &[u8],
) -> Result<Value, i64> {
    let config = &sandbox.config;
    let token = &query.access_token;
    if !sandbox.is_access_token(token) {
        return Err(INVALID_ACCESS_TOKEN);
    }
    let body = String::from_utf8_lossy(body);
    let app_key = &config.virtual_payment_app_key;
    if hmac_sha256_hex(app_key, &format!("{path}&{body}")) != query.pay_sig {
        return Err(INVALID_SIGNATURE);
    }
    let body: Value = serde_json::from_str(&body).ok().ok_or(INVALID_PARAMETER)?;
    let env = config.virtual_payment_env;
    if body.get("env").and_then(Value::as_i64) != Some(env) {
        return Err(INVALID_PARAMETER);
    }
    let mut records = sandbox.records();
    match path {
        "/xpay/query_order" => records.virtual_payments.query(&body, env),
        "/xpay/notify_provide_goods" => records.virtual_payments.confirm_delivery(&body),
        "/xpay/refund_order" => {
            let answer = records.virtual_payments.request_refund(&body)?;
            let held = records.hold_refunds;
            drop(records);
            if !held {
                complete_refund(sandbox, text(&body, "refund_order_id"));
            }
            Ok(answer)
        }
        _ => Err(INVALID_PARAMETER),
    }
}

/// Lets a refund succeed now and reports it in the background.
fn complete_refund(sandbox: &web::Data<SandboxState>, refund_id: &str) {
    if let Ok(notification) = settle_virtual_refund(sandbox, refund_id, true) {
        let sandbox = sandbox.clone();
        actix_web::rt::spawn(async move { send_notification(&sandbox, notification).await });
    }
}
