//! The client of the virtual payment server API.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::order::XpayOrder;
use super::signing::{XpayConfig, compute_pay_sig};
use super::xpay_errcode;
use crate::http::{HttpClient, ResponseError};
use crate::wechat::error::{WechatError, check_errcode};

/// A request for a refund.
pub struct XpayRefundRequest<'a> {
    pub openid: &'a str,
    pub order_id: &'a str,
    pub refund_order_id: &'a str,
    /// Fen that are left of the order before this refund.
    pub left_fee: i64,
    /// Fen to refund.
    pub refund_fee: i64,
}

/// WeChat's reply to a request for a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XpayRefundReply {
    /// WeChat accepted the refund now.
    Accepted,
    /// A refund of the order is in progress.
    InProgress,
    /// WeChat accepted this refund before.
    AcceptedBefore,
    /// The order was refunded before, by this refund or another one, so that less is left than
    /// the request says.
    LeftFeeMismatch,
    /// WeChat cannot grant the request: the openid or another parameter is wrong.
    InvalidRequest,
}

/// A client of `/xpay/…` on `api.weixin.qq.com`.
#[derive(Clone)]
pub struct XpayClient {
    http: HttpClient,
    base_url: String,
    pub config: XpayConfig,
}

impl XpayClient {
    /// Creates a client. `base_url` is `https://api.weixin.qq.com` or the sandbox's address.
    #[must_use]
    pub fn new(http: HttpClient, base_url: &str, config: XpayConfig) -> Self {
        Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            config,
        }
    }

    /// Queries an order (query_order).
    ///
    /// # Errors
    /// Fails when WeChat refuses the request or no usable response is received, which includes a
    /// response about another order.
    pub async fn query_order(
        &self,
        access_token: &SecretString,
        openid: &str,
        order_id: &str,
    ) -> Result<XpayOrder, WechatError> {
        let body = json!({"openid": openid, "env": self.config.env, "order_id": order_id});
        let response = self
            .post_signed(access_token, "/xpay/query_order", &body)
            .await?;
        let order = response
            .get("order")
            .ok_or(ResponseError::MissingField("order"))?;
        let order = XpayOrder::parse(order);
        if order.order_id == order_id {
            Ok(order)
        } else {
            Err(ResponseError::Invalid("the response is about another order").into())
        }
    }

    /// Reports that the goods of a paid order were delivered (notify_provide_goods). Repeating it
    /// is harmless.
    ///
    /// # Errors
    /// Fails when WeChat refuses the request or no usable response is received.
    pub async fn notify_provide_goods(
        &self,
        access_token: &SecretString,
        order_id: &str,
    ) -> Result<(), WechatError> {
        let body = json!({"order_id": order_id, "env": self.config.env});
        let result = self
            .post_signed(access_token, "/xpay/notify_provide_goods", &body)
            .await;
        match result {
            Err(WechatError::Refused {
                code: xpay_errcode::DUPLICATE_REQUEST,
                ..
            }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Requests a refund (refund_order), which WeChat carries out later. Repeating it with the same
    /// `refund_order_id` is harmless.
    ///
    /// # Errors
    /// Fails when WeChat refuses the request for a reason that [`XpayRefundReply`] does not name,
    /// or no usable response is received.
    pub async fn request_refund(
        &self,
        access_token: &SecretString,
        refund: &XpayRefundRequest<'_>,
    ) -> Result<XpayRefundReply, WechatError> {
        let body = json!({
            "openid": refund.openid,
            "order_id": refund.order_id,
            "refund_order_id": refund.refund_order_id,
            "left_fee": refund.left_fee,
            "refund_fee": refund.refund_fee,
            "biz_meta": "",
            // Requested by the seller, for another reason than the listed ones.
            "refund_reason": "5",
            "req_from": "2",
            "env": self.config.env,
        });
        match self
            .post_signed(access_token, "/xpay/refund_order", &body)
            .await
        {
            Ok(_) => Ok(XpayRefundReply::Accepted),
            Err(WechatError::Refused { code, message }) => {
                refund_reply(code).ok_or(WechatError::Refused { code, message })
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a signed request.
    async fn post_signed(
        &self,
        access_token: &SecretString,
        path: &str,
        body: &Value,
    ) -> Result<Value, WechatError> {
        let body = body.to_string();
        let query = [
            ("access_token", access_token.expose_secret()),
            (
                "pay_sig",
                &compute_pay_sig(&self.config.app_key, path, &body),
            ),
        ];
        let url = format!("{}{path}", self.base_url);
        check_errcode(self.http.post_json_text(&url, &query, body).await?)
    }
}

/// Returns the reply that an error code stands for, if it is one of those.
const fn refund_reply(code: i64) -> Option<XpayRefundReply> {
    match code {
        xpay_errcode::DUPLICATE_REQUEST => Some(XpayRefundReply::AcceptedBefore),
        xpay_errcode::REFUND_IN_PROGRESS => Some(XpayRefundReply::InProgress),
        xpay_errcode::ALREADY_REFUNDED | xpay_errcode::LEFT_FEE_MISMATCH => {
            Some(XpayRefundReply::LeftFeeMismatch)
        }
        xpay_errcode::WRONG_OPENID | xpay_errcode::INVALID_PARAMETER => {
            Some(XpayRefundReply::InvalidRequest)
        }
        _ => None,
    }
}
