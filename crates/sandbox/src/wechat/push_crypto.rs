//! Signature and encryption of message push: the vendor's page "Message encryption and decryption".

use aes::cipher::{
    BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _, block_padding::NoPadding,
};
use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use qlive_types::random;
use sha1::{Digest as _, Sha1};

use crate::config::SandboxConfig;

/// Plain texts are padded to a multiple of this many bytes.
const PADDING_BLOCK: usize = 32;
/// Where the message begins: behind 16 random bytes and a length of 4 bytes.
const MESSAGE_START: usize = 20;

/// SHA-1 of the sorted and joined parts, in hexadecimal.
pub(crate) fn push_signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

fn aes_key(config: &SandboxConfig) -> [u8; 32] {
    // 43 characters of Base64 carry two bits more than the 32 bytes of the key.
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let decoded = engine
        .decode(format!("{}=", config.push_aes_key))
        .unwrap_or_default();
    decoded.try_into().unwrap_or_default()
}

/// Encrypts a message (AES-256-CBC) together with its length and the app's ID; returns Base64.
pub(crate) fn encrypt_push(config: &SandboxConfig, message: &str) -> String {
    let key = aes_key(config);
    let iv: [u8; 16] = key.first_chunk().copied().unwrap_or_default();
    let length = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
    let mut plain = random::hex(8).into_bytes();
    plain.extend_from_slice(&length);
    plain.extend_from_slice(message.as_bytes());
    plain.extend_from_slice(config.app_id.as_bytes());
    let padding = PADDING_BLOCK - plain.len() % PADDING_BLOCK;
    plain.extend(std::iter::repeat_n(
        u8::try_from(padding).unwrap_or(32),
        padding,
    ));
    STANDARD.encode(
        cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into())
            .encrypt_padded_vec_mut::<NoPadding>(&plain),
    )
}

/// Decrypts a message; `None` when it is not one.
pub(crate) fn decrypt_push(config: &SandboxConfig, encrypted: &str) -> Option<String> {
    let key = aes_key(config);
    let iv: [u8; 16] = key.first_chunk().copied()?;
    let encrypted = STANDARD.decode(encrypted).ok()?;
    let plain = cbc::Decryptor::<aes::Aes256>::new(&key.into(), &iv.into())
        .decrypt_padded_vec_mut::<NoPadding>(&encrypted)
        .ok()?;
    let length = u32::from_be_bytes(plain.get(16..MESSAGE_START)?.try_into().ok()?);
    let message = plain.get(MESSAGE_START..MESSAGE_START + usize::try_from(length).ok()?)?;
    String::from_utf8(message.to_vec()).ok()
}
