//! Notices of WeChat Pay.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use qlive_tencent::pay::SignatureHeaders;

use super::outcome::count_outcome;
use crate::http::{ApiError, State};

/// The kind of these callbacks in logs and metrics.
const KIND: &str = "pay";

pub(crate) async fn pay_notify(
    state: Data<State>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let body = body.ok().ok_or(ApiError::TOO_LARGE)?;
    let header = |name: &str| {
        let value = request.headers().get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    let signed = SignatureHeaders {
        timestamp: header("Wechatpay-Timestamp"),
        nonce: header("Wechatpay-Nonce"),
        signature: header("Wechatpay-Signature"),
        serial: header("Wechatpay-Serial"),
    };
    let outcome = state
        .services
        .payments
        .handle_pay_notice(&signed, &body)
        .await?;
    count_outcome(&state, &request, KIND, outcome)?;
    Ok(HttpResponse::NoContent().finish())
}
