//! Orders and refunds of virtual payment, and their states. No I/O.

use std::collections::BTreeMap;

use qlive_types::{Moment, random};
use serde_json::{Value, json};

use crate::json::{integer, text};
use crate::wechat::sessions::wechat_success;
use crate::wechat_pay::refunds::record::RefundDecisionError;

/// States of an order, by WeChat's numbers.
const PAID: i64 = 2;
const DELIVERED: i64 = 4;
const REFUNDED: i64 = 5;
const REFUND_FAILED: i64 = 7;

/// Error codes of virtual payment.
pub(crate) const WRONG_OPENID: i64 = 268_490_001;
pub(crate) const INVALID_PARAMETER: i64 = 268_490_002;
pub(crate) const INVALID_SIGNATURE: i64 = 268_490_003;
pub(crate) const REPEATED_OPERATION: i64 = 268_490_004;
pub(crate) const LEFT_FEE_MISMATCH: i64 = 268_490_016;

/// An order of goods as WeChat knows it.
pub(crate) struct VirtualOrder {
    openid: String,
    product_id: String,
    /// The price, in fen.
    fee: i64,
    /// The part of the price that a coupon paid, in fen.
    coupon_fee: i64,
    /// What was not refunded, in fen.
    left_fee: i64,
    status: i64,
    transaction_id: String,
    paid_at: Moment,
}

/// A refund that the merchant requested.
struct VirtualRefund {
    order_id: String,
    fen: i64,
    /// Whether it has its outcome.
    settled: bool,
}

/// Orders and refunds by the merchant's numbers. An order is unknown until a client pays it.
#[derive(Default)]
pub(crate) struct VirtualPayments {
    orders: BTreeMap<String, VirtualOrder>,
    refunds: BTreeMap<String, VirtualRefund>,
}

impl VirtualOrder {
    /// An order that was just paid, a part of it with a coupon.
    pub(crate) fn new(
        openid: String,
        product_id: &str,
        (fee, coupon_fee): (i64, i64),
        now: Moment,
    ) -> Self {
        Self {
            openid,
            product_id: product_id.to_owned(),
            fee,
            coupon_fee,
            left_fee: fee - coupon_fee,
            status: PAID,
            transaction_id: format!(
                "43000{}",
                random::within(10_000_000_000_000..=99_999_999_999_999)
            ),
            paid_at: now,
        }
    }

    /// The message that asks the server to deliver the goods.
    pub(crate) fn delivery_message(
        &self,
        order_id: &str,
        env: i64,
        attach: &str,
        now: Moment,
    ) -> Value {
        json!({
            "ToUserName": "gh_sandbox",
            "FromUserName": "oplatform",
            "CreateTime": now.secs(),
            "MsgType": "event",
            "Event": "xpay_goods_deliver_notify",
            "OpenId": self.openid,
            "OutTradeNo": order_id,
            "Env": env,
            "WeChatPayInfo": {"MchOrderNo": random::hex(8), "TransactionId": self.transaction_id,
                "PaidTime": self.paid_at.secs()},
            "GoodsInfo": {"ProductId": self.product_id, "Quantity": 1, "OrigPrice": self.fee,
                "ActualPrice": self.paid_fee(), "Attach": attach},
            "RetryTimes": 0,
        })
    }

    /// What the user paid, in fen.
    const fn paid_fee(&self) -> i64 {
        self.fee - self.coupon_fee
    }

    fn refund(&mut self, fen: i64) {
        self.left_fee -= fen;
        self.status = REFUNDED;
    }
}

/// The message that reports the outcome of a refund; `code` 0 is success.
fn refund_message(order_id: &str, openid: &str, refund_id: &str, fen: i64, code: i64) -> Value {
    json!({"ToUserName": "gh_sandbox", "FromUserName": "oplatform", "MsgType": "event",
        "Event": "xpay_refund_notify", "OpenId": openid,
        "WxRefundId": format!("xr{}", random::hex(8)), "MchRefundId": refund_id,
        "WxOrderId": order_id, "MchOrderId": order_id, "RefundFee": fen, "RetCode": code,
        "RetMsg": "sandbox", "RetryTimes": 0})
}

impl VirtualPayments {
    pub(crate) fn contains(&self, order_id: &str) -> bool {
        self.orders.contains_key(order_id)
    }

    pub(crate) fn add(&mut self, order_id: &str, order: VirtualOrder) {
        self.orders.insert(order_id.to_owned(), order);
    }

    /// Shows an order to the server of the user who paid it.
    ///
    /// # Errors
    ///
    /// The error code when the order is unknown or another user's.
    pub(crate) fn query(&self, request: &Value, env: i64) -> Result<Value, i64> {
        let order_id = text(request, "order_id");
        let order = self.orders.get(order_id).ok_or(INVALID_PARAMETER)?;
        if order.openid != text(request, "openid") {
            return Err(WRONG_OPENID);
        }
        Ok(json!({"errcode": 0, "errmsg": "ok", "order": {
            "order_id": order_id, "status": order.status, "biz_type": 0, "order_type": 0,
            "order_fee": order.fee, "coupon_fee": order.coupon_fee, "paid_fee": order.paid_fee(),
            "refund_fee": order.paid_fee() - order.left_fee, "left_fee": order.left_fee,
            "paid_time": order.paid_at.secs(), "env_type": if env == 0 { 1 } else { 2 },
            "wx_order_id": format!("wx{order_id}"), "wxpay_order_id": order.transaction_id}}))
    }

    /// Marks an order as delivered at the request of the server.
    ///
    /// # Errors
    ///
    /// The error code when the order is unknown or not in the state paid.
    pub(crate) fn confirm_delivery(&mut self, request: &Value) -> Result<Value, i64> {
        let order = self.orders.get_mut(text(request, "order_id"));
        let order = order.ok_or(INVALID_PARAMETER)?;
        if order.status != PAID {
            return Err(REPEATED_OPERATION);
        }
        order.status = DELIVERED;
        Ok(wechat_success())
    }

    /// Marks an order as delivered because the server accepted the message that asked for it.
    pub(crate) fn record_accepted_delivery(&mut self, order_id: &str) {
        let order = self.orders.get_mut(order_id);
        if let Some(order) = order.filter(|order| order.status == PAID) {
            order.status = DELIVERED;
        }
    }

    /// Records a refund that the server requests.
    ///
    /// # Errors
    ///
    /// The error code when the number was used, the order is unknown, or the amounts do not fit.
    pub(crate) fn request_refund(&mut self, request: &Value) -> Result<Value, i64> {
        let order_id = text(request, "order_id");
        let refund_id = text(request, "refund_order_id");
        let fen = integer(request, "/refund_fee");
        if self.refunds.contains_key(refund_id) {
            return Err(REPEATED_OPERATION);
        }
        let order = self.orders.get(order_id).ok_or(INVALID_PARAMETER)?;
        if request.get("left_fee").and_then(Value::as_i64) != Some(order.left_fee) {
            return Err(LEFT_FEE_MISMATCH);
        }
        if !(8..=32).contains(&refund_id.len()) || !(1..=order.left_fee).contains(&fen) {
            return Err(INVALID_PARAMETER);
        }
        let refund = VirtualRefund {
            order_id: order_id.to_owned(),
            fen,
            settled: false,
        };
        self.refunds.insert(refund_id.to_owned(), refund);
        Ok(
            json!({"errcode": 0, "errmsg": "ok", "refund_order_id": refund_id,
            "pay_order_id": order_id}),
        )
    }

    /// Gives a requested refund its outcome and returns the message that reports it.
    ///
    /// # Errors
    ///
    /// [`RefundDecisionError`] when there is no such refund, or it has its outcome.
    pub(crate) fn settle_refund(
        &mut self,
        refund_id: &str,
        succeeds: bool,
    ) -> Result<Value, RefundDecisionError> {
        let unknown = RefundDecisionError::NoSuchRefund;
        let refund = self.refunds.get_mut(refund_id).ok_or(unknown)?;
        if refund.settled {
            return Err(RefundDecisionError::Settled);
        }
        let order = self.orders.get_mut(&refund.order_id).ok_or(unknown)?;
        refund.settled = true;
        let fen = refund.fen;
        let code = if succeeds {
            order.refund(fen);
            0
        } else {
            order.status = REFUND_FAILED;
            1
        };
        let openid = &order.openid;
        Ok(refund_message(
            &refund.order_id,
            openid,
            refund_id,
            fen,
            code,
        ))
    }

    /// Refunds part of an order without a request of the merchant and returns the message that
    /// reports it; `None` when there is no such order or it has less left.
    pub(crate) fn refund_by_platform(&mut self, order_id: &str, fen: i64) -> Option<Value> {
        let order = self
            .orders
            .get_mut(order_id)
            .filter(|order| (1..=order.left_fee).contains(&fen))?;
        order.refund(fen);
        Some(refund_message(order_id, &order.openid, "", fen, 0))
    }
}
