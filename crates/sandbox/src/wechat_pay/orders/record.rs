//! Orders and their states. No I/O.

use std::collections::BTreeMap;

use qlive_types::{Moment, random};
use serde_json::{Value, json};

use crate::json::{integer, set, text};
use crate::notifications::notification::Notification;
use crate::wechat_pay::reply::Reply;

/// An order as WeChat Pay knows it.
#[derive(Clone)]
pub(crate) struct Order {
    /// The request that placed it.
    pub(crate) request: Value,
    pub(crate) prepay_id: String,
    /// `NOTPAY`, `SUCCESS`, `REFUND` or `CLOSED`.
    pub(crate) state: &'static str,
    /// WeChat Pay's number of the payment; empty until it is paid.
    pub(crate) transaction_id: String,
    pub(crate) paid_at: Option<Moment>,
}

impl Order {
    /// The amount, in fen.
    pub(crate) fn total(&self) -> i64 {
        integer(&self.request, "/amount/total")
    }

    pub(crate) fn notify_url(&self) -> &str {
        text(&self.request, "notify_url")
    }

    /// Whether the time to pay is over.
    pub(crate) fn is_expired(&self, now: Moment) -> bool {
        Moment::parse_rfc3339(text(&self.request, "time_expire")).is_none_or(|end| now > end)
    }

    /// Marks the order as paid and returns the notice that reports it.
    pub(crate) fn set_paid(&mut self, now: Moment) -> Notification {
        self.state = "SUCCESS";
        self.paid_at = Some(now);
        self.transaction_id = format!(
            "42000{}",
            random::within(10_000_000_000_000..=99_999_999_999_999)
        );
        Notification::pay_notice(
            self.notify_url().to_owned(),
            "TRANSACTION.SUCCESS",
            "transaction",
            self.transaction(),
        )
    }

    /// The transaction, as queries and notices show it.
    pub(crate) fn transaction(&self) -> Value {
        let request = &self.request;
        let total = self.total();
        let mut transaction = json!({
            "appid": request.get("appid"),
            "mchid": request.get("mchid"),
            "out_trade_no": request.get("out_trade_no"),
            "trade_state": self.state,
            "trade_state_desc": "sandbox",
            "payer": request.get("payer"),
            "amount": {"total": total, "currency": "CNY"},
        });
        if let Some(paid_at) = self.paid_at {
            let amount = json!({"total": total, "payer_total": total, "currency": "CNY",
                "payer_currency": "CNY"});
            set(
                &mut transaction,
                "transaction_id",
                self.transaction_id.clone(),
            );
            set(&mut transaction, "trade_type", "JSAPI");
            set(&mut transaction, "bank_type", "OTHERS");
            set(&mut transaction, "success_time", paid_at.rfc3339());
            set(&mut transaction, "amount", amount);
        }
        transaction
    }
}

/// Orders by the merchant's number.
#[derive(Default)]
pub(crate) struct Orders(BTreeMap<String, Order>);

impl Orders {
    pub(crate) fn get(&self, out_trade_no: &str) -> Option<&Order> {
        self.0.get(out_trade_no)
    }

    pub(crate) fn get_mut(&mut self, out_trade_no: &str) -> Option<&mut Order> {
        self.0.get_mut(out_trade_no)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.0.values()
    }

    /// All transactions by the merchant's number, for `GET /sandbox/state`.
    pub(crate) fn overview(&self) -> Value {
        let transaction =
            |(number, order): (&String, &Order)| (number.clone(), order.transaction());
        Value::Object(self.0.iter().map(transaction).collect())
    }

    /// Places an order. The same request again returns the same `prepay_id`; another request with
    /// the same number is refused, as is a number that was paid or closed.
    pub(crate) fn place(&mut self, request: &Value) -> Reply {
        let out_trade_no = text(request, "out_trade_no");
        let prepaid = |prepay_id: &str| Reply::ok(json!({"prepay_id": prepay_id}));
        match self.0.get(out_trade_no) {
            Some(order) if order.request != *request => Reply::error(400, "INVALID_REQUEST"),
            Some(order) if order.state != "NOTPAY" => Reply::error(403, "OUT_TRADE_NO_USED"),
            Some(order) => prepaid(&order.prepay_id),
            None => {
                let prepay_id = format!("wx{}", random::hex(16));
                let reply = prepaid(&prepay_id);
                let order = Order {
                    request: request.clone(),
                    prepay_id,
                    state: "NOTPAY",
                    transaction_id: String::new(),
                    paid_at: None,
                };
                self.0.insert(out_trade_no.to_owned(), order);
                reply
            }
        }
    }

    /// Closes an order that was not paid. Closing it again succeeds.
    pub(crate) fn close(&mut self, out_trade_no: &str) -> Reply {
        match self.0.get_mut(out_trade_no) {
            None => Reply::error(404, "ORDER_NOT_EXIST"),
            Some(order) if ["SUCCESS", "REFUND"].contains(&order.state) => {
                Reply::error(400, "ORDER_PAID")
            }
            Some(order) => {
                order.state = "CLOSED";
                Reply::no_content()
            }
        }
    }
}
