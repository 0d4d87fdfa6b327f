//! Encryption of WeChat Pay: resources under the APIv3 key, sensitive fields under WeChat's key.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use openssl::rsa::Padding;
use openssl::symm::{Cipher, encrypt_aead};
use qlive_types::random;
use serde_json::{Value, json};

use crate::state::SandboxState;

/// Encrypts a text under the merchant's APIv3 key (AES-256-GCM), as notices and certificates carry
/// it.
pub(crate) fn encrypt_resource(
    sandbox: &SandboxState,
    associated_data: &str,
    plain: &str,
) -> Value {
    let nonce = random::hex(6);
    let mut tag = [0; 16];
    let encrypted = encrypt_aead(
        Cipher::aes_256_gcm(),
        sandbox.config.api_v3_key.as_bytes(),
        Some(nonce.as_bytes()),
        associated_data.as_bytes(),
        plain.as_bytes(),
        &mut tag,
    );
    let mut encrypted = encrypted.unwrap_or_default();
    encrypted.extend_from_slice(&tag);
    json!({"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": associated_data,
        "ciphertext": STANDARD.encode(encrypted)})
}

/// Decrypts a sensitive field (RSA-OAEP) with the private key that belongs to `serial`. An empty
/// field stays empty; `None` when the serial is unknown or the field cannot be decrypted.
pub(crate) fn decrypt_field(
    sandbox: &SandboxState,
    serial: &str,
    encrypted: &str,
) -> Option<String> {
    if encrypted.is_empty() {
        return Some(String::new());
    }
    let keys = &sandbox.keys;
    let key = match serial {
        serial if serial == keys.credentials.public_key_id => &keys.public_key,
        serial if serial == keys.credentials.certificate_serial => &keys.certificate_key,
        _ => return None,
    };
    let rsa = key.rsa().ok()?;
    let encrypted = STANDARD.decode(encrypted).ok()?;
    let mut plain = vec![0; usize::try_from(rsa.size()).ok()?];
    let length = rsa
        .private_decrypt(&encrypted, &mut plain, Padding::PKCS1_OAEP)
        .ok()?;
    String::from_utf8(plain.get(..length)?.to_vec()).ok()
}
