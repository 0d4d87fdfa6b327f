//! The client of `api.mch.weixin.qq.com`.

use std::time::Duration;

use openssl::hash::{MessageDigest, hash};
use serde_json::{Value, json};

use super::{
    Keys, Merchant, NewTransfer, PaySign, Refund, Signed, Transaction, Transfer, Unverified,
};
use crate::http::{Reply, WHOLE};
use crate::lenient::text;
use crate::{Http, Unanswered};

/// How long a bill may take: it is as large as the day was busy.
const BILL: Duration = Duration::from_secs(120);

/// What a call may come to besides success.
#[derive(Debug, thiserror::Error)]
pub enum PayError {
    /// WeChat answered with an error. Its message is for the log only.
    #[error("WeChat Pay refused with {status} {code}: {message}")]
    Refused {
        status: u16,
        code: String,
        message: String,
    },
    /// No answer, or none that could be believed: what was asked may have been done.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

impl PayError {
    /// Whether WeChat knows nothing under this number. The documents spell it in several ways.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        const CODES: [&str; 6] = [
            "ORDER_NOT_EXIST",
            "ORDERNOTEXIST",
            "ORDER_NOT_EXISTS",
            "RESOURCE_NOT_EXISTS",
            "NOT_FOUND",
            "REFUND_NOT_EXISTS",
        ];
        matches!(self, Self::Refused { status: 404, code, .. } if CODES.contains(&code.as_str()))
    }

    /// Whether it is a plain no: asking the same again would be refused again,
    /// and nothing was done. Rate limits, empty accounts and system errors are not.
    #[must_use]
    pub fn is_final(&self) -> bool {
        const PASSING: [&str; 8] = [
            "SYSTEM_ERROR",
            "FREQUENCY_LIMITED",
            "FREQUENCY_LIMIT",
            "FREQUENCY_LIMIT_EXCEED",
            "RATELIMIT_EXCEEDED",
            "NOT_ENOUGH",
            "ALREADY_EXISTS",
            "OUT_TRADE_NO_USED",
        ];
        match self {
            // A wrong signature is our own fault, to be mended, not the order's.
            Self::Refused {
                status: 400 | 403 | 404,
                code,
                ..
            } => !PASSING.contains(&code.as_str()),
            Self::Refused { .. } | Self::Unanswered(_) => false,
        }
    }
}

/// An order to be paid.
pub struct Prepay<'a> {
    pub app_id: &'a str,
    pub description: &'a str,
    pub out_trade_no: &'a str,
    /// RFC 3339.
    pub time_expire: &'a str,
    pub notify_url: &'a str,
    pub fen: i64,
    pub openid: &'a str,
}

/// A refund asked for.
pub struct RefundOrder<'a> {
    pub out_trade_no: &'a str,
    pub out_refund_no: &'a str,
    pub reason: &'a str,
    pub notify_url: &'a str,
    pub refund_fen: i64,
    pub total_fen: i64,
}

/// A request, not signed yet.
struct Call<'a> {
    method: &'a str,
    path: &'a str,
    /// JSON, or empty.
    body: &'a str,
    /// The key of WeChat's that sealed something in the body.
    sealed_with: Option<&'a str>,
    /// How long the answer may take.
    within: Duration,
}

impl<'a> Call<'a> {
    const fn get(path: &'a str) -> Self {
        Self {
            method: "GET",
            path,
            body: "",
            sealed_with: None,
            within: WHOLE,
        }
    }

    const fn post(path: &'a str, body: &'a str) -> Self {
        Self {
            method: "POST",
            path,
            body,
            sealed_with: None,
            within: WHOLE,
        }
    }
}

/// A client. `now` arguments are Unix seconds.
pub struct Pay {
    http: Http,
    base: String,
    pub merchant: Merchant,
    pub keys: Keys,
    nonce: fn() -> String,
}

impl Pay {
    /// `base` is `https://api.mch.weixin.qq.com` or the sandbox; `nonce` draws 32 characters or less.
    #[must_use]
    pub fn new(
        http: Http,
        base: &str,
        merchant: Merchant,
        keys: Keys,
        nonce: fn() -> String,
    ) -> Self {
        Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            merchant,
            keys,
            nonce,
        }
    }

    /// The merchant's number.
    #[must_use]
    pub fn mchid(&self) -> &str {
        &self.merchant.mchid
    }

    /// Announces an order (`/v3/pay/transactions/jsapi`); answers its `prepay_id`, good for two hours.
    pub async fn prepay(&self, order: &Prepay<'_>, now: i64) -> Result<String, PayError> {
        let body = json!({
            "appid": order.app_id,
            "mchid": self.mchid(),
            "description": order.description,
            "out_trade_no": order.out_trade_no,
            "time_expire": order.time_expire,
            "notify_url": order.notify_url,
            "amount": {"total": order.fen, "currency": "CNY"},
            "payer": {"openid": order.openid},
        });
        let answer = self.post("/v3/pay/transactions/jsapi", &body, now).await?;
        match text(&answer, "prepay_id") {
            id if id.is_empty() => Err(Unanswered::new("no prepay_id in the answer").into()),
            id => Ok(id),
        }
    }

    /// What `wx.requestPayment` needs for a prepaid order.
    pub fn pay_sign(&self, app_id: &str, prepay_id: &str, now: i64) -> Result<PaySign, PayError> {
        let sign = self
            .merchant
            .pay_sign(app_id, prepay_id, now, (self.nonce)());
        sign.ok_or_else(|| Unanswered::new("our key does not sign").into())
    }

    /// What became of an order.
    pub async fn query(&self, out_trade_no: &str, now: i64) -> Result<Transaction, PayError> {
        let path = format!(
            "/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={}",
            self.mchid()
        );
        Ok(Transaction::parse(&self.get(&path, now).await?))
    }

    /// Closes an order that was not paid. Refused when it was.
    pub async fn close(&self, out_trade_no: &str, now: i64) -> Result<(), PayError> {
        let path = format!("/v3/pay/transactions/out-trade-no/{out_trade_no}/close");
        self.post(&path, &json!({"mchid": self.mchid()}), now)
            .await
            .map(drop)
    }

    /// Asks for a refund. Success means accepted, not refunded. Repeat it with the same number only.
    pub async fn refund(&self, order: &RefundOrder<'_>, now: i64) -> Result<Refund, PayError> {
        let body = json!({
            "out_trade_no": order.out_trade_no,
            "out_refund_no": order.out_refund_no,
            "reason": order.reason,
            "notify_url": order.notify_url,
            "amount": {"refund": order.refund_fen, "total": order.total_fen, "currency": "CNY"},
        });
        Ok(Refund::parse(
            &self.post("/v3/refund/domestic/refunds", &body, now).await?,
        ))
    }

    /// What became of a refund.
    pub async fn query_refund(&self, out_refund_no: &str, now: i64) -> Result<Refund, PayError> {
        Ok(Refund::parse(
            &self
                .get(&format!("/v3/refund/domestic/refunds/{out_refund_no}"), now)
                .await?,
        ))
    }

    /// Asks for a transfer. After any unclear answer: query, and repeat with the same number only.
    /// `sealed_with` names the key that sealed the user's name.
    pub async fn transfer(
        &self,
        order: &NewTransfer<'_>,
        sealed_with: Option<&str>,
        now: i64,
    ) -> Result<Transfer, PayError> {
        let path = "/v3/fund-app/mch-transfer/transfer-bills";
        let body = order.body().to_string();
        Ok(Transfer::parse(
            &self
                .call(
                    &Call {
                        sealed_with,
                        ..Call::post(path, &body)
                    },
                    now,
                )
                .await?,
        ))
    }

    /// What became of a transfer. WeChat remembers for thirty days.
    pub async fn query_transfer(&self, out_bill_no: &str, now: i64) -> Result<Transfer, PayError> {
        let path = format!("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}");
        Ok(Transfer::parse(&self.get(&path, now).await?))
    }

    /// The trade bill of a day (`2026-11-23`, Shanghai) as text. Its digest is checked. There is none of a
    /// day on which nothing was paid or refunded.
    pub async fn trade_bill(&self, day: &str, now: i64) -> Result<Option<String>, PayError> {
        let answer = match self
            .get(
                &format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL"),
                now,
            )
            .await
        {
            Err(PayError::Refused { code, .. }) if code == "NO_STATEMENT_EXIST" => return Ok(None),
            answer => answer?,
        };
        let url = text(&answer, "download_url");
        let path = self
            .path_of(&url)
            .ok_or_else(|| Unanswered::new("the bill is not where we may fetch it"))?;
        // The file itself comes unsigned; its digest came signed.
        let reply = self
            .send(
                &Call {
                    within: BILL,
                    ..Call::get(&path)
                },
                now,
            )
            .await?;
        accepted(&reply)?;
        let digest = hash(MessageDigest::sha1(), &reply.body)
            .map(hex::encode)
            .unwrap_or_default();
        if !digest.eq_ignore_ascii_case(&text(&answer, "hash_value")) {
            return Err(Unanswered::new("the bill is not the one that was announced").into());
        }
        match String::from_utf8(reply.body) {
            Ok(bill) => Ok(Some(bill)),
            Err(_) => Err(Unanswered::new("the bill is not UTF-8").into()),
        }
    }

    /// Learns WeChat's present certificates (`/v3/certificates`). They come sealed with our
    /// APIv3 key; the answer must verify with one that is in it.
    pub async fn refresh_certificates(&self, now: i64) -> Result<(), PayError> {
        let reply = self.send(&Call::get("/v3/certificates"), now).await?;
        accepted(&reply)?;
        let body: Value = serde_json::from_slice(&reply.body)
            .ok()
            .ok_or_else(|| Unanswered::new("the certificates are not JSON"))?;
        let fresh = Keys::default();
        let mut found = Vec::new();
        for row in body
            .get("data")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let sealed = row.get("encrypt_certificate").cloned().unwrap_or_default();
            let (nonce, associated) = (text(&sealed, "nonce"), text(&sealed, "associated_data"));
            let plain = self
                .merchant
                .unseal(&nonce, &associated, &text(&sealed, "ciphertext"));
            let Some(pem) = plain.and_then(|plain| String::from_utf8(plain).ok()) else {
                continue;
            };
            let serial = text(row, "serial_no");
            if fresh.add(&serial, &pem).is_ok() {
                found.push((serial, pem));
            }
        }
        fresh
            .verify(&signed(&reply), &reply.body, now)
            .map_err(not_believed)?;
        for (serial, pem) in found {
            self.keys
                .add(&serial, &pem)
                .map_err(|error| Unanswered::new(error.to_string()))?;
        }
        Ok(())
    }

    /// Whether certificates are what WeChat signs with here: no public key is configured.
    #[must_use]
    pub fn uses_certificates(&self) -> bool {
        self.keys.public_key_id().is_none()
    }

    async fn get(&self, path: &str, now: i64) -> Result<Value, PayError> {
        self.call(&Call::get(path), now).await
    }

    async fn post(&self, path: &str, body: &Value, now: i64) -> Result<Value, PayError> {
        self.call(&Call::post(path, &body.to_string()), now).await
    }

    /// One call whose answer is believed only when its signature verifies.
    async fn call(&self, call: &Call<'_>, now: i64) -> Result<Value, PayError> {
        let reply = self.send(call, now).await?;
        accepted(&reply)?;
        match self.keys.verify(&signed(&reply), &reply.body, now) {
            Err(Unverified::UnknownKey) if self.uses_certificates() => {
                self.refresh_certificates(now).await?;
                self.keys
                    .verify(&signed(&reply), &reply.body, now)
                    .map_err(not_believed)?;
            }
            other => other.map_err(not_believed)?,
        }
        if reply.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&reply.body)
            .ok()
            .ok_or_else(|| Unanswered::new("the answer is not JSON").into())
    }

    async fn send(&self, call: &Call<'_>, now: i64) -> Result<Reply, PayError> {
        let Call {
            method,
            path,
            body,
            sealed_with,
            within,
        } = *call;
        let authorization = self
            .merchant
            .authorization(method, path, body, now, &(self.nonce)());
        let authorization =
            authorization.ok_or_else(|| Unanswered::new("our key does not sign"))?;
        let mut headers = vec![
            ("Authorization", authorization),
            ("Accept", "application/json".to_owned()),
        ];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json".to_owned()));
        }
        // With the public key named, the answer is signed with it.
        let serial = sealed_with
            .map(str::to_owned)
            .or_else(|| self.keys.public_key_id());
        headers.extend(serial.map(|serial| ("Wechatpay-Serial", serial)));
        Ok(self
            .http
            .exchange(
                method,
                &format!("{}{path}", self.base),
                &headers,
                body,
                within,
            )
            .await?)
    }

    /// The path of an address under our base. Nothing else is fetched with our signature.
    fn path_of(&self, url: &str) -> Option<String> {
        url.strip_prefix(&self.base)
            .filter(|path| path.starts_with('/'))
            .map(str::to_owned)
    }
}

fn signed(reply: &Reply) -> Signed {
    Signed {
        timestamp: reply.header("Wechatpay-Timestamp"),
        nonce: reply.header("Wechatpay-Nonce"),
        signature: reply.header("Wechatpay-Signature"),
        serial: reply.header("Wechatpay-Serial"),
    }
}

fn not_believed(why: Unverified) -> Unanswered {
    Unanswered::new(format!("the answer is not WeChat's: {why}"))
}

/// An answer outside 2xx is a refusal, which has a code; whatever has none may come from anybody on the way.
fn accepted(reply: &Reply) -> Result<(), PayError> {
    if (200..300).contains(&reply.status) {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    match text(&body, "code") {
        code if code.is_empty() => {
            Err(Unanswered::new(format!("HTTP status {}", reply.status)).into())
        }
        code => Err(PayError::Refused {
            status: reply.status,
            code,
            message: text(&body, "message"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> PayError {
        PayError::Refused {
            status,
            code: code.into(),
            message: String::new(),
        }
    }

    #[test]
    fn only_a_plain_no_is_final() {
        for (status, code) in [
            (400, "PARAM_ERROR"),
            (403, "USER_ACCOUNT_ABNORMAL"),
            (404, "MCH_NOT_EXISTS"),
            (400, "INVALID_REQUEST"),
        ] {
            assert!(refused(status, code).is_final(), "{status} {code}");
        }
        for (status, code) in [
            (500, "SYSTEM_ERROR"),
            (400, "SYSTEM_ERROR"),
            (429, "FREQUENCY_LIMITED"),
            (403, "FREQUENCY_LIMIT"),
            (403, "FREQUENCY_LIMIT_EXCEED"),
            (403, "RATELIMIT_EXCEEDED"),
            (403, "NOT_ENOUGH"),
            (400, "ALREADY_EXISTS"),
            (403, "OUT_TRADE_NO_USED"),
            (401, "SIGN_ERROR"),
        ] {
            assert!(!refused(status, code).is_final(), "{status} {code}");
        }
        assert!(!PayError::from(Unanswered::new("gone")).is_final());
    }

    #[test]
    fn nothing_under_this_number_is_spelt_in_many_ways() {
        for code in [
            "ORDER_NOT_EXIST",
            "ORDERNOTEXIST",
            "ORDER_NOT_EXISTS",
            "RESOURCE_NOT_EXISTS",
            "NOT_FOUND",
        ] {
            assert!(refused(404, code).is_not_found(), "{code}");
            assert!(!refused(400, code).is_not_found(), "{code}");
        }
        assert!(!refused(404, "MCH_NOT_EXISTS").is_not_found());
        assert!(!PayError::from(Unanswered::new("gone")).is_not_found());
    }
}
