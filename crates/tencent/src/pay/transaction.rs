//! Payments as WeChat Pay reports them in responses and notices.

use serde_json::Value;

use crate::json_fields::{currency, integer, text};

/// The state of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeState {
    Success,
    /// Paid, and refunded since, in part or in full.
    Refunded,
    /// Not paid, or a payment is in progress or failed and can still succeed.
    NotPaid,
    Closed,
    /// A state that this crate does not know. Nothing may be concluded from it.
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
    /// −1 when there is no amount.
    pub total_fen: i64,
    /// `CNY` when WeChat Pay does not name one.
    pub currency: String,
    /// RFC 3339.
    pub success_time: String,
}

impl Transaction {
    /// Parses a response or a notice.
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let state = match text(body.get("trade_state")).as_str() {
            "SUCCESS" => TradeState::Success,
            "REFUND" => TradeState::Refunded,
            "NOTPAY" | "USERPAYING" | "PAYERROR" => TradeState::NotPaid,
            "CLOSED" | "REVOKED" => TradeState::Closed,
            _ => TradeState::Unknown,
        };
        Self {
            app_id: text(body.get("appid")),
            mchid: text(body.get("mchid")),
            out_trade_no: text(body.get("out_trade_no")),
            transaction_id: text(body.get("transaction_id")),
            state,
            total_fen: integer(body.pointer("/amount/total")).unwrap_or(-1),
            currency: currency(body.pointer("/amount/currency")),
            success_time: text(body.get("success_time")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unlisted_trade_state_is_unknown() {
        for (trade_state, state) in [
            ("SUCCESS", TradeState::Success),
            ("REFUND", TradeState::Refunded),
            ("NOTPAY", TradeState::NotPaid),
            ("USERPAYING", TradeState::NotPaid),
            ("PAYERROR", TradeState::NotPaid),
            ("CLOSED", TradeState::Closed),
            ("REVOKED", TradeState::Closed),
            ("ACCEPT", TradeState::Unknown),
            ("PAID_BY_MAGIC", TradeState::Unknown),
        ] {
            let transaction = Transaction::parse(&json!({"trade_state": trade_state}));
            assert_eq!(transaction.state, state, "{trade_state}");
        }
    }

    #[test]
    fn missing_currency_is_yuan_and_another_is_not() {
        for (amount, currency) in [
            (json!({"total": 1}), "CNY"),
            (json!({"total": 1, "currency": null}), "CNY"),
            (json!({"total": 1, "currency": ""}), "CNY"),
            (json!({"total": 1, "currency": "CNY"}), "CNY"),
            (json!({"total": 1, "currency": "USD"}), "USD"),
            (json!({"total": 1, "currency": 156}), "156"),
        ] {
            let transaction = Transaction::parse(&json!({"amount": amount}));
            assert_eq!(transaction.currency, currency, "{amount}");
        }
    }

    #[test]
    fn missing_amount_is_minus_one() {
        assert_eq!(Transaction::parse(&json!({})).total_fen, -1);
    }
}
