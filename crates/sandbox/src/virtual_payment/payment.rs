//! The user who pays with `wx.requestVirtualPayment`.

use serde::Deserialize;
use serde_json::Value;

use crate::config::SandboxConfig;
use crate::crypto::hmac_sha256_hex;
use crate::json::{integer, text};
use crate::notifications::notification::Notification;
use crate::state::SandboxState;
use crate::virtual_payment::records::VirtualOrder;
use crate::wechat::message_push::push_url;

/// The parameters of `wx.requestVirtualPayment`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VirtualPaymentParameters {
    sign_data: String,
    pay_sig: String,
    signature: String,
    /// Fen of the price that a coupon pays.
    coupon: i64,
}

impl VirtualPaymentParameters {
    /// Whether the parameters were given at all.
    pub(crate) fn is_given(&self) -> bool {
        !self.sign_data.is_empty()
    }
}

/// Pays for goods and returns the message that asks the server to deliver them. `signData` must be
/// signed with the `AppKey` (`paySig`) and with the user's present session key (`signature`).
///
/// # Errors
///
/// The client's error code and why, for the person or test that asked.
pub(crate) fn pay_virtual_order(
    sandbox: &SandboxState,
    order_id: &str,
    parameters: &VirtualPaymentParameters,
) -> Result<Notification, &'static str> {
    let config = &sandbox.config;
    let VirtualPaymentParameters {
        sign_data,
        pay_sig,
        signature,
        coupon,
    } = parameters;
    let data: Value = serde_json::from_str(sign_data)
        .ok()
        .ok_or("-15016: signData is not JSON")?;
    check_sign_data(config, order_id, &data)?;
    let app_key = &config.virtual_payment_app_key;
    let expected = hmac_sha256_hex(app_key, &format!("requestVirtualPayment&{sign_data}"));
    if expected != *pay_sig {
        return Err("-15005: paySig is wrong");
    }
    let now = sandbox.clock.now();
    let mut records = sandbox.records();
    let openid = records
        .sessions
        .find_openid(|session_key| hmac_sha256_hex(session_key, sign_data) == *signature)
        .ok_or("-15005: signature is wrong, or the session is over")?;
    if records.virtual_payments.contains(order_id) {
        return Err("the order is paid");
    }
    let fee = integer(&data, "/goodsPrice");
    if !(0..=fee).contains(coupon) {
        return Err("the coupon is worth more than the goods");
    }
    let order = VirtualOrder::new(openid, text(&data, "productId"), (fee, *coupon), now);
    let env = config.virtual_payment_env;
    let message = order.delivery_message(order_id, env, text(&data, "attach"), now);
    records.virtual_payments.add(order_id, order);
    Ok(Notification::push(push_url(config), message))
}

fn check_sign_data(
    config: &SandboxConfig,
    order_id: &str,
    data: &Value,
) -> Result<(), &'static str> {
    if text(data, "offerId") != config.virtual_payment_offer_id
        || integer(data, "/env") != config.virtual_payment_env
        || text(data, "currencyType") != "CNY"
    {
        return Err("-15016: signData does not fit the account");
    }
    if text(data, "outTradeNo") != order_id
        || integer(data, "/buyQuantity") != 1
        || integer(data, "/goodsPrice") < 1
        || text(data, "productId").is_empty()
    {
        return Err("-15001: a field of signData is missing or wrong");
    }
    Ok(())
}
