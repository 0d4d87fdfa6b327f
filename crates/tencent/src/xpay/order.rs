//! An order as the virtual payment API reports it.

use serde_json::Value;

use crate::json_fields::{integer, text};

/// The state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XpayOrderState {
    Unpaid,
    /// Paid. WeChat waits for the report that the goods were delivered.
    Paid,
    /// Paid, and WeChat knows that the goods were delivered.
    Delivered,
    /// Paid, and refunded since.
    Refunded,
    /// Paid, and a refund of it failed.
    RefundFailed,
    Closed,
    /// A status that this crate does not know. Nothing may be concluded from it.
    Unknown,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XpayOrder {
    pub order_id: String,
    pub state: XpayOrderState,
    /// Whether the order belongs to the production environment; `None` when WeChat does not say.
    pub production: Option<bool>,
    /// Fen, −1 when the response has no amount.
    pub order_fee: i64,
    /// Fen that the user paid, which is less than `order_fee` when a coupon was used. −1 when the
    /// response has no amount.
    pub paid_fee: i64,
    /// Fen that are not refunded, −1 when the response has no amount.
    pub left_fee: i64,
    /// WeChat's number of the payment.
    pub transaction_id: String,
    /// Unix seconds, 0 when the response has no time.
    pub paid_time: i64,
}

impl XpayOrder {
    /// Fen that were refunded, at least as far as the response says. A coupon is never refunded, so
    /// an order that was paid with one had less to refund from the beginning.
    #[must_use]
    pub fn refunded_fee(&self) -> Option<i64> {
        let refundable = if (0..self.order_fee).contains(&self.paid_fee) {
            self.paid_fee
        } else {
            self.order_fee
        };
        (self.left_fee >= 0 && self.order_fee >= 0).then(|| (refundable - self.left_fee).max(0))
    }

    pub(super) fn parse(order: &Value) -> Self {
        let number = |key: &str, default: i64| integer(order.get(key)).unwrap_or(default);
        let state = match number("status", -1) {
            0 | 1 => XpayOrderState::Unpaid,
            2 | 3 => XpayOrderState::Paid,
            4 => XpayOrderState::Delivered,
            7 => XpayOrderState::RefundFailed,
            5 | 8 => XpayOrderState::Refunded,
            6 => XpayOrderState::Closed,
            _ => XpayOrderState::Unknown,
        };
        // Unlike `env` in requests, where production is 0 and the sandbox is 1.
        let production = match number("env_type", 0) {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        };
        let transaction_id = ["wxpay_order_id", "wx_order_id"]
            .iter()
            .map(|key| text(order.get(*key)))
            .find(|id| !id.is_empty())
            .unwrap_or_default();
        Self {
            order_id: text(order.get("order_id")),
            state,
            production,
            order_fee: number("order_fee", -1),
            paid_fee: number("paid_fee", -1),
            left_fee: number("left_fee", -1),
            transaction_id,
            paid_time: number("paid_time", 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unlisted_order_status_is_unknown() {
        for (status, state) in [
            (0, XpayOrderState::Unpaid),
            (1, XpayOrderState::Unpaid),
            (2, XpayOrderState::Paid),
            (3, XpayOrderState::Paid),
            (4, XpayOrderState::Delivered),
            (5, XpayOrderState::Refunded),
            (6, XpayOrderState::Closed),
            (7, XpayOrderState::RefundFailed),
            (8, XpayOrderState::Refunded),
            (9, XpayOrderState::Unknown),
            (77, XpayOrderState::Unknown),
        ] {
            let order = XpayOrder::parse(&json!({"status": status}));
            assert_eq!(order.state, state, "{status}");
        }
    }

    #[test]
    fn coupon_is_not_a_refund() {
        for (order_fee, paid_fee, left_fee, refunded) in [
            (600, 600, 600, Some(0)),
            (600, 600, 400, Some(200)),
            (600, 500, 500, Some(0)),
            (600, 500, 300, Some(200)),
            (600, 500, 600, Some(0)),
            (600, -1, 400, Some(200)),
            (600, 0, 0, Some(0)),
            (600, 600, -1, None),
            (-1, -1, 0, None),
        ] {
            let order = XpayOrder::parse(&json!({
                "order_fee": order_fee, "paid_fee": paid_fee, "left_fee": left_fee
            }));
            assert_eq!(order.refunded_fee(), refunded, "{order:?}");
        }
    }
}
