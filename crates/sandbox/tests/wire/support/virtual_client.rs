//! A client and a server of virtual payment.

use serde_json::{Value, json};

use super::TestSandbox;
use super::app::{Answer, hmac_hex};

impl TestSandbox {
    /// What is signed to buy goods for 600 fen.
    pub(crate) fn sign_data(&self, order_id: &str) -> Value {
        json!({"offerId": self.config.virtual_payment_offer_id, "buyQuantity": 1,
            "env": self.config.virtual_payment_env, "currencyType": "CNY", "productId": "gold60",
            "goodsPrice": 600, "outTradeNo": order_id, "attach": "note"})
    }

    /// The parameters of `wx.requestVirtualPayment`, signed by the server and by the user.
    pub(crate) fn virtual_parameters(&self, data: &Value, session_key: &str) -> Value {
        let data = data.to_string();
        let message = format!("requestVirtualPayment&{data}");
        let app_key = self.config.virtual_payment_app_key.as_bytes();
        json!({
            "paySig": hmac_hex(app_key, message.as_bytes()),
            "signature": hmac_hex(session_key.as_bytes(), data.as_bytes()),
            "signData": data,
        })
    }

    /// Logs `alice` in and pays for goods with the data that is signed.
    pub(crate) async fn pay_virtual(&self, order_id: &str, data: &Value) -> Answer {
        let session = self.log_in("alice").await;
        let session_key = session["session_key"].as_str().unwrap();
        let parameters = self.virtual_parameters(data, session_key);
        self.post(&format!("/sandbox/pay/{order_id}"), parameters)
            .await
    }

    /// Buys goods for 600 fen, which sends a message push.
    pub(crate) async fn buy_goods(&self, order_id: &str) {
        let answer = self.pay_virtual(order_id, &self.sign_data(order_id)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Calls `/xpay/…` as the server.
    pub(crate) async fn xpay(&self, call: &str, body: Value) -> Value {
        let body = body.to_string();
        let path = format!("/xpay/{call}");
        let app_key = self.config.virtual_payment_app_key.as_bytes();
        let signature = hmac_hex(app_key, format!("{path}&{body}").as_bytes());
        let token = self.access_token().await;
        self.xpay_with(call, &token, &signature, body).await
    }

    /// Calls `/xpay/…` with any token and signature.
    pub(crate) async fn xpay_with(
        &self,
        call: &str,
        access_token: &str,
        pay_sig: &str,
        body: String,
    ) -> Value {
        let url = format!(
            "{}/xpay/{call}?access_token={access_token}&pay_sig={pay_sig}",
            self.url
        );
        let response = self.http.post(url).body(body).send().await.unwrap();
        response.json().await.unwrap()
    }

    pub(crate) async fn query_virtual(&self, order_id: &str) -> Value {
        let env = self.config.virtual_payment_env;
        let body = json!({"openid": "sandbox-alice", "env": env, "order_id": order_id});
        self.xpay("query_order", body).await
    }

    pub(crate) async fn refund_virtual(
        &self,
        order_id: &str,
        refund_id: &str,
        (left_fee, fen): (i64, i64),
    ) -> Value {
        let body = json!({"openid": "sandbox-alice", "env": self.config.virtual_payment_env,
            "order_id": order_id, "refund_order_id": refund_id, "left_fee": left_fee,
            "refund_fee": fen});
        self.xpay("refund_order", body).await
    }
}
