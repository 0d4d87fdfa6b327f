//! The merchant: its key, and what it signs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::symm::{Cipher, decrypt_aead};
use secrecy::{ExposeSecret as _, SecretString};

/// Bytes of the tag at the end of what AEAD_AES_256_GCM seals.
const TAG_BYTES: usize = 16;

/// A key or certificate that cannot be read. Says nothing of what is in it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadKey(pub(crate) &'static str);

/// A merchant account. Holds secrets, hence no `Debug`.
pub struct Merchant {
    pub(super) mchid: String,
    /// The serial of the merchant's own API certificate.
    serial: String,
    key: PKey<Private>,
    api_v3_key: SecretString,
}

/// What `wx.requestPayment` wants, besides `package`, which is `prepay_id=…`.
pub struct PaySign {
    /// Unix seconds, as text.
    pub time_stamp: String,
    pub nonce: String,
    pub package: String,
    pub sign: String,
}

impl Merchant {
    /// `key_pem` is the private key of the merchant's API certificate; `api_v3_key` has 32 bytes.
    pub fn new(
        mchid: &str,
        serial: &str,
        key_pem: &SecretString,
        api_v3_key: SecretString,
    ) -> Result<Self, BadKey> {
        let key = PKey::private_key_from_pem(key_pem.expose_secret().as_bytes());
        let key = key
            .ok()
            .filter(|key| key.rsa().is_ok())
            .ok_or(BadKey("the merchant's private key is no RSA key in PEM"))?;
        if api_v3_key.expose_secret().len() != 32 {
            return Err(BadKey("the APIv3 key has 32 characters"));
        }
        Ok(Self {
            mchid: mchid.into(),
            serial: serial.into(),
            key,
            api_v3_key,
        })
    }

    /// The `Authorization` of a request (section "签名"): over exactly the bytes that are sent.
    /// `path` begins with `/` and has the query as it goes over the wire.
    #[must_use]
    pub fn authorization(
        &self,
        method: &str,
        path: &str,
        body: &str,
        now: i64,
        nonce: &str,
    ) -> Option<String> {
        let signature = self.sign(&format!("{method}\n{path}\n{now}\n{nonce}\n{body}\n"))?;
        let (mchid, serial) = (&self.mchid, &self.serial);
        Some(format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{mchid}\",nonce_str=\"{nonce}\",timestamp=\"{now}\",serial_no=\"{serial}\",signature=\"{signature}\""
        ))
    }

    /// What a client needs to pay a prepaid order.
    #[must_use]
    pub fn pay_sign(
        &self,
        app_id: &str,
        prepay_id: &str,
        now: i64,
        nonce: String,
    ) -> Option<PaySign> {
        let (time_stamp, package) = (now.to_string(), format!("prepay_id={prepay_id}"));
        let sign = self.sign(&format!("{app_id}\n{time_stamp}\n{nonce}\n{package}\n"))?;
        Some(PaySign {
            time_stamp,
            nonce,
            package,
            sign,
        })
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, in base64.
    fn sign(&self, message: &str) -> Option<String> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).ok()?;
        signer
            .sign_oneshot_to_vec(message.as_bytes())
            .ok()
            .map(|signature| STANDARD.encode(signature))
    }

    /// Opens what WeChat sealed with the APIv3 key (AEAD_AES_256_GCM; the tag stands at the end).
    pub(super) fn unseal(
        &self,
        nonce: &str,
        associated: &str,
        ciphertext: &str,
    ) -> Option<Vec<u8>> {
        let sealed = STANDARD.decode(ciphertext).ok()?;
        let (data, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG_BYTES)?)?;
        let key = self.api_v3_key.expose_secret().as_bytes();
        if nonce.len() != 12 {
            return None;
        }
        decrypt_aead(
            Cipher::aes_256_gcm(),
            key,
            Some(nonce.as_bytes()),
            associated.as_bytes(),
            data,
            tag,
        )
        .ok()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use openssl::rsa::Rsa;

    pub(in crate::pay) fn merchant() -> Merchant {
        let pem = Rsa::generate(2048).unwrap().private_key_to_pem().unwrap();
        let pem = SecretString::from(String::from_utf8(pem).unwrap());
        Merchant::new(
            "1900000001",
            "5157F09EFDC096DE",
            &pem,
            "made-up-apiv3-key-0123456789abcd".to_owned().into(),
        )
        .unwrap()
    }

    /// The made-up vector of `facts`: made with Python's cryptography and read by two public packages.
    pub(in crate::pay) const CIPHERTEXT: &str = "RpL6c9uXxSgKpUjPwToihnPl3zCljeDlQ0JTGz5iGiJ4uMr8qMHfOupS1WJyzYDWKR7uoQFbKAKNu9g4dDfg4uX5+DwWBbbQv8e99LeVwI0LcbazRLzg/sauubumSpdM9mlJd0LcbjnPD7N0YJcZ8671hfzbmqkBMirIUqHsKIDsJ/ZxaKXUvTdPReAjJIx4L31foOpdGcuUsOE7n7GQlHXGzP5QR+FACPSSp7a/jxbLPQcSiVkajVKtOl7D7MhAplieN7vZc+OX39P0OgzxRYvjPoE/6pB0JBTnxgupdvCy9hNJTVjxe2gUYK/5rly2tYx9ZGDP+lCcHN3plagnomcrngeRfW2DssaYoPiTT7nocizcnp8wXMnKfsG5UeW+VV6PAzWBGASgx4VBz/5vY4FWrZQNxxrniNwlhXgPdBk4Q+Bu3LSbwVWMZMLyMdl/X5d7k9m0A5xm00WnqKOOnlShSxpxgQVEP7B3iC2ZPxQ4JPPOad6GzTuVOb05v0m13SvJ8pMw4wIm9i83k/tBLt7djXAM30TcxTRJT6oPaduI+LQCDdubUBGXSoE=";

    #[test]
    fn what_wechat_sealed_opens_and_what_was_changed_does_not() {
        let merchant = merchant();
        let plain = merchant
            .unseal("abcdefghijkl", "transaction", CIPHERTEXT)
            .unwrap();
        let plain = String::from_utf8(plain).unwrap();
        assert!(
            plain.starts_with(r#"{"appid":"wx0000000000000001","mchid":"1900000001""#),
            "{plain}"
        );
        assert!(plain.ends_with(r#""payer_currency":"CNY"}}"#), "{plain}");
        assert_eq!(merchant.unseal("abcdefghijkl", "refund", CIPHERTEXT), None);
        assert_eq!(
            merchant.unseal("abcdefghijkm", "transaction", CIPHERTEXT),
            None
        );
        assert_eq!(
            merchant.unseal(
                "abcdefghijkl",
                "transaction",
                &CIPHERTEXT.replace("RpL6", "RpL7")
            ),
            None
        );
        for wrong in ["", "AAAA", "not base64!"] {
            assert_eq!(merchant.unseal("abcdefghijkl", "transaction", wrong), None);
        }
        assert_eq!(merchant.unseal("short", "transaction", CIPHERTEXT), None);
    }

    #[test]
    fn a_request_is_signed_over_its_five_lines() {
        let merchant = merchant();
        let header = merchant
            .authorization(
                "GET",
                "/v3/certificates?a=b%20c",
                "",
                1_554_208_460,
                "593BEC0C930BF1AF",
            )
            .unwrap();
        let rest = header.strip_prefix("WECHATPAY2-SHA256-RSA2048 ").unwrap();
        let fields: std::collections::HashMap<&str, &str> = rest
            .split(',')
            .filter_map(|field| field.split_once('='))
            .map(|(k, v)| (k, v.trim_matches('"')))
            .collect();
        assert_eq!(
            (fields["mchid"], fields["serial_no"], fields["timestamp"]),
            ("1900000001", "5157F09EFDC096DE", "1554208460")
        );
        let message = "GET\n/v3/certificates?a=b%20c\n1554208460\n593BEC0C930BF1AF\n\n";
        let public = PKey::public_key_from_pem(&merchant.key.public_key_to_pem().unwrap()).unwrap();
        let mut verifier = openssl::sign::Verifier::new(MessageDigest::sha256(), &public).unwrap();
        // The signature's own padding was cut by the trim, so take it whole.
        let signature = rest
            .split("signature=\"")
            .nth(1)
            .unwrap()
            .trim_end_matches('"');
        assert!(
            verifier
                .verify_oneshot(&STANDARD.decode(signature).unwrap(), message.as_bytes())
                .unwrap()
        );
    }

    #[test]
    fn bad_keys_are_told_apart_without_being_shown() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        let shown = Merchant::new("m", "s", &secret("hidden-pem"), secret("x"))
            .err()
            .unwrap()
            .to_string();
        assert!(
            shown.contains("private key") && !shown.contains("hidden"),
            "{shown}"
        );
    }
}
