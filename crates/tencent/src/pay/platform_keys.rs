//! The keys with which WeChat Pay signs, and which encrypt what only WeChat Pay may read.
//!
//! A key is either a platform certificate, known by its serial number, or the WeChat Pay public
//! key, known by its id. While WeChat Pay moves a merchant from certificates to the public key,
//! notices are signed with either, so both can be known at the same time.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::Verifier;
use openssl::x509::X509;

use crate::invalid_key::InvalidKey;

/// By how much the time of a signature must be within our clock, in either direction.
const MAX_TIME_DIFFERENCE_SECS: i64 = 300;
/// The prefix of a public key's id. A certificate's id is its serial number in hex.
const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";
/// The prefix of a wrong signature that WeChat Pay sends on purpose, to test that we verify.
const PROBE_PREFIX: &str = "WECHATPAY/SIGNTEST/";

/// The `Wechatpay-…` headers that sign a response or a notice. A missing header is empty.
#[derive(Debug, Clone, Default)]
pub struct SignatureHeaders {
    /// Unix seconds as text.
    pub timestamp: String,
    pub nonce: String,
    pub signature: String,
    /// The id of the key.
    pub serial: String,
}

/// Why a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// WeChat Pay sent a wrong signature on purpose. It must be refused, but it is no attack.
    #[error("WeChat Pay tests that signatures are verified")]
    Probe,
    /// A header is missing, or the timestamp is not a number.
    #[error("a header of the signature is missing or malformed")]
    MissingHeader,
    /// The timestamp is five minutes or more from our clock.
    #[error("the time of the signature is too far from our clock")]
    OutsideTimeWindow,
    /// The key is not known, or its certificate has expired.
    #[error("the signing key is not known")]
    UnknownKey,
    #[error("the signature does not match")]
    Mismatch,
}

/// A text that only WeChat Pay can decrypt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedField {
    /// The id of the key that encrypted it, for the `Wechatpay-Serial` header.
    pub key_id: String,
    /// Base64.
    pub ciphertext: String,
}

/// Why a text could not be encrypted for WeChat Pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldEncryptionError {
    #[error("no platform key of WeChat Pay is known")]
    NoKey,
    /// The text is too long for the key.
    #[error("the text cannot be encrypted with the platform key")]
    Failed,
}

/// The known platform keys by their ids. Keys can be added while others use them.
#[derive(Default)]
pub struct PlatformKeys(RwLock<HashMap<String, PlatformKey>>);

/// A key and its expiry in Unix seconds. A public key has no expiry, which is [`i64::MAX`].
struct PlatformKey {
    key: PKey<Public>,
    expires_at: i64,
}

impl PlatformKeys {
    /// Adds a certificate or a public key in PEM under its id, or replaces it.
    ///
    /// # Errors
    /// Fails when `pem` has neither an RSA certificate nor an RSA public key.
    pub fn add(&self, id: &str, pem: &str) -> Result<(), InvalidKey> {
        let (key, expires_at) = match X509::from_pem(pem.as_bytes()) {
            Ok(certificate) => (
                certificate.public_key(),
                certificate_expiry(&certificate).unwrap_or(0),
            ),
            Err(_) => (PKey::public_key_from_pem(pem.as_bytes()), i64::MAX),
        };
        let key = key
            .ok()
            .filter(|key| key.rsa().is_ok())
            .ok_or(InvalidKey::PlatformKey)?;
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), PlatformKey { key, expires_at });
        Ok(())
    }

    /// Adds the keys of `other`, or replaces those with the same ids.
    pub(super) fn extend(&self, other: Self) {
        let added = other.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(added);
    }

    /// Returns the id of the WeChat Pay public key, if one is known.
    #[must_use]
    pub fn public_key_id(&self) -> Option<String> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keys.keys()
            .find(|id| id.starts_with(PUBLIC_KEY_PREFIX))
            .cloned()
    }

    /// Verifies that WeChat Pay signed `body` within five minutes of `now` (Unix seconds). `body`
    /// is the bytes as they were received (签名验证).
    ///
    /// # Errors
    /// Fails when the headers are incomplete, the time is too far from `now`, the key is unknown or
    /// expired, or the signature is wrong.
    pub fn verify(
        &self,
        headers: &SignatureHeaders,
        body: &[u8],
        now: i64,
    ) -> Result<(), SignatureError> {
        let SignatureHeaders {
            timestamp,
            nonce,
            signature,
            serial,
        } = headers;
        if signature.starts_with(PROBE_PREFIX) {
            return Err(SignatureError::Probe);
        }
        if nonce.is_empty() || signature.is_empty() || serial.is_empty() {
            return Err(SignatureError::MissingHeader);
        }
        let Ok(signed_at) = timestamp.parse::<i64>() else {
            return Err(SignatureError::MissingHeader);
        };
        if now.saturating_sub(signed_at).saturating_abs() >= MAX_TIME_DIFFERENCE_SECS {
            return Err(SignatureError::OutsideTimeWindow);
        }
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys
            .get(serial)
            .filter(|key| now < key.expires_at)
            .ok_or(SignatureError::UnknownKey)?;
        let message = [
            timestamp.as_bytes(),
            b"\n",
            nonce.as_bytes(),
            b"\n",
            body,
            b"\n",
        ]
        .concat();
        if key.verifies(signature, &message) {
            Ok(())
        } else {
            Err(SignatureError::Mismatch)
        }
    }

    /// Encrypts a text for WeChat Pay (敏感信息加密) with RSA-OAEP and SHA-1: with the public key,
    /// or else with the certificate that expires last.
    ///
    /// # Errors
    /// Fails when no key is known or the text is too long for the key.
    pub fn encrypt(&self, text: &str) -> Result<EncryptedField, FieldEncryptionError> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (id, key) = keys
            .iter()
            .max_by_key(|(_, key)| key.expires_at)
            .ok_or(FieldEncryptionError::NoKey)?;
        let ciphertext = key.encrypt(text).ok().ok_or(FieldEncryptionError::Failed)?;
        Ok(EncryptedField {
            key_id: id.clone(),
            ciphertext,
        })
    }
}

impl PlatformKey {
    /// Returns whether `signature` (base64) is the RSA-SHA256 signature of `message`.
    fn verifies(&self, signature: &str, message: &[u8]) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else {
            return false;
        };
        Verifier::new(MessageDigest::sha256(), &self.key)
            .and_then(|mut verifier| verifier.verify_oneshot(&signature, message))
            .unwrap_or(false)
    }

    /// Encrypts a text, in base64.
    fn encrypt(&self, text: &str) -> Result<String, ErrorStack> {
        let rsa = self.key.rsa()?;
        let mut buffer = vec![0; usize::try_from(rsa.size()).unwrap_or(0)];
        let length = rsa.public_encrypt(text.as_bytes(), &mut buffer, Padding::PKCS1_OAEP)?;
        buffer.truncate(length);
        Ok(STANDARD.encode(buffer))
    }
}

/// Returns when a certificate expires, in Unix seconds.
fn certificate_expiry(certificate: &X509) -> Option<i64> {
    let since_epoch = Asn1Time::from_unix(0)
        .ok()?
        .diff(certificate.not_after())
        .ok()?;
    Some(i64::from(since_epoch.days) * 86_400 + i64::from(since_epoch.secs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::pkey::Private;
    use openssl::rsa::Rsa;
    use openssl::sign::Signer;

    const NOW: i64 = 1_700_000_000;
    const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_1";

    /// Generates a private key and the PEM of its public key.
    fn generate_key_pair() -> (PKey<Private>, String) {
        let rsa = Rsa::generate(2048).unwrap();
        let pem = String::from_utf8(rsa.public_key_to_pem().unwrap()).unwrap();
        (PKey::from_rsa(rsa).unwrap(), pem)
    }

    fn sign_body(key: &PKey<Private>, at: i64, body: &str) -> SignatureHeaders {
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let signature = signer
            .sign_oneshot_to_vec(format!("{at}\nnonce\n{body}\n").as_bytes())
            .unwrap();
        SignatureHeaders {
            timestamp: at.to_string(),
            nonce: "nonce".into(),
            signature: STANDARD.encode(signature),
            serial: PUBLIC_KEY_ID.into(),
        }
    }

    #[test]
    fn valid_signature_verifies_for_five_minutes() {
        let (key, pem) = generate_key_pair();
        let keys = PlatformKeys::default();
        keys.add(PUBLIC_KEY_ID, &pem).unwrap();
        let headers = sign_body(&key, NOW, "{}");
        assert_eq!(keys.verify(&headers, b"{}", NOW), Ok(()));
        assert_eq!(keys.verify(&headers, b"{}", NOW + 299), Ok(()));
        assert_eq!(
            keys.verify(&sign_body(&key, NOW, ""), b"", NOW),
            Ok(()),
            "a response with status 204 has an empty body"
        );
        for now in [NOW + 300, NOW - 300, i64::MIN, i64::MAX] {
            assert_eq!(
                keys.verify(&headers, b"{}", now),
                Err(SignatureError::OutsideTimeWindow),
                "{now}"
            );
        }
    }

    #[test]
    fn altered_body_or_headers_are_refused() {
        let (key, pem) = generate_key_pair();
        let keys = PlatformKeys::default();
        keys.add(PUBLIC_KEY_ID, &pem).unwrap();
        let valid = sign_body(&key, NOW, "{}");
        let altered = |alter: fn(&mut SignatureHeaders)| {
            let mut headers = valid.clone();
            alter(&mut headers);
            keys.verify(&headers, b"{}", NOW)
        };
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(keys.verify(&valid, b"{} ", NOW), mismatch);
        assert_eq!(altered(|headers| headers.nonce = "other".into()), mismatch);
        assert_eq!(
            altered(|headers| headers.serial = "5157".into()),
            Err(SignatureError::UnknownKey)
        );
        assert_eq!(
            altered(|headers| headers.signature.insert_str(0, "WECHATPAY/SIGNTEST/")),
            Err(SignatureError::Probe)
        );
        let missing = Err(SignatureError::MissingHeader);
        assert_eq!(altered(|headers| headers.timestamp.clear()), missing);
        assert_eq!(
            altered(|headers| headers.timestamp = "today".into()),
            missing
        );
        assert_eq!(altered(|headers| headers.nonce.clear()), missing);
        assert_eq!(altered(|headers| headers.signature.clear()), missing);
        assert_eq!(altered(|headers| headers.serial.clear()), missing);
    }

    #[test]
    fn public_key_and_certificate_verify_at_the_same_time() {
        let (public, public_pem) = generate_key_pair();
        let (certificate, certificate_pem) = generate_key_pair();
        let keys = PlatformKeys::default();
        keys.add(PUBLIC_KEY_ID, &public_pem).unwrap();
        keys.add("5157F09E", &certificate_pem).unwrap();
        assert_eq!(keys.public_key_id().as_deref(), Some(PUBLIC_KEY_ID));
        assert_eq!(
            keys.verify(&sign_body(&public, NOW, "x"), b"x", NOW),
            Ok(())
        );
        let by_certificate = SignatureHeaders {
            serial: "5157F09E".into(),
            ..sign_body(&certificate, NOW, "x")
        };
        assert_eq!(keys.verify(&by_certificate, b"x", NOW), Ok(()));
        let by_the_wrong_key = SignatureHeaders {
            serial: "5157F09E".into(),
            ..sign_body(&public, NOW, "x")
        };
        assert_eq!(
            keys.verify(&by_the_wrong_key, b"x", NOW),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(keys.add("x", "no pem"), Err(InvalidKey::PlatformKey));
    }

    #[test]
    fn encrypted_field_is_decrypted_with_the_private_key() {
        let (key, pem) = generate_key_pair();
        let keys = PlatformKeys::default();
        keys.add(PUBLIC_KEY_ID, &pem).unwrap();
        let encrypted = keys.encrypt("张三").unwrap();
        assert_eq!(encrypted.key_id, PUBLIC_KEY_ID);
        let ciphertext = STANDARD.decode(encrypted.ciphertext).unwrap();
        let mut plaintext = vec![0; 256];
        let length = key
            .rsa()
            .unwrap()
            .private_decrypt(&ciphertext, &mut plaintext, Padding::PKCS1_OAEP)
            .unwrap();
        assert_eq!(&plaintext[..length], "张三".as_bytes());
    }

    #[test]
    fn encryption_without_a_key_fails() {
        let result = PlatformKeys::default().encrypt("张三");
        assert_eq!(result, Err(FieldEncryptionError::NoKey));
    }
}
