//! The user who pays an order with `wx.requestPayment`.

use serde::Deserialize;

use crate::notifications::notification::Notification;
use crate::state::SandboxState;
use crate::wechat_pay::orders::record::Order;
use crate::wechat_pay::signature::is_signed_by_merchant;

/// The parameters of `wx.requestPayment`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentParameters {
    time_stamp: String,
    nonce_str: String,
    package: String,
    pay_sign: String,
}

impl PaymentParameters {
    /// Whether the merchant signed them for this order, as WeChat's client checks.
    fn is_signed_for(&self, sandbox: &SandboxState, order: &Order) -> bool {
        let Self {
            time_stamp,
            nonce_str,
            package,
            pay_sign,
        } = self;
        let app_id = &sandbox.config.app_id;
        let message = format!("{app_id}\n{time_stamp}\n{nonce_str}\n{package}\n");
        *package == format!("prepay_id={}", order.prepay_id)
            && is_signed_by_merchant(sandbox, message.as_bytes(), pay_sign)
    }
}

/// Pays an order and returns the notice that reports it. `parameters` are checked when given.
/// With `late`, an order that is closed or expired is paid all the same: in the real system a
/// payment can complete at the moment at which the order is closed.
///
/// # Errors
///
/// Why the order cannot be paid, for the person or test that asked.
pub(crate) fn pay_order(
    sandbox: &SandboxState,
    out_trade_no: &str,
    parameters: Option<&PaymentParameters>,
    late: bool,
) -> Result<Notification, &'static str> {
    let now = sandbox.clock.now();
    let mut records = sandbox.records();
    let order = records.orders.get_mut(out_trade_no).ok_or(
        "no such order; a virtual order is unknown until its client pays: send signData, paySig \
         and signature",
    )?;
    match order.state {
        "SUCCESS" | "REFUND" => return Err("the order is paid"),
        "CLOSED" if !late => return Err("the order is closed"),
        _ if order.is_expired(now) && !late => return Err("the order has expired"),
        _ => {}
    }
    if parameters.is_some_and(|parameters| !parameters.is_signed_for(sandbox, order)) {
        return Err("paySign does not verify");
    }
    Ok(order.set_paid(now))
}
