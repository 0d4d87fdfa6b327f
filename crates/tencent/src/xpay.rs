//! Virtual payment of mini-programs (xpay, `wx.requestVirtualPayment`), goods
//! mode: what the client signs with, and the server's calls.

use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::lenient::{integer, text};
use crate::wechat::{WechatError, accepted};
use crate::{Http, Unanswered};

/// Error codes of xpay that callers tell apart.
pub mod code {
    /// The same was asked before, and was done.
    pub const DUPLICATE: i64 = 268_490_004;
    /// The order was refunded before.
    pub const REFUNDED: i64 = 268_490_005;
    /// The openid is not the order's.
    pub const WRONG_OPENID: i64 = 268_490_001;
    /// A parameter is wrong; so is the number of an order that no client has asked for
    /// yet (the documents name no other code for that; unconfirmed).
    pub const BAD_PARAMETER: i64 = 268_490_002;
    /// A refund of the order is under way.
    pub const REFUNDING: i64 = 268_490_014;
    /// Something else is left of the order than the request says.
    pub const OTHER_LEFT_FEE: i64 = 268_490_016;
}

/// The account under which goods are sold.
#[derive(Clone)]
pub struct XpayAccount {
    pub app_id: String,
    pub offer_id: String,
    /// The key of the environment below.
    pub app_key: SecretString,
    /// 0 production, 1 sandbox.
    pub env: i64,
}

/// One piece of goods to be paid for.
pub struct Goods<'a> {
    pub product_id: &'a str,
    pub fen: i64,
    pub out_trade_no: &'a str,
}

/// What `wx.requestVirtualPayment` needs besides the mode. These very bytes are signed.
pub struct SignedGoods {
    pub sign_data: String,
    pub pay_sig: String,
    pub signature: String,
}

impl XpayAccount {
    /// Signs goods for a client with the app's key and his live session key.
    #[must_use]
    pub fn sign_goods(&self, goods: &Goods<'_>, session_key: &SecretString) -> SignedGoods {
        let sign_data = json!({
            "offerId": self.offer_id,
            "buyQuantity": 1,
            "env": self.env,
            "currencyType": "CNY",
            "productId": goods.product_id,
            "goodsPrice": goods.fen,
            "outTradeNo": goods.out_trade_no,
            "attach": goods.out_trade_no,
        })
        .to_string();
        let pay_sig = pay_sig(&self.app_key, "requestVirtualPayment", &sign_data);
        let signature = hmac(session_key, &sign_data);
        SignedGoods {
            sign_data,
            pay_sig,
            signature,
        }
    }
}

/// Signs with the app's key: for a client `uri` is `requestVirtualPayment`, for a call its path.
#[must_use]
pub fn pay_sig(app_key: &SecretString, uri: &str, body: &str) -> String {
    hmac(app_key, &format!("{uri}&{body}"))
}

/// HMAC-SHA256 in hex, the key as its text (a session key is not decoded).
pub(crate) fn hmac(key: &SecretString, message: &str) -> String {
    // A key of any length is taken.
    let mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes());
    mac.map(|mac| hex::encode(mac.chain_update(message).finalize().into_bytes()))
        .unwrap_or_default()
}

/// Where an order is. Numbers we do not know mean nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XpayState {
    Unpaid,
    /// Paid; WeChat waits for the goods to be provided.
    Paid,
    /// Paid, and WeChat knows that the goods were provided.
    Provided,
    /// Paid, and given back since.
    Refunded,
    /// Paid, and a refund of it failed.
    RefundFailed,
    Closed,
    Unknown,
}

/// An order as xpay tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XpayOrder {
    pub order_id: String,
    pub state: XpayState,
    /// Whether it is one of the production environment.
    pub production: Option<bool>,
    /// Fen; −1 when not told.
    pub order_fee: i64,
    /// Fen not refunded yet.
    pub left_fee: i64,
    /// WeChat's number of the payment.
    pub transaction_id: String,
    /// Unix seconds; 0 when not told.
    pub paid_time: i64,
}

impl XpayOrder {
    fn parse(order: &Value) -> Self {
        let number = |key: &str, absent: i64| integer(order.get(key)).unwrap_or(absent);
        let state = match number("status", -1) {
            0 | 1 => XpayState::Unpaid,
            2 | 3 => XpayState::Paid,
            4 => XpayState::Provided,
            7 => XpayState::RefundFailed,
            5 | 8 => XpayState::Refunded,
            6 => XpayState::Closed,
            _ => XpayState::Unknown,
        };
        let production = match number("env_type", 0) {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        };
        let transaction = [text(order, "wxpay_order_id"), text(order, "wx_order_id")];
        Self {
            order_id: text(order, "order_id"),
            state,
            production,
            order_fee: number("order_fee", -1),
            left_fee: number("left_fee", -1),
            transaction_id: transaction
                .into_iter()
                .find(|id| !id.is_empty())
                .unwrap_or_default(),
            paid_time: number("paid_time", 0),
        }
    }
}

/// A refund asked for.
pub struct XpayRefund<'a> {
    pub openid: &'a str,
    pub order_id: &'a str,
    pub refund_order_id: &'a str,
    /// Fen that were left before it.
    pub left_fee: i64,
    pub refund_fee: i64,
}

/// What WeChat makes of being asked for a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundAsked {
    /// It takes it up.
    Now,
    /// It was asked before, and is under way.
    UnderWay,
    /// It was asked before, and was taken up.
    Before,
    /// Less is left of the order than the request says: money went back before, by this refund or another.
    LessLeft,
    /// The request is not one that xpay could grant.
    Wrong,
}

/// A client of `/xpay/…`.
#[derive(Clone)]
pub struct Xpay {
    http: Http,
    base: String,
    pub account: XpayAccount,
}

impl Xpay {
    /// `base` is `https://api.weixin.qq.com` or the sandbox.
    #[must_use]
    pub fn new(http: Http, base: &str, account: XpayAccount) -> Self {
        Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            account,
        }
    }

    /// What became of an order.
    pub async fn query_order(
        &self,
        token: &SecretString,
        openid: &str,
        order_id: &str,
    ) -> Result<XpayOrder, WechatError> {
        let body = json!({"openid": openid, "env": self.account.env, "order_id": order_id});
        let answer = self.call(token, "/xpay/query_order", &body).await?;
        let order = answer
            .get("order")
            .ok_or_else(|| Unanswered::new("no order in the answer"))?;
        match XpayOrder::parse(order) {
            told if told.order_id == order_id => Ok(told),
            _ => Err(Unanswered::new("the answer is about another order").into()),
        }
    }

    /// Tells WeChat that the goods of a paid order were provided.
    pub async fn notify_provide_goods(
        &self,
        token: &SecretString,
        order_id: &str,
    ) -> Result<(), WechatError> {
        let body = json!({"order_id": order_id, "env": self.account.env});
        match self.call(token, "/xpay/notify_provide_goods", &body).await {
            Err(WechatError::Refused {
                code: code::DUPLICATE,
                ..
            }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Asks for a refund; it is done later. Asking the same again under the same number is harmless.
    pub async fn refund_order(
        &self,
        token: &SecretString,
        refund: &XpayRefund<'_>,
    ) -> Result<RefundAsked, WechatError> {
        let body = json!({
            "openid": refund.openid,
            "order_id": refund.order_id,
            "refund_order_id": refund.refund_order_id,
            "left_fee": refund.left_fee,
            "refund_fee": refund.refund_fee,
            "biz_meta": "",
            // Asked for by the seller, for a reason of his own.
            "refund_reason": "5",
            "req_from": "2",
            "env": self.account.env,
        });
        match self.call(token, "/xpay/refund_order", &body).await {
            Err(WechatError::Refused {
                code: code::DUPLICATE,
                ..
            }) => Ok(RefundAsked::Before),
            Err(WechatError::Refused {
                code: code::REFUNDING,
                ..
            }) => Ok(RefundAsked::UnderWay),
            Err(WechatError::Refused {
                code: code::REFUNDED | code::OTHER_LEFT_FEE,
                ..
            }) => Ok(RefundAsked::LessLeft),
            Err(WechatError::Refused {
                code: code::WRONG_OPENID | code::BAD_PARAMETER,
                ..
            }) => Ok(RefundAsked::Wrong),
            other => other.map(|_| RefundAsked::Now),
        }
    }

    async fn call(
        &self,
        token: &SecretString,
        path: &str,
        body: &Value,
    ) -> Result<Value, WechatError> {
        let body = body.to_string();
        let query = [
            ("access_token", token.expose_secret()),
            ("pay_sig", &pay_sig(&self.account.app_key, path, &body)),
        ];
        let url = format!("{}{path}", self.base);
        accepted(self.http.post_text(&url, &query, body).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[test]
    fn signatures_reproduce_the_official_vector() {
        let body = r#"{"openid": "xxx", "user_ip": "127.0.0.1", "env": 0}"#;
        assert_eq!(
            pay_sig(&secret("12345"), "/xpay/query_user_balance", body),
            "c37809f27c6d7fd1837ad2500a04512b66b34fd793a39a385fade56dca89a4b5"
        );
        assert_eq!(
            hmac(&secret("9hAb/NEYUlkaMBEsmFgzig=="), body),
            "089d9e8dc5d308977360c4b79ec600a93d736802802a807d634192328032f6c7"
        );
    }

    #[test]
    fn goods_are_signed_as_they_are_sent() {
        let data = r#"{"offerId":"1450000001","buyQuantity":1,"env":1,"currencyType":"CNY","productId":"rose_1","goodsPrice":100,"outTradeNo":"T202311150001","attach":"uid=10086"}"#;
        assert_eq!(
            pay_sig(
                &secret("made-up-sandbox-appkey"),
                "requestVirtualPayment",
                data
            ),
            "13e3bed380349716c62e64e8baa1a6c6394b20255b872a5b8b3cf4eff8fb5e55"
        );
        assert_eq!(
            hmac(&secret("MDEyMzQ1Njc4OWFiY2RlZg=="), data),
            "b702f892273943e8b3d15f5d9ab1238ca98d3d28a87e9aa0eb1b60aab06e3fd4"
        );
        let account = XpayAccount {
            app_id: "wx1".into(),
            offer_id: "1450000001".into(),
            app_key: secret("made-up-sandbox-appkey"),
            env: 1,
        };
        let goods = Goods {
            product_id: "rose_1",
            fen: 100,
            out_trade_no: "T202311150001",
        };
        let signed = account.sign_goods(&goods, &secret("MDEyMzQ1Njc4OWFiY2RlZg=="));
        assert_eq!(signed.sign_data, data.replace("uid=10086", "T202311150001"));
        assert_eq!(
            signed.pay_sig,
            pay_sig(&account.app_key, "requestVirtualPayment", &signed.sign_data)
        );
    }

    #[test]
    fn a_status_we_do_not_know_means_nothing_yet() {
        for (status, state) in [
            (0, XpayState::Unpaid),
            (1, XpayState::Unpaid),
            (2, XpayState::Paid),
            (3, XpayState::Paid),
            (4, XpayState::Provided),
            (5, XpayState::Refunded),
            (6, XpayState::Closed),
            (7, XpayState::RefundFailed),
            (8, XpayState::Refunded),
            (9, XpayState::Unknown),
            (77, XpayState::Unknown),
        ] {
            assert_eq!(
                XpayOrder::parse(&json!({"status": status})).state,
                state,
                "{status}"
            );
        }
    }
}
