//! Acting for a user who pays.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use crate::notifications::delivery::send_notification;
use crate::response::control_error;
use crate::state::SandboxState;
use crate::virtual_payment::payment::{VirtualPaymentParameters, pay_virtual_order};
use crate::wechat_pay::orders::payment::{PaymentParameters, pay_order};

/// How a user pays. An empty body pays an order of WeChat Pay without checking its signature.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Payment {
    /// Whether the notice is sent (the default); it is lost otherwise.
    #[serde(rename = "told")]
    notify: Option<bool>,
    /// Whether to pay an order that is closed or expired.
    late: bool,
    /// The parameters of `wx.requestVirtualPayment`, for a virtual order.
    #[serde(flatten)]
    virtual_parameters: VirtualPaymentParameters,
    /// The parameters of `wx.requestPayment`, to be checked.
    #[serde(flatten)]
    parameters: Option<PaymentParameters>,
}

/// `POST /sandbox/pay/{number}`: pays an order and sends the notification that reports it.
pub(crate) async fn pay_as_user(
    sandbox: web::Data<SandboxState>,
    number: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    let payment = if body.is_empty() {
        Payment::default()
    } else {
        match serde_json::from_slice(&body) {
            Ok(payment) => payment,
            Err(error) => return control_error(StatusCode::BAD_REQUEST, &error.to_string()),
        }
    };
    let paid = if payment.virtual_parameters.is_given() {
        pay_virtual_order(&sandbox, &number, &payment.virtual_parameters)
    } else {
        let parameters = payment.parameters.as_ref();
        pay_order(&sandbox, &number, parameters, payment.late)
    };
    match paid {
        Err(reason) => control_error(StatusCode::CONFLICT, reason),
        Ok(notification) => {
            if payment.notify.unwrap_or(true) {
                send_notification(&sandbox, notification).await;
            }
            HttpResponse::Ok().json(json!({"paid": true}))
        }
    }
}
