//! A merchant's client of WeChat Pay.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::{Signer, Verifier};
use openssl::symm::{Cipher, decrypt_aead};
use openssl::x509::X509;
use serde_json::{Value, json};

use super::TestSandbox;
use super::app::Answer;
use super::receiver::Callback;

/// A request of the merchant, with what a test may get wrong about it.
pub(crate) struct MerchantRequest<'a> {
    pub(crate) method: reqwest::Method,
    /// Path and query.
    pub(crate) path: &'a str,
    pub(crate) body: String,
    pub(crate) mchid: String,
    pub(crate) merchant_serial: String,
    /// By how many seconds its time is off.
    pub(crate) skew_secs: i64,
    /// The value of `Wechatpay-Serial`, when there is one.
    pub(crate) wechat_serial: Option<String>,
}

impl TestSandbox {
    pub(crate) fn merchant_request<'a>(
        &self,
        method: reqwest::Method,
        path: &'a str,
        body: Option<&Value>,
    ) -> MerchantRequest<'a> {
        MerchantRequest {
            method,
            path,
            body: body.map(Value::to_string).unwrap_or_default(),
            mchid: self.config.mchid.clone(),
            merchant_serial: self.config.merchant_serial.clone(),
            skew_secs: 0,
            wechat_serial: Some(self.credentials.public_key_id.clone()),
        }
    }

    /// The value of `Authorization` for a request.
    pub(crate) fn authorization(&self, request: &MerchantRequest<'_>) -> String {
        let time = self.clock.now().secs() + request.skew_secs;
        let (nonce, method) = ("0123456789abcdef", &request.method);
        let (path, body) = (request.path, &request.body);
        let signature =
            self.sign_as_merchant(&format!("{method}\n{path}\n{time}\n{nonce}\n{body}\n"));
        format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",timestamp=\"{time}\",\
             serial_no=\"{}\",signature=\"{signature}\"",
            request.mchid, request.merchant_serial
        )
    }

    /// Signs a text with the merchant's key; the result is Base64.
    pub(crate) fn sign_as_merchant(&self, message: &str) -> String {
        let pem = self.credentials.merchant_key.as_bytes();
        let key = PKey::private_key_from_pem(pem).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        STANDARD.encode(signer.sign_oneshot_to_vec(message.as_bytes()).unwrap())
    }

    /// Sends a request as it is. Fails the test when the answer's signature is wrong.
    pub(crate) async fn send_as_merchant(&self, request: MerchantRequest<'_>) -> Answer {
        let response = self.send_unverified(request).await;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert!(self.is_signed_by_wechat(header, &text), "{status} {text}");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, body }
    }

    /// Sends a request and does not look at the answer's signature.
    pub(crate) async fn send_unverified(&self, request: MerchantRequest<'_>) -> reqwest::Response {
        self.signed_request(request).send().await.unwrap()
    }

    /// A request with its signature, to be sent.
    pub(crate) fn signed_request(&self, request: MerchantRequest<'_>) -> reqwest::RequestBuilder {
        let authorization = self.authorization(&request);
        let mut signed = self
            .http
            .request(request.method, format!("{}{}", self.url, request.path))
            .header("Authorization", authorization);
        if let Some(serial) = request.wechat_serial {
            signed = signed.header("Wechatpay-Serial", serial);
        }
        signed.body(request.body)
    }

    pub(crate) async fn merchant_get(&self, path: &str) -> Answer {
        let request = self.merchant_request(reqwest::Method::GET, path, None);
        self.send_as_merchant(request).await
    }

    pub(crate) async fn merchant_post(&self, path: &str, body: Value) -> Answer {
        let request = self.merchant_request(reqwest::Method::POST, path, Some(&body));
        self.send_as_merchant(request).await
    }

    /// Whether WeChat's signature in the headers fits the body.
    pub(crate) fn is_signed_by_wechat(&self, header: impl Fn(&str) -> String, body: &str) -> bool {
        let serial = header("wechatpay-serial");
        let key = self.wechat_key(&serial);
        let (time, nonce) = (header("wechatpay-timestamp"), header("wechatpay-nonce"));
        let Ok(signature) = STANDARD.decode(header("wechatpay-signature")) else {
            return false;
        };
        let message = format!("{time}\n{nonce}\n{body}\n");
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        verifier
            .verify_oneshot(&signature, message.as_bytes())
            .unwrap()
    }

    /// WeChat's key of a serial, from the credentials.
    fn wechat_key(&self, serial: &str) -> PKey<Public> {
        let credentials = &self.credentials;
        if serial == credentials.public_key_id {
            return PKey::public_key_from_pem(credentials.public_key.as_bytes()).unwrap();
        }
        assert_eq!(serial, credentials.certificate_serial);
        let certificate = X509::from_pem(credentials.certificate.as_bytes()).unwrap();
        certificate.public_key().unwrap()
    }

    /// Encrypts a sensitive field with WeChat's public key.
    pub(crate) fn encrypt_for_wechat(&self, text: &str) -> String {
        let key = self.wechat_key(&self.credentials.public_key_id);
        let rsa = key.rsa().unwrap();
        let mut encrypted = vec![0; usize::try_from(rsa.size()).unwrap()];
        let length = rsa
            .public_encrypt(text.as_bytes(), &mut encrypted, Padding::PKCS1_OAEP)
            .unwrap();
        STANDARD.encode(&encrypted[..length])
    }

    /// Decrypts a resource with the APIv3 key.
    pub(crate) fn decrypt_resource(&self, resource: &Value) -> String {
        assert_eq!(resource["algorithm"], "AEAD_AES_256_GCM");
        let text = |key: &str| resource[key].as_str().unwrap();
        let encrypted = STANDARD.decode(text("ciphertext")).unwrap();
        let (encrypted, tag) = encrypted.split_at(encrypted.len() - 16);
        let plain = decrypt_aead(
            Cipher::aes_256_gcm(),
            self.config.api_v3_key.as_bytes(),
            Some(text("nonce").as_bytes()),
            text("associated_data").as_bytes(),
            encrypted,
            tag,
        );
        String::from_utf8(plain.unwrap()).unwrap()
    }

    /// Verifies a notice and returns its event and its resource, decrypted.
    pub(crate) fn open_notice(&self, callback: &Callback) -> (String, Value) {
        assert!(self.is_signed_notice(callback), "{callback:?}");
        let body = callback.json();
        let resource = self.decrypt_resource(&body["resource"]);
        let event = body["event_type"].as_str().unwrap().to_owned();
        (event, serde_json::from_str(&resource).unwrap())
    }

    /// Whether WeChat's signature of a notice is right.
    pub(crate) fn is_signed_notice(&self, callback: &Callback) -> bool {
        self.is_signed_by_wechat(|name| callback.headers[name].clone(), &callback.body)
    }

    /// An order of 600 fen that may be placed.
    pub(crate) fn order(&self, out_trade_no: &str) -> Value {
        json!({
            "appid": self.config.app_id,
            "mchid": self.config.mchid,
            "description": "60 gold",
            "out_trade_no": out_trade_no,
            "time_expire": self.clock.now().after(std::time::Duration::from_secs(600)).rfc3339(),
            "notify_url": self.receiver.url("/paid"),
            "amount": {"total": 600, "currency": "CNY"},
            "payer": {"openid": "sandbox-alice"},
        })
    }

    pub(crate) async fn place(&self, order: &Value) -> Answer {
        self.merchant_post("/v3/pay/transactions/jsapi", order.clone())
            .await
    }

    /// Places an order of 600 fen and pays it, which sends a notice.
    pub(crate) async fn place_and_pay(&self, out_trade_no: &str) {
        assert_eq!(self.place(&self.order(out_trade_no)).await.status, 200);
        self.control(&format!("pay/{out_trade_no}"), json!({}))
            .await;
    }

    pub(crate) async fn query_order(&self, out_trade_no: &str) -> Answer {
        let path = format!(
            "/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={}",
            self.config.mchid
        );
        self.merchant_get(&path).await
    }

    /// A refund of an order of 600 fen.
    pub(crate) fn refund(&self, out_trade_no: &str, out_refund_no: &str, fen: i64) -> Value {
        json!({"out_trade_no": out_trade_no, "out_refund_no": out_refund_no,
            "notify_url": self.receiver.url("/refunded"),
            "amount": {"refund": fen, "total": 600, "currency": "CNY"}})
    }

    pub(crate) async fn request_refund(&self, refund: &Value) -> Answer {
        self.merchant_post("/v3/refund/domestic/refunds", refund.clone())
            .await
    }
}
