//! HMAC, digests and constant-time comparison, for all signatures of this crate that use no RSA.

use hmac::{Hmac, Mac as _};
use md5::Md5;
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// Computes HMAC-SHA256 with a key of any length.
pub(crate) fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
    // Only a MAC with a fixed key length can fail here, and HMAC has none. If it did fail, the
    // empty result would be refused by every verifier.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

/// Computes HMAC-SHA256 in lower-case hex. The key is the secret's text as it stands, so a key that
/// is written in base64 is not decoded.
#[must_use]
pub fn hmac_sha256_hex(key: &SecretString, message: &str) -> String {
    hex::encode(hmac_sha256(key.expose_secret().as_bytes(), message))
}

/// Computes MD5 of the concatenated parts, in lower-case hex.
pub(crate) fn md5_hex(parts: &[&str]) -> String {
    digest_hex::<Md5>(parts)
}

/// Computes SHA-1 of the concatenated parts, in lower-case hex.
pub(crate) fn sha1_hex(parts: &[&str]) -> String {
    digest_hex::<Sha1>(parts)
}

/// Computes SHA-256 of the concatenated parts, in lower-case hex.
pub(crate) fn sha256_hex(parts: &[&str]) -> String {
    digest_hex::<Sha256>(parts)
}

fn digest_hex<D: Digest>(parts: &[&str]) -> String {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

/// Compares an expected signature with a received one. The time taken does not depend on where
/// they differ.
pub(crate) fn equals_in_constant_time(expected: &str, received: &str) -> bool {
    expected.as_bytes().ct_eq(received.as_bytes()).into()
}
