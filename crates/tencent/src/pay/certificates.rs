//! Download of WeChat Pay's platform certificates by [`PayClient`].
//!
//! Vendor's page: 下载平台证书 ("Downloading platform certificates"), pay.weixin.qq.com.

use serde_json::Value;

use super::client::PayClient;
use super::error::PayError;
use super::merchant::Merchant;
use super::platform_keys::PlatformKeys;
use super::transport::{UnsignedRequest, signature_headers};
use crate::http::parse_json;
use crate::json_fields::text;

impl PayClient {
    /// Returns whether WeChat Pay signs with platform certificates, because no public key is
    /// configured.
    #[must_use]
    pub fn uses_certificates(&self) -> bool {
        self.platform_keys.public_key_id().is_none()
    }

    /// Downloads WeChat Pay's current certificates and adds them to the platform keys. They are
    /// encrypted with the APIv3 key; the response must be signed with one of them.
    ///
    /// # Errors
    /// Fails when WeChat Pay refuses the request, no usable response is received, or the response
    /// is not signed with a certificate that it contains.
    pub async fn refresh_certificates(&self, now: i64) -> Result<(), PayError> {
        let request = UnsignedRequest::get("/v3/certificates");
        let response = self.send_unverified(&request, now).await?;
        let body = parse_json(&response.body)?;
        let certificates = decrypt_certificates(&self.merchant, &body);
        certificates.verify(&signature_headers(&response), &response.body, now)?;
        self.platform_keys.extend(certificates);
        Ok(())
    }
}

/// Decrypts the certificates of a response. One that cannot be decrypted or parsed is left out.
fn decrypt_certificates(merchant: &Merchant, body: &Value) -> PlatformKeys {
    let certificates = PlatformKeys::default();
    let rows = body.get("data").and_then(Value::as_array);
    for row in rows.into_iter().flatten() {
        let encrypted = |key: &str| text(row.get("encrypt_certificate").and_then(|c| c.get(key)));
        let pem = merchant
            .decrypt(
                &encrypted("nonce"),
                &encrypted("associated_data"),
                &encrypted("ciphertext"),
            )
            .and_then(|pem| String::from_utf8(pem).ok());
        if let Some(pem) = pem {
            // A certificate that is not accepted is one that cannot verify this response.
            certificates.add(&text(row.get("serial_no")), &pem).ok();
        }
    }
    certificates
}
