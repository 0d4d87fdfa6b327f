//! Refunds: the request, and how WeChat Pay reports them in responses and notices.

use serde_json::{Value, json};

use crate::json_fields::{currency, integer, text};

/// A request for a refund.
pub struct RefundRequest<'a> {
    pub out_trade_no: &'a str,
    pub out_refund_no: &'a str,
    pub reason: &'a str,
    pub notify_url: &'a str,
    pub refund_fen: i64,
    /// The amount of the payment.
    pub total_fen: i64,
}

impl RefundRequest<'_> {
    pub(super) fn body(&self) -> Value {
        json!({
            "out_trade_no": self.out_trade_no,
            "out_refund_no": self.out_refund_no,
            "reason": self.reason,
            "notify_url": self.notify_url,
            "amount": {"refund": self.refund_fen, "total": self.total_fen, "currency": "CNY"},
        })
    }
}

/// The state of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    Success,
    /// WeChat Pay will not refund.
    Closed,
    /// The money cannot be moved: a person must act in the merchant console.
    Abnormal,
    /// In progress, or in a state that this crate does not know.
    Pending,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Present in notices only. A response is always about the merchant who sent the request.
    pub mchid: String,
    pub out_trade_no: String,
    pub out_refund_no: String,
    pub refund_id: String,
    /// WeChat Pay's number of the payment.
    pub transaction_id: String,
    pub state: RefundState,
    /// −1 when there is no amount.
    pub refund_fen: i64,
    /// The amount of the payment, −1 when there is none.
    pub total_fen: i64,
    /// `CNY` when WeChat Pay does not name one, as in notices.
    pub currency: String,
    /// RFC 3339: when WeChat Pay accepted the refund. Absent in notices.
    pub create_time: String,
}

impl Refund {
    /// Parses a response (its state is in `status`) or a notice (`refund_status`).
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let status = ["status", "refund_status"]
            .iter()
            .map(|key| text(body.get(*key)))
            .find(|status| !status.is_empty());
        let state = match status.as_deref() {
            Some("SUCCESS") => RefundState::Success,
            Some("CLOSED") => RefundState::Closed,
            Some("ABNORMAL") => RefundState::Abnormal,
            _ => RefundState::Pending,
        };
        Self {
            mchid: text(body.get("mchid")),
            out_trade_no: text(body.get("out_trade_no")),
            out_refund_no: text(body.get("out_refund_no")),
            refund_id: text(body.get("refund_id")),
            transaction_id: text(body.get("transaction_id")),
            state,
            refund_fen: integer(body.pointer("/amount/refund")).unwrap_or(-1),
            total_fen: integer(body.pointer("/amount/total")).unwrap_or(-1),
            currency: currency(body.pointer("/amount/currency")),
            create_time: text(body.get("create_time")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlisted_refund_status_is_pending() {
        for (body, state) in [
            (json!({"status": "SUCCESS"}), RefundState::Success),
            (json!({"refund_status": "SUCCESS"}), RefundState::Success),
            (json!({"status": "CLOSED"}), RefundState::Closed),
            (json!({"status": "PROCESSING"}), RefundState::Pending),
            (json!({"refund_status": "ABNORMAL"}), RefundState::Abnormal),
            (json!({"status": "LOST"}), RefundState::Pending),
            (json!({}), RefundState::Pending),
        ] {
            assert_eq!(Refund::parse(&body).state, state, "{body}");
        }
    }
}
