//! Signatures of virtual payment, and the parameters of `wx.requestVirtualPayment`.

use secrecy::SecretString;
use serde_json::json;

use crate::crypto::hmac_sha256_hex;
use crate::non_empty_secret::NonEmptySecret;

/// The `uri` of `pay_sig` when the mini-program's client pays.
const CLIENT_URI: &str = "requestVirtualPayment";

/// The configuration under which goods are sold.
#[derive(Clone)]
pub struct XpayConfig {
    pub app_id: String,
    pub offer_id: String,
    /// The AppKey of the environment `env`.
    pub app_key: NonEmptySecret,
    /// 0 production, 1 sandbox.
    pub env: i64,
}

/// The purchase of one piece of goods.
pub struct GoodsPurchase<'a> {
    pub product_id: &'a str,
    pub price_fen: i64,
    pub out_trade_no: &'a str,
}

/// The parameters of `wx.requestVirtualPayment`, except `mode`.
pub struct RequestVirtualPaymentParams {
    /// JSON text. The client must pass it unchanged, because both signatures cover its bytes.
    pub sign_data: String,
    /// Signature of `sign_data` with the AppKey.
    pub pay_sig: String,
    /// Signature of `sign_data` with the user's session key.
    pub signature: String,
}

impl XpayConfig {
    /// Signs the parameters with which a client pays for goods. `session_key` is the user's current
    /// session key.
    #[must_use]
    pub fn sign_virtual_payment(
        &self,
        purchase: &GoodsPurchase<'_>,
        session_key: &SecretString,
    ) -> RequestVirtualPaymentParams {
        let sign_data = json!({
            "offerId": self.offer_id,
            "buyQuantity": 1,
            "env": self.env,
            "currencyType": "CNY",
            "productId": purchase.product_id,
            "goodsPrice": purchase.price_fen,
            "outTradeNo": purchase.out_trade_no,
            "attach": purchase.out_trade_no,
        })
        .to_string();
        let pay_sig = compute_pay_sig(&self.app_key, CLIENT_URI, &sign_data);
        let signature = hmac_sha256_hex(session_key, &sign_data);
        RequestVirtualPaymentParams {
            sign_data,
            pay_sig,
            signature,
        }
    }
}

/// Computes `pay_sig` with the AppKey. `uri` is `requestVirtualPayment` for a client and the path
/// for a call of the server API; `body` is exactly what is sent.
#[must_use]
pub fn compute_pay_sig(app_key: &NonEmptySecret, uri: &str, body: &str) -> String {
    hmac_sha256_hex(app_key, &format!("{uri}&{body}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> NonEmptySecret {
        NonEmptySecret::new(text).unwrap()
    }

    #[test]
    fn official_signature_vectors_are_reproduced() {
        let body = r#"{"openid": "xxx", "user_ip": "127.0.0.1", "env": 0}"#;
        assert_eq!(
            compute_pay_sig(&secret("12345"), "/xpay/query_user_balance", body),
            "c37809f27c6d7fd1837ad2500a04512b66b34fd793a39a385fade56dca89a4b5"
        );
        assert_eq!(
            hmac_sha256_hex(&secret("9hAb/NEYUlkaMBEsmFgzig=="), body),
            "089d9e8dc5d308977360c4b79ec600a93d736802802a807d634192328032f6c7"
        );
    }

    #[test]
    fn signatures_cover_the_sign_data_that_is_returned() {
        let data = concat!(
            r#"{"offerId":"1450000001","buyQuantity":1,"env":1,"currencyType":"CNY","#,
            r#""productId":"rose_1","goodsPrice":100,"outTradeNo":"T202311150001","#,
            r#""attach":"uid=10086"}"#
        );
        let app_key = secret("made-up-sandbox-appkey");
        let session_key = secret("MDEyMzQ1Njc4OWFiY2RlZg==");
        assert_eq!(
            compute_pay_sig(&app_key, "requestVirtualPayment", data),
            "13e3bed380349716c62e64e8baa1a6c6394b20255b872a5b8b3cf4eff8fb5e55"
        );
        assert_eq!(
            hmac_sha256_hex(&session_key, data),
            "b702f892273943e8b3d15f5d9ab1238ca98d3d28a87e9aa0eb1b60aab06e3fd4"
        );
        let config = XpayConfig {
            app_id: "wx1".into(),
            offer_id: "1450000001".into(),
            app_key,
            env: 1,
        };
        let purchase = GoodsPurchase {
            product_id: "rose_1",
            price_fen: 100,
            out_trade_no: "T202311150001",
        };
        let params = config.sign_virtual_payment(&purchase, &session_key);
        assert_eq!(params.sign_data, data.replace("uid=10086", "T202311150001"));
        assert_eq!(
            params.pay_sig,
            compute_pay_sig(&config.app_key, "requestVirtualPayment", &params.sign_data)
        );
    }
}
