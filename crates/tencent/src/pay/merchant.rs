//! The merchant's keys: signing of requests, and decryption of what WeChat Pay encrypts for it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::symm::{Cipher, decrypt_aead};
use secrecy::{ExposeSecret as _, SecretString};

use crate::invalid_key::InvalidKey;
use crate::non_empty_secret::NonEmptySecret;

/// The length of the APIv3 key, in bytes.
const API_V3_KEY_BYTES: usize = 32;
/// The length of the nonce of AEAD_AES_256_GCM, in bytes.
const NONCE_BYTES: usize = 12;
/// The length of the tag at the end of an AEAD_AES_256_GCM ciphertext, in bytes.
const TAG_BYTES: usize = 16;

/// A merchant's number and keys. Contains secrets, hence no `Debug`.
pub struct Merchant {
    pub(super) mchid: String,
    /// The serial number of the merchant's API certificate.
    serial: String,
    private_key: PKey<Private>,
    api_v3_key: NonEmptySecret,
}

/// The merchant's private key could not be used to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the merchant's private key cannot sign")]
pub struct SigningError;

/// The parameters of `wx.requestPayment`. The `signType` is `RSA`.
pub struct RequestPaymentParams {
    /// Unix seconds as text.
    pub time_stamp: String,
    pub nonce_str: String,
    /// `prepay_id=…`.
    pub package: String,
    pub pay_sign: String,
}

impl Merchant {
    /// Creates a merchant. `serial` and `private_key_pem` belong to the merchant's API certificate;
    /// `api_v3_key` has 32 bytes.
    ///
    /// # Errors
    /// Fails when the private key is not an RSA key in PEM or the APIv3 key has another length.
    pub fn new(
        mchid: &str,
        serial: &str,
        private_key_pem: &SecretString,
        api_v3_key: NonEmptySecret,
    ) -> Result<Self, InvalidKey> {
        let private_key = PKey::private_key_from_pem(private_key_pem.expose_secret().as_bytes())
            .ok()
            .filter(|key| key.rsa().is_ok())
            .ok_or(InvalidKey::MerchantPrivateKey)?;
        if api_v3_key.expose_secret().len() != API_V3_KEY_BYTES {
            return Err(InvalidKey::ApiV3Key);
        }
        Ok(Self {
            mchid: mchid.into(),
            serial: serial.into(),
            private_key,
            api_v3_key,
        })
    }

    /// Signs a request and returns the value of its `Authorization` header (签名生成). `path`
    /// starts with `/` and includes the query; `path` and `body` are exactly what is sent. `now` is
    /// Unix seconds.
    ///
    /// # Errors
    /// Fails when the private key cannot sign.
    pub fn authorization_header(
        &self,
        method: &str,
        path: &str,
        body: &str,
        now: i64,
        nonce: &str,
    ) -> Result<String, SigningError> {
        let signature = self.sign(&format!("{method}\n{path}\n{now}\n{nonce}\n{body}\n"))?;
        let (mchid, serial) = (&self.mchid, &self.serial);
        Ok(format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{mchid}\",nonce_str=\"{nonce}\",\
             timestamp=\"{now}\",serial_no=\"{serial}\",signature=\"{signature}\""
        ))
    }

    /// Signs the parameters with which a client pays an order (小程序调起支付). `now` is Unix
    /// seconds.
    ///
    /// # Errors
    /// Fails when the private key cannot sign.
    pub fn sign_request_payment(
        &self,
        app_id: &str,
        prepay_id: &str,
        now: i64,
        nonce_str: String,
    ) -> Result<RequestPaymentParams, SigningError> {
        let (time_stamp, package) = (now.to_string(), format!("prepay_id={prepay_id}"));
        let pay_sign = self.sign(&format!("{app_id}\n{time_stamp}\n{nonce_str}\n{package}\n"))?;
        Ok(RequestPaymentParams {
            time_stamp,
            nonce_str,
            package,
            pay_sign,
        })
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256, in base64.
    fn sign(&self, message: &str) -> Result<String, SigningError> {
        Signer::new(MessageDigest::sha256(), &self.private_key)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(message.as_bytes()))
            .map(|signature| STANDARD.encode(signature))
            .ok()
            .ok_or(SigningError)
    }

    /// Decrypts what WeChat Pay encrypted with the APIv3 key (AEAD_AES_256_GCM, base64, the tag at
    /// the end). `None` when it was not encrypted with this key, nonce and associated data.
    pub(super) fn decrypt(
        &self,
        nonce: &str,
        associated_data: &str,
        ciphertext: &str,
    ) -> Option<Vec<u8>> {
        let encrypted = STANDARD.decode(ciphertext).ok()?;
        let (data, tag) = encrypted.split_at_checked(encrypted.len().checked_sub(TAG_BYTES)?)?;
        if nonce.len() != NONCE_BYTES {
            return None;
        }
        decrypt_aead(
            Cipher::aes_256_gcm(),
            self.api_v3_key.expose_secret().as_bytes(),
            Some(nonce.as_bytes()),
            associated_data.as_bytes(),
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
    use openssl::sign::Verifier;
    use std::collections::HashMap;

    pub(in crate::pay) fn test_merchant() -> Merchant {
        let pem = Rsa::generate(2048).unwrap().private_key_to_pem().unwrap();
        let pem = SecretString::from(String::from_utf8(pem).unwrap());
        Merchant::new(
            "1900000001",
            "5157F09EFDC096DE",
            &pem,
            NonEmptySecret::new("made-up-apiv3-key-0123456789abcd").unwrap(),
        )
        .unwrap()
    }

    /// A payment with made-up values, encrypted with Python's `cryptography` and decrypted by two
    /// public packages for WeChat Pay. The nonce is `abcdefghijkl`, the associated data
    /// `transaction`.
    pub(in crate::pay) const CIPHERTEXT: &str = concat!(
        "RpL6c9uXxSgKpUjPwToihnPl3zCljeDlQ0JTGz5iGiJ4uMr8qMHfOupS1WJyzYDWKR7uoQFbKAKNu9g4dDfg",
        "4uX5+DwWBbbQv8e99LeVwI0LcbazRLzg/sauubumSpdM9mlJd0LcbjnPD7N0YJcZ8671hfzbmqkBMirIUqHs",
        "KIDsJ/ZxaKXUvTdPReAjJIx4L31foOpdGcuUsOE7n7GQlHXGzP5QR+FACPSSp7a/jxbLPQcSiVkajVKtOl7D",
        "7MhAplieN7vZc+OX39P0OgzxRYvjPoE/6pB0JBTnxgupdvCy9hNJTVjxe2gUYK/5rly2tYx9ZGDP+lCcHN3p",
        "lagnomcrngeRfW2DssaYoPiTT7nocizcnp8wXMnKfsG5UeW+VV6PAzWBGASgx4VBz/5vY4FWrZQNxxrniNwl",
        "hXgPdBk4Q+Bu3LSbwVWMZMLyMdl/X5d7k9m0A5xm00WnqKOOnlShSxpxgQVEP7B3iC2ZPxQ4JPPOad6GzTuV",
        "Ob05v0m13SvJ8pMw4wIm9i83k/tBLt7djXAM30TcxTRJT6oPaduI+LQCDdubUBGXSoE=",
    );

    #[test]
    fn ciphertext_vector_is_decrypted() {
        let plaintext = test_merchant()
            .decrypt("abcdefghijkl", "transaction", CIPHERTEXT)
            .unwrap();
        let text = String::from_utf8(plaintext).unwrap();
        assert!(
            text.starts_with(r#"{"appid":"wx0000000000000001","mchid":"1900000001""#),
            "{text}"
        );
        assert!(text.ends_with(r#""payer_currency":"CNY"}}"#), "{text}");
    }

    #[test]
    fn altered_ciphertext_is_not_decrypted() {
        let merchant = test_merchant();
        let altered = CIPHERTEXT.replace("RpL6", "RpL7");
        for (nonce, associated_data, ciphertext) in [
            ("abcdefghijkl", "refund", CIPHERTEXT),
            ("abcdefghijkm", "transaction", CIPHERTEXT),
            ("abcdefghijkl", "transaction", &altered),
            ("abcdefghijkl", "transaction", ""),
            ("abcdefghijkl", "transaction", "AAAA"),
            ("abcdefghijkl", "transaction", "not base64!"),
            ("short", "transaction", CIPHERTEXT),
        ] {
            assert_eq!(
                merchant.decrypt(nonce, associated_data, ciphertext),
                None,
                "{nonce} {associated_data}"
            );
        }
    }

    #[test]
    fn request_signature_covers_method_path_time_nonce_and_body() {
        let merchant = test_merchant();
        let header = merchant
            .authorization_header(
                "GET",
                "/v3/certificates?a=b%20c",
                "",
                1_554_208_460,
                "593BEC0C930BF1AF",
            )
            .unwrap();
        let fields = header.strip_prefix("WECHATPAY2-SHA256-RSA2048 ").unwrap();
        let fields: HashMap<&str, &str> = fields
            .split(',')
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name, value.trim_matches('"')))
            .collect();
        assert_eq!(
            (fields["mchid"], fields["serial_no"], fields["timestamp"]),
            ("1900000001", "5157F09EFDC096DE", "1554208460")
        );
        let message = "GET\n/v3/certificates?a=b%20c\n1554208460\n593BEC0C930BF1AF\n\n";
        let public_key = merchant.private_key.public_key_to_pem().unwrap();
        let public_key = PKey::public_key_from_pem(&public_key).unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &public_key).unwrap();
        let signature = STANDARD.decode(fields["signature"]).unwrap();
        assert!(
            verifier
                .verify_oneshot(&signature, message.as_bytes())
                .unwrap()
        );
    }

    #[test]
    fn invalid_key_error_does_not_contain_the_key() {
        let pem = SecretString::from("hidden-pem".to_owned());
        let error = Merchant::new("m", "s", &pem, NonEmptySecret::new("x").unwrap())
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("private key") && !error.contains("hidden"),
            "{error}"
        );
    }
}
