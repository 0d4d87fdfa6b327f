//! Acting for WeChat's staff who decide refunds, of both payment systems.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::notifications::delivery::send_notification;
use crate::response::control_error;
use crate::state::SandboxState;
use crate::virtual_payment::refunds::{refund_virtual_order_by_platform, settle_virtual_refund};
use crate::wechat_pay::refunds::record::RefundDecisionError;
use crate::wechat_pay::refunds::settle::{PlatformRefundError, refund_by_platform, settle_refund};

#[derive(Deserialize)]
pub(crate) struct Hold {
    hold: bool,
}

/// `POST /sandbox/refunds`: whether refunds requested from now on wait for a decision. Those that
/// wait already go on waiting.
pub(crate) async fn set_hold_refunds(
    sandbox: web::Data<SandboxState>,
    hold: web::Json<Hold>,
) -> HttpResponse {
    sandbox.records().hold_refunds = hold.hold;
    HttpResponse::NoContent().finish()
}

/// The outcome of a refund: `success`, `closed` or `abnormal`.
#[derive(Deserialize)]
pub(crate) struct RefundDecision {
    #[serde(rename = "do")]
    outcome: String,
}

/// `POST /sandbox/refunds/{number}`: gives a refund that waits its outcome and reports it.
pub(crate) async fn decide_refund(
    sandbox: web::Data<SandboxState>,
    number: web::Path<String>,
    decision: web::Json<RefundDecision>,
) -> HttpResponse {
    let status = match decision.outcome.as_str() {
        "success" => "SUCCESS",
        "closed" => "CLOSED",
        "abnormal" => "ABNORMAL",
        _ => {
            let message = "do must be success, closed or abnormal";
            return control_error(StatusCode::BAD_REQUEST, message);
        }
    };
    let succeeds = status == "SUCCESS";
    let decided = match settle_virtual_refund(&sandbox, &number, succeeds) {
        Ok(notification) => {
            send_notification(&sandbox, notification).await;
            Ok(())
        }
        Err(RefundDecisionError::NoSuchRefund) => settle_refund(&sandbox, &number, status).await,
        Err(RefundDecisionError::Settled) => Err(RefundDecisionError::Settled),
    };
    match decided {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(RefundDecisionError::NoSuchRefund) => {
            control_error(StatusCode::NOT_FOUND, "no such refund")
        }
        Err(RefundDecisionError::Settled) => {
            control_error(StatusCode::CONFLICT, "the refund has its outcome")
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct PlatformRefund {
    fen: i64,
}

/// `POST /sandbox/pay/{number}/refund`: the platform refunds part of an order on its own account,
/// under a number that the merchant does not know.
pub(crate) async fn refund_as_platform(
    sandbox: web::Data<SandboxState>,
    number: web::Path<String>,
    refund: web::Json<PlatformRefund>,
) -> HttpResponse {
    let fen = refund.fen;
    if let Some(notification) = refund_virtual_order_by_platform(&sandbox, &number, fen) {
        send_notification(&sandbox, notification).await;
        return HttpResponse::NoContent().finish();
    }
    match refund_by_platform(&sandbox, &number, fen).await {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(PlatformRefundError::NoSuchOrder) => {
            control_error(StatusCode::NOT_FOUND, "no such order")
        }
        Err(PlatformRefundError::Refused(body)) => HttpResponse::Conflict().json(body),
    }
}
