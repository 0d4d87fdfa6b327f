//! Payments and refunds as WeChat tells of them, in answers and in notices.

use serde_json::Value;

use crate::lenient::{integer, text};

/// What became of a payment. A word we do not know means nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeState {
    Success,
    /// Paid, and refunded since, in part or in whole.
    Refund,
    NotPay,
    Closed,
    Unknown,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    pub app_id: String,
    pub mchid: String,
    pub out_trade_no: String,
    pub transaction_id: String,
    pub state: TradeState,
    /// Fen; −1 when it is not told.
    pub total: i64,
    pub currency: String,
    /// RFC 3339.
    pub success_time: String,
}

impl Transaction {
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let state = match text(body, "trade_state").as_str() {
            "SUCCESS" => TradeState::Success,
            "REFUND" => TradeState::Refund,
            // The last two may still become paid.
            "NOTPAY" | "USERPAYING" | "PAYERROR" => TradeState::NotPay,
            "CLOSED" | "REVOKED" => TradeState::Closed,
            _ => TradeState::Unknown,
        };
        Self {
            app_id: text(body, "appid"),
            mchid: text(body, "mchid"),
            out_trade_no: text(body, "out_trade_no"),
            transaction_id: text(body, "transaction_id"),
            state,
            total: integer(body.pointer("/amount/total")).unwrap_or(-1),
            currency: body
                .pointer("/amount/currency")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            success_time: text(body, "success_time"),
        }
    }
}

/// What became of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    Success,
    /// WeChat will not refund it.
    Closed,
    /// Under way, stuck (ABNORMAL: a person must act in the console), or a word we do not know.
    Pending,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Told in notices only; the answers to our own calls come to the merchant who called.
    pub mchid: String,
    pub out_trade_no: String,
    pub out_refund_no: String,
    pub refund_id: String,
    /// Of the payment that it is of.
    pub transaction_id: String,
    pub state: RefundState,
    /// Fen refunded, and fen of the payment; −1 when not told.
    pub refund: i64,
    pub total: i64,
}

impl Refund {
    /// Reads an answer (`status`) or a notice (`refund_status`).
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let status = [text(body, "status"), text(body, "refund_status")];
        let state = match status
            .iter()
            .find(|status| !status.is_empty())
            .map(String::as_str)
        {
            Some("SUCCESS") => RefundState::Success,
            Some("CLOSED") => RefundState::Closed,
            _ => RefundState::Pending,
        };
        Self {
            mchid: text(body, "mchid"),
            out_trade_no: text(body, "out_trade_no"),
            out_refund_no: text(body, "out_refund_no"),
            refund_id: text(body, "refund_id"),
            transaction_id: text(body, "transaction_id"),
            state,
            refund: integer(body.pointer("/amount/refund")).unwrap_or(-1),
            total: integer(body.pointer("/amount/total")).unwrap_or(-1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_state_we_do_not_know_means_nothing_yet() {
        for (word, state) in [
            ("SUCCESS", TradeState::Success),
            ("REFUND", TradeState::Refund),
            ("NOTPAY", TradeState::NotPay),
            ("USERPAYING", TradeState::NotPay),
            ("PAYERROR", TradeState::NotPay),
            ("CLOSED", TradeState::Closed),
            ("REVOKED", TradeState::Closed),
            ("ACCEPT", TradeState::Unknown),
            ("PAID_BY_MAGIC", TradeState::Unknown),
        ] {
            assert_eq!(
                Transaction::parse(&json!({"trade_state": word})).state,
                state,
                "{word}"
            );
        }
        assert_eq!(Transaction::parse(&json!({})).total, -1);
        for (body, state) in [
            (json!({"status": "SUCCESS"}), RefundState::Success),
            (json!({"refund_status": "SUCCESS"}), RefundState::Success),
            (json!({"status": "CLOSED"}), RefundState::Closed),
            (json!({"status": "PROCESSING"}), RefundState::Pending),
            (json!({"refund_status": "ABNORMAL"}), RefundState::Pending),
            (json!({}), RefundState::Pending),
        ] {
            assert_eq!(Refund::parse(&body).state, state, "{body}");
        }
    }
}
