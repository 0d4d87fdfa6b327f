//! The client of WeChat Pay: orders, refunds and transfers.

use serde_json::json;

use super::error::PayError;
use super::merchant::{Merchant, RequestPaymentParams};
use super::platform_keys::PlatformKeys;
use super::refund::{Refund, RefundRequest};
use super::transaction::Transaction;
use super::transfer::{Transfer, TransferRequest};
use crate::http::{HttpClient, ResponseError};
use crate::json_fields::text;

/// An order to be paid in the mini-program.
pub struct PrepayRequest<'a> {
    pub app_id: &'a str,
    pub description: &'a str,
    pub out_trade_no: &'a str,
    /// RFC 3339.
    pub time_expire: &'a str,
    pub notify_url: &'a str,
    pub total_fen: i64,
    pub openid: &'a str,
}

/// A client of `api.mch.weixin.qq.com`. `now` arguments are Unix seconds.
pub struct PayClient {
    pub(super) http: HttpClient,
    pub(super) base_url: String,
    pub merchant: Merchant,
    pub platform_keys: PlatformKeys,
    pub(super) nonce: fn() -> String,
}

impl PayClient {
    /// Creates a client. `base_url` is `https://api.mch.weixin.qq.com` or the sandbox's address;
    /// `nonce` draws at most 32 characters.
    #[must_use]
    pub fn new(
        http: HttpClient,
        base_url: &str,
        merchant: Merchant,
        platform_keys: PlatformKeys,
        nonce: fn() -> String,
    ) -> Self {
        Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            merchant,
            platform_keys,
            nonce,
        }
    }

    /// Returns the merchant's number.
    #[must_use]
    pub fn mchid(&self) -> &str {
        &self.merchant.mchid
    }

    /// Creates an order (小程序下单) and returns its `prepay_id`, which is valid for two hours.
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses the order or no usable response is received.
    pub async fn create_order(
        &self,
        order: &PrepayRequest<'_>,
        now: i64,
    ) -> Result<String, PayError> {
        let body = json!({
            "appid": order.app_id,
            "mchid": self.mchid(),
            "description": order.description,
            "out_trade_no": order.out_trade_no,
            "time_expire": order.time_expire,
            "notify_url": order.notify_url,
            "amount": {"total": order.total_fen, "currency": "CNY"},
            "payer": {"openid": order.openid},
        });
        let response = self.post("/v3/pay/transactions/jsapi", &body, now).await?;
        match text(response.get("prepay_id")) {
            id if id.is_empty() => Err(ResponseError::MissingField("prepay_id").into()),
            id => Ok(id),
        }
    }

    /// Signs the parameters with which the client pays an order (小程序调起支付).
    ///
    /// # Errors
    /// Fails when the merchant's key cannot sign.
    pub fn sign_request_payment(
        &self,
        app_id: &str,
        prepay_id: &str,
        now: i64,
    ) -> Result<RequestPaymentParams, PayError> {
        let nonce = (self.nonce)();
        Ok(self
            .merchant
            .sign_request_payment(app_id, prepay_id, now, nonce)?)
    }

    /// Queries an order's payment (商户订单号查询订单).
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses the query or no usable response is received.
    pub async fn query_transaction(
        &self,
        out_trade_no: &str,
        now: i64,
    ) -> Result<Transaction, PayError> {
        let mchid = self.mchid();
        let path = format!("/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={mchid}");
        Ok(Transaction::parse(&self.get(&path, now).await?))
    }

    /// Closes an unpaid order (关闭订单).
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses, because the order was paid for example, or no usable response
    /// is received.
    pub async fn close_order(&self, out_trade_no: &str, now: i64) -> Result<(), PayError> {
        let path = format!("/v3/pay/transactions/out-trade-no/{out_trade_no}/close");
        let body = json!({"mchid": self.mchid()});
        self.post(&path, &body, now).await.map(drop)
    }

    /// Requests a refund (退款申请). Success means that WeChat Pay accepted it, not that it was
    /// paid. After a failure, repeat it with the same `out_refund_no` only.
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses the refund or no usable response is received.
    pub async fn request_refund(
        &self,
        refund: &RefundRequest<'_>,
        now: i64,
    ) -> Result<Refund, PayError> {
        let path = "/v3/refund/domestic/refunds";
        let response = self.post(path, &refund.body(), now).await?;
        Ok(Refund::parse(&response))
    }

    /// Queries a refund (查询单笔退款).
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses the query or no usable response is received.
    pub async fn query_refund(&self, out_refund_no: &str, now: i64) -> Result<Refund, PayError> {
        let path = format!("/v3/refund/domestic/refunds/{out_refund_no}");
        Ok(Refund::parse(&self.get(&path, now).await?))
    }

    /// Requests a transfer to a user (发起转账). After a failure, query it, and repeat it with the
    /// same `out_bill_no` only.
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses the transfer or no usable response is received.
    pub async fn request_transfer(
        &self,
        transfer: &TransferRequest<'_>,
        now: i64,
    ) -> Result<Transfer, PayError> {
        let path = "/v3/fund-app/mch-transfer/transfer-bills";
        let body = transfer.body().to_string();
        let encryption_key = transfer.user_name.map(|name| name.key_id.as_str());
        let response = self
            .post_encrypted(path, &body, encryption_key, now)
            .await?;
        Ok(Transfer::parse(&response))
    }

    /// Queries a transfer (商户单号查询转账单). WeChat Pay keeps transfers for thirty days.
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses the query or no usable response is received.
    pub async fn query_transfer(&self, out_bill_no: &str, now: i64) -> Result<Transfer, PayError> {
        let path = format!("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}");
        Ok(Transfer::parse(&self.get(&path, now).await?))
    }
}
