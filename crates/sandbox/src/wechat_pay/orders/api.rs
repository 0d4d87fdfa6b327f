//! The merchant's calls about orders.

use actix_web::{HttpRequest, HttpResponse, web};
use qlive_types::Moment;
use serde_json::{Value, json};

use crate::config::SandboxConfig;
use crate::json::{integer, text};
use crate::state::SandboxState;
use crate::wechat_pay::exchange::respond_signed;
use crate::wechat_pay::reply::Reply;

/// `POST /v3/pay/transactions/jsapi`: places an order.
pub(crate) async fn create_order(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    respond_signed(&sandbox, &request, &body, |order| {
        match check_order(&sandbox.config, order) {
            Ok(()) => sandbox.records().orders.place(order),
            Err(code) => Reply::error(400, code),
        }
    })
    .await
}

/// Checks an order before it is placed; the error is WeChat Pay's code.
fn check_order(config: &SandboxConfig, order: &Value) -> Result<(), &'static str> {
    if text(order, "mchid") != config.mchid || text(order, "appid") != config.app_id {
        return Err("APPID_MCHID_NOT_MATCH");
    }
    let has_openid = order
        .pointer("/payer/openid")
        .and_then(Value::as_str)
        .is_some_and(|openid| openid.starts_with("sandbox-"));
    let description_length = text(order, "description").chars().count();
    let notify_url = text(order, "notify_url");
    let valid = is_out_trade_no(text(order, "out_trade_no"))
        && (1..=127).contains(&description_length)
        && has_openid
        && integer(order, "/amount/total") >= 1
        && order.pointer("/amount/currency") == Some(&json!("CNY"))
        && notify_url.starts_with("http")
        && !notify_url.contains('?')
        && Moment::parse_rfc3339(text(order, "time_expire")).is_some();
    if valid { Ok(()) } else { Err("PARAM_ERROR") }
}

fn is_out_trade_no(number: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*".contains(&byte);
    (6..=32).contains(&number.len()) && number.bytes().all(allowed)
}

/// `GET /v3/pay/transactions/out-trade-no/{number}`: shows an order.
pub(crate) async fn query_order(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    out_trade_no: web::Path<String>,
) -> HttpResponse {
    respond_signed(&sandbox, &request, b"", |_| {
        let mchid = format!("mchid={}", sandbox.config.mchid);
        if !request.query_string().contains(&mchid) {
            return Reply::error(400, "PARAM_ERROR");
        }
        match sandbox.records().orders.get(&out_trade_no) {
            Some(order) => Reply::ok(order.transaction()),
            None => Reply::error(404, "ORDER_NOT_EXIST"),
        }
    })
    .await
}

/// `POST /v3/pay/transactions/out-trade-no/{number}/close`: closes an order.
pub(crate) async fn close_order(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
    out_trade_no: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    respond_signed(&sandbox, &request, &body, |body| {
        if text(body, "mchid") != sandbox.config.mchid {
            return Reply::error(400, "PARAM_ERROR");
        }
        sandbox.records().orders.close(&out_trade_no)
    })
    .await
}
