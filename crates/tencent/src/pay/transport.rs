//! How [`PayClient`] signs requests and checks responses.
//!
//! Vendor's pages: 签名生成 ("Generating signatures") and 签名验证 ("Verifying signatures"),
//! pay.weixin.qq.com.

use std::time::Duration;

use serde_json::Value;

use super::client::PayClient;
use super::error::PayError;
use super::platform_keys::{SignatureError, SignatureHeaders};
use crate::http::{REQUEST_TIMEOUT, RawResponse, ResponseError, parse_json};
use crate::json_fields::text;

/// A request that is not signed yet.
pub(super) struct UnsignedRequest<'a> {
    pub(super) method: &'a str,
    /// Starts with `/` and includes the query.
    pub(super) path: &'a str,
    /// JSON, or empty.
    pub(super) body: &'a str,
    /// The id of the platform key with which a field of the body was encrypted.
    pub(super) encryption_key: Option<&'a str>,
    pub(super) timeout: Duration,
}

impl<'a> UnsignedRequest<'a> {
    pub(super) const fn get(path: &'a str) -> Self {
        Self {
            method: "GET",
            path,
            body: "",
            encryption_key: None,
            timeout: REQUEST_TIMEOUT,
        }
    }
}

impl PayClient {
    pub(super) async fn get(&self, path: &str, now: i64) -> Result<Value, PayError> {
        self.send_and_verify(&UnsignedRequest::get(path), now).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value, now: i64) -> Result<Value, PayError> {
        self.post_encrypted(path, &body.to_string(), None, now)
            .await
    }

    /// Sends a body in which a field was encrypted with the platform key `encryption_key`.
    pub(super) async fn post_encrypted(
        &self,
        path: &str,
        body: &str,
        encryption_key: Option<&str>,
        now: i64,
    ) -> Result<Value, PayError> {
        let request = UnsignedRequest {
            method: "POST",
            path,
            body,
            encryption_key,
            timeout: REQUEST_TIMEOUT,
        };
        self.send_and_verify(&request, now).await
    }

    /// Sends a request, verifies the signature of the response and parses it. When the response was
    /// signed with an unknown certificate, downloads the current certificates first.
    async fn send_and_verify(
        &self,
        request: &UnsignedRequest<'_>,
        now: i64,
    ) -> Result<Value, PayError> {
        let response = self.send_unverified(request, now).await?;
        let headers = signature_headers(&response);
        let mut result = self.platform_keys.verify(&headers, &response.body, now);
        if result == Err(SignatureError::UnknownKey) && self.uses_certificates() {
            self.refresh_certificates(now).await?;
            result = self.platform_keys.verify(&headers, &response.body, now);
        }
        result?;
        if response.body.is_empty() {
            return Ok(Value::Null);
        }
        Ok(parse_json(&response.body)?)
    }

    /// Signs and sends a request, and checks the status of the response but not its signature.
    pub(super) async fn send_unverified(
        &self,
        request: &UnsignedRequest<'_>,
        now: i64,
    ) -> Result<RawResponse, PayError> {
        let UnsignedRequest {
            method,
            path,
            body,
            encryption_key,
            timeout,
        } = *request;
        let nonce = (self.nonce)();
        let authorization = self
            .merchant
            .authorization_header(method, path, body, now, &nonce)?;
        let mut headers = vec![
            ("Authorization", authorization),
            ("Accept", "application/json".to_owned()),
        ];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json".to_owned()));
        }
        // When this header names the public key, the response is signed with it.
        let serial = encryption_key
            .map(str::to_owned)
            .or_else(|| self.platform_keys.public_key_id());
        headers.extend(serial.map(|serial| ("Wechatpay-Serial", serial)));
        let url = format!("{}{path}", self.base_url);
        let response = self
            .http
            .send_raw(method, &url, &headers, body, timeout)
            .await?;
        check_status(&response)?;
        Ok(response)
    }
}

/// Reads the headers that sign a response.
pub(super) fn signature_headers(response: &RawResponse) -> SignatureHeaders {
    SignatureHeaders {
        timestamp: response.header("Wechatpay-Timestamp"),
        nonce: response.header("Wechatpay-Nonce"),
        signature: response.header("Wechatpay-Signature"),
        serial: response.header("Wechatpay-Serial"),
    }
}

/// Checks that the status is 2xx. Any other status is a refusal when the body has an error code;
/// without one it may come from a proxy, and whether WeChat Pay refused is unknown.
fn check_status(response: &RawResponse) -> Result<(), PayError> {
    if (200..300).contains(&response.status) {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    match text(body.get("code")) {
        code if code.is_empty() => Err(ResponseError::Status(response.status).into()),
        code => Err(PayError::Refused {
            status: response.status,
            code,
            message: text(body.get("message")),
        }),
    }
}
