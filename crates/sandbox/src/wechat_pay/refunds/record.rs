//! Refunds and their states. No I/O.

use std::collections::BTreeMap;

use qlive_types::{Moment, random};
use serde_json::{Value, json};

use crate::json::{integer, set, text};
use crate::notifications::notification::Notification;
use crate::wechat_pay::orders::record::Orders;
use crate::wechat_pay::reply::Reply;

/// The largest length of the merchant's number of a refund.
const MAX_NUMBER_BYTES: usize = 64;

/// A refund as WeChat Pay knows it.
#[derive(Clone)]
pub(crate) struct Refund {
    /// The request that created it.
    pub(crate) request: Value,
    /// WeChat Pay's number of the refund.
    pub(crate) refund_id: String,
    /// `PROCESSING`, `SUCCESS`, `CLOSED` or `ABNORMAL`.
    pub(crate) status: &'static str,
    pub(crate) transaction_id: String,
    pub(crate) created_at: Moment,
    /// The amount of the order, in fen.
    order_total: i64,
}

impl Refund {
    /// The amount refunded, in fen.
    pub(crate) fn amount(&self) -> i64 {
        integer(&self.request, "/amount/refund")
    }

    fn out_trade_no(&self) -> &str {
        text(&self.request, "out_trade_no")
    }

    /// The refund, as queries show it.
    pub(crate) fn details(&self) -> Value {
        self.details_with("status")
    }

    /// The refund with its status under `status_key`, which differs between queries and notices.
    fn details_with(&self, status_key: &str) -> Value {
        let (total, amount) = (self.order_total, self.amount());
        let mut details = json!({
            "refund_id": self.refund_id,
            "out_refund_no": self.request.get("out_refund_no"),
            "transaction_id": self.transaction_id,
            "out_trade_no": self.request.get("out_trade_no"),
            "channel": "ORIGINAL",
            "create_time": self.created_at.rfc3339(),
            "user_received_account": "sandbox",
            "amount": {"total": total, "refund": amount, "payer_total": total,
                "payer_refund": amount},
        });
        set(&mut details, status_key, self.status);
        details
    }

    /// The notice that reports the outcome.
    pub(crate) fn notice(&self, mchid: &str) -> Notification {
        let mut details = self.details_with("refund_status");
        set(&mut details, "mchid", mchid);
        if let Some(fields) = details.as_object_mut() {
            fields.remove("create_time");
        }
        let event = match self.status {
            "CLOSED" => "REFUND.CLOSED",
            "ABNORMAL" => "REFUND.ABNORMAL",
            _ => "REFUND.SUCCESS",
        };
        let url = text(&self.request, "notify_url").to_owned();
        Notification::pay_notice(url, event, "refund", details)
    }
}

/// Why a refund of either payment system cannot be given an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundDecisionError {
    /// There is no refund with this number.
    NoSuchRefund,
    /// The refund has its outcome.
    Settled,
}

/// Refunds by the merchant's number.
#[derive(Default)]
pub(crate) struct Refunds(BTreeMap<String, Refund>);

impl Refunds {
    pub(crate) fn get(&self, out_refund_no: &str) -> Option<&Refund> {
        self.0.get(out_refund_no)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Refund> {
        self.0.values()
    }

    /// All refunds by the merchant's number, for `GET /sandbox/state`.
    pub(crate) fn overview(&self) -> Value {
        let details = |(number, refund): (&String, &Refund)| (number.clone(), refund.details());
        Value::Object(self.0.iter().map(details).collect())
    }

    /// What remains of an order after its refunds, those in process included.
    fn remaining(&self, out_trade_no: &str, total: i64) -> i64 {
        let refunded: i64 = self
            .iter()
            .filter(|refund| refund.out_trade_no() == out_trade_no && refund.status != "CLOSED")
            .map(Refund::amount)
            .sum();
        total - refunded
    }

    /// Creates a refund in process. The same request again returns the same refund; another
    /// request with the same number is refused.
    pub(crate) fn create(&mut self, orders: &Orders, request: &Value, now: Moment) -> Reply {
        let out_trade_no = text(request, "out_trade_no");
        let out_refund_no = text(request, "out_refund_no");
        if let Some(refund) = self.0.get(out_refund_no) {
            return if refund.request == *request {
                Reply::ok(refund.details())
            } else {
                Reply::error(400, "INVALID_REQUEST")
            };
        }
        let Some(order) = orders.get(out_trade_no) else {
            return Reply::error(404, "RESOURCE_NOT_EXISTS");
        };
        let valid_number = (1..=MAX_NUMBER_BYTES).contains(&out_refund_no.len());
        if order.paid_at.is_none() || !valid_number {
            return Reply::error(400, "INVALID_REQUEST");
        }
        let amount = integer(request, "/amount/refund");
        if integer(request, "/amount/total") != order.total()
            || amount < 1
            || amount > self.remaining(out_trade_no, order.total())
        {
            return Reply::error(400, "PARAM_ERROR");
        }
        let refund = Refund {
            request: request.clone(),
            refund_id: format!(
                "50300{}",
                random::within(10_000_000_000_000..=99_999_999_999_999)
            ),
            status: "PROCESSING",
            transaction_id: order.transaction_id.clone(),
            created_at: now,
            order_total: order.total(),
        };
        let details = refund.details();
        self.0.insert(out_refund_no.to_owned(), refund);
        Reply::ok(details)
    }

    /// Gives a refund its outcome and returns it. A refund that is `ABNORMAL` waits for a person,
    /// and can still succeed or be closed.
    ///
    /// # Errors
    ///
    /// [`RefundDecisionError`] when there is no such refund, or it has its outcome.
    pub(crate) fn settle(
        &mut self,
        orders: &mut Orders,
        out_refund_no: &str,
        status: &'static str,
    ) -> Result<Refund, RefundDecisionError> {
        let refund = self
            .0
            .get_mut(out_refund_no)
            .ok_or(RefundDecisionError::NoSuchRefund)?;
        match refund.status {
            "PROCESSING" => {}
            "ABNORMAL" if status != "ABNORMAL" => {}
            _ => return Err(RefundDecisionError::Settled),
        }
        refund.status = status;
        let refund = refund.clone();
        if status == "SUCCESS"
            && let Some(order) = orders.get_mut(refund.out_trade_no())
        {
            order.state = "REFUND";
        }
        Ok(refund)
    }
}
