//! Acting for the payee of a transfer.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::notifications::delivery::send_notification;
use crate::response::control_error;
use crate::state::SandboxState;
use crate::wechat_pay::transfers::record::SettleError;

/// The outcome of a transfer: `confirm`, `fail`, `cancel` or `expire`.
#[derive(Deserialize)]
pub(crate) struct TransferDecision {
    #[serde(rename = "do")]
    outcome: String,
    /// Whether the notice is sent (the default); it is lost otherwise.
    #[serde(rename = "told")]
    notify: Option<bool>,
}

/// `POST /sandbox/transfers/{number}`: gives a transfer that waits for its payee an outcome and
/// reports it. A client names it by its `package_info`, which is all that it is given.
pub(crate) async fn decide_transfer(
    sandbox: web::Data<SandboxState>,
    number: web::Path<String>,
    decision: web::Json<TransferDecision>,
) -> HttpResponse {
    let outcome = match decision.outcome.as_str() {
        "confirm" => ("SUCCESS", ""),
        "fail" => ("FAIL", "PAYEE_ACCOUNT_ABNORMAL"),
        "cancel" => ("CANCELLED", ""),
        "expire" => ("FAIL", "OVERDUE_CLOSE"),
        _ => {
            let message = "do must be confirm, fail, cancel or expire";
            return control_error(StatusCode::BAD_REQUEST, message);
        }
    };
    let now = sandbox.clock.now();
    let mchid = &sandbox.config.mchid;
    let settled = sandbox
        .records()
        .transfers
        .settle(&number, outcome, mchid, now);
    match settled {
        Err(SettleError::NoSuchTransfer) => {
            control_error(StatusCode::NOT_FOUND, "no such transfer")
        }
        Err(SettleError::Settled) => {
            control_error(StatusCode::CONFLICT, "the transfer has its outcome")
        }
        Ok(notification) => {
            if decision.notify.unwrap_or(true) {
                send_notification(&sandbox, notification).await;
            }
            HttpResponse::NoContent().finish()
        }
    }
}
