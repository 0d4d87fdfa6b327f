//! Transfers and their states. No I/O.

use std::collections::BTreeMap;
use std::time::Duration;

use qlive_types::{Moment, random};
use serde_json::{Value, json};

use crate::json::{set, text};
use crate::notifications::notification::Notification;
use crate::wechat_pay::reply::Reply;

/// How long the payee may take to confirm.
const TIME_TO_CONFIRM: Duration = Duration::from_secs(86_400);
/// The state in which the payee may confirm.
const WAITS_FOR_PAYEE: &str = "WAIT_USER_CONFIRM";

/// A transfer as WeChat Pay knows it.
#[derive(Clone)]
pub(crate) struct Transfer {
    /// The request that created it.
    request: Value,
    /// WeChat Pay's number of the transfer.
    transfer_bill_no: String,
    /// `WAIT_USER_CONFIRM`, `SUCCESS`, `FAIL` or `CANCELLED`.
    state: &'static str,
    /// Why it failed; empty unless it did.
    fail_reason: &'static str,
    package_info: String,
    /// The payee's name after decryption.
    payee_name: String,
    created_at: Moment,
}

/// Why a transfer could not be settled.
pub(crate) enum SettleError {
    /// There is no transfer with this number.
    NoSuchTransfer,
    /// The transfer has its outcome.
    Settled,
}

impl Transfer {
    fn new(request: &Value, payee_name: String, now: Moment) -> Self {
        Self {
            request: request.clone(),
            transfer_bill_no: format!(
                "1330{}",
                random::within(10_000_000_000_000..=99_999_999_999_999)
            ),
            state: WAITS_FOR_PAYEE,
            fail_reason: "",
            package_info: format!("affffddafdfafddffda=={}", random::hex(8)),
            payee_name,
            created_at: now,
        }
    }

    /// Whether a request and its decrypted name are those of this transfer. The encrypted name
    /// differs each time it is encrypted, so it is left out of the comparison.
    fn is_of(&self, request: &Value, payee_name: &str) -> bool {
        let without_name = |request: &Value| {
            let mut request = request.clone();
            if let Some(fields) = request.as_object_mut() {
                fields.remove("user_name");
            }
            request
        };
        without_name(&self.request) == without_name(request) && self.payee_name == payee_name
    }

    /// Fails the transfer when the payee did not confirm in time.
    fn expire(&mut self, now: Moment) {
        if self.state == WAITS_FOR_PAYEE && now > self.created_at.after(TIME_TO_CONFIRM) {
            (self.state, self.fail_reason) = ("FAIL", "OVERDUE_CLOSE");
        }
    }

    /// The answer to the request that creates it.
    fn created(&self) -> Value {
        let mut created = json!({"out_bill_no": text(&self.request, "out_bill_no"),
            "transfer_bill_no": self.transfer_bill_no,
            "create_time": self.created_at.rfc3339(), "state": self.state});
        if self.state == WAITS_FOR_PAYEE {
            set(&mut created, "package_info", self.package_info.clone());
        }
        created
    }

    /// The transfer, as queries and notices show it.
    fn details(&self, mchid: &str) -> Value {
        let mut details = json!({
            "mch_id": mchid,
            "out_bill_no": self.request.get("out_bill_no"),
            "transfer_bill_no": self.transfer_bill_no,
            "appid": self.request.get("appid"),
            "openid": self.request.get("openid"),
            "state": self.state,
            "transfer_amount": self.request.get("transfer_amount"),
            "transfer_remark": self.request.get("transfer_remark"),
            "create_time": self.created_at.rfc3339(),
            "update_time": self.created_at.rfc3339(),
        });
        if !self.fail_reason.is_empty() {
            set(&mut details, "fail_reason", self.fail_reason);
        }
        details
    }

    fn overview(&self) -> Value {
        json!({"state": self.state, "fen": self.request.get("transfer_amount"),
            "name": self.payee_name, "asked": self.request})
    }
}

/// Transfers by the merchant's number.
#[derive(Default)]
pub(crate) struct Transfers(BTreeMap<String, Transfer>);

impl Transfers {
    /// All transfers by the merchant's number, for `GET /sandbox/state`.
    pub(crate) fn overview(&self) -> Value {
        let overview =
            |(number, transfer): (&String, &Transfer)| (number.clone(), transfer.overview());
        Value::Object(self.0.iter().map(overview).collect())
    }

    /// Creates a transfer that waits for the payee. The same request again returns the same
    /// transfer; another request with the same number is refused.
    pub(crate) fn create(&mut self, request: &Value, payee_name: String, now: Moment) -> Reply {
        let out_bill_no = text(request, "out_bill_no");
        match self.0.get(out_bill_no) {
            Some(transfer) if !transfer.is_of(request, &payee_name) => {
                Reply::error(400, "ALREADY_EXISTS")
            }
            Some(transfer) => Reply::ok(transfer.created()),
            None => {
                let transfer = Transfer::new(request, payee_name, now);
                let created = transfer.created();
                self.0.insert(out_bill_no.to_owned(), transfer);
                Reply::ok(created)
            }
        }
    }

    /// Shows a transfer, after failing it when it has expired.
    pub(crate) fn query(&mut self, out_bill_no: &str, mchid: &str, now: Moment) -> Reply {
        match self.0.get_mut(out_bill_no) {
            None => Reply::error(404, "NOT_FOUND"),
            Some(transfer) => {
                transfer.expire(now);
                Reply::ok(transfer.details(mchid))
            }
        }
    }

    /// Gives a transfer its outcome and returns the notice that reports it. `key` is the
    /// merchant's number, or the `package_info` that the payee's client confirms with.
    ///
    /// # Errors
    ///
    /// [`SettleError`] when there is no such transfer, or it has an outcome.
    pub(crate) fn settle(
        &mut self,
        key: &str,
        (state, fail_reason): (&'static str, &'static str),
        mchid: &str,
        now: Moment,
    ) -> Result<Notification, SettleError> {
        let mut transfers = self.0.iter_mut();
        let (_, transfer) = transfers
            .find(|(number, transfer)| *number == key || transfer.package_info == key)
            .ok_or(SettleError::NoSuchTransfer)?;
        transfer.expire(now);
        if transfer.state != WAITS_FOR_PAYEE {
            return Err(SettleError::Settled);
        }
        (transfer.state, transfer.fail_reason) = (state, fail_reason);
        Ok(Notification::pay_notice(
            text(&transfer.request, "notify_url").to_owned(),
            "MCHTRANSFER.BILL.FINISHED",
            "mch_payment",
            transfer.details(mchid),
        ))
    }
}
