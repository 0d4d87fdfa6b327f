//! Encryption of message-push bodies in secure mode.
//!
//! Vendor's page: 消息加解密说明, developers.weixin.qq.com. The plaintext is 16 random bytes, the
//! length of the message (32 bits, big-endian), the message and the app id. It is padded to a
//! multiple of 32 bytes and encrypted with AES-256-CBC; the IV is the first 16 bytes of the key.

use aes::Aes256;
use aes::cipher::{
    BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _, block_padding::NoPadding,
};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use secrecy::ExposeSecret as _;

use crate::invalid_key::InvalidKey;
use crate::lenient_base64::decode_base64;
use crate::non_empty_secret::NonEmptySecret;

/// The padding block of the message push. The block of AES is 16 bytes.
const PADDING_BLOCK_BYTES: usize = 32;
/// The number of random bytes before the message.
const RANDOM_BYTES: usize = 16;

/// Encrypts and decrypts bodies for one app. Contains a secret, hence no `Debug`.
pub(super) struct BodyCipher {
    app_id: String,
    key: [u8; 32],
}

impl BodyCipher {
    pub(super) fn new(app_id: &str, aes_key: &NonEmptySecret) -> Result<Self, InvalidKey> {
        // 43 characters of base64 have 258 bits, two more than the key; the two need not be zero.
        let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
        let key = engine
            .decode(format!("{}=", aes_key.expose_secret()))
            .ok()
            .and_then(|key| key.try_into().ok())
            .ok_or(InvalidKey::EncodingAesKey)?;
        Ok(Self {
            app_id: app_id.to_owned(),
            key,
        })
    }

    fn iv(&self) -> [u8; 16] {
        self.key.first_chunk().copied().unwrap_or_default()
    }

    /// Decrypts a body in base64. `None` when it was not encrypted with this key for this app.
    pub(super) fn decrypt(&self, encrypted: &str) -> Option<Vec<u8>> {
        let ciphertext = decode_base64(encrypted)?;
        let cipher = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.iv().into());
        let padded = cipher
            .decrypt_padded_vec_mut::<NoPadding>(&ciphertext)
            .ok()?;
        let padding = usize::from(*padded.last()?);
        if !(1..=PADDING_BLOCK_BYTES).contains(&padding) {
            return None;
        }
        let plaintext = padded.get(..padded.len().checked_sub(padding)?)?;
        let (length, rest) = plaintext.get(RANDOM_BYTES..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, app_id) = rest.split_at_checked(length)?;
        (app_id == self.app_id.as_bytes()).then(|| message.to_vec())
    }

    /// Encrypts a message to base64. `random` has 16 characters.
    pub(super) fn encrypt(&self, message: &str, random: &str) -> String {
        let length = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
        let mut plaintext = [
            random.as_bytes(),
            &length,
            message.as_bytes(),
            self.app_id.as_bytes(),
        ]
        .concat();
        let padding = PADDING_BLOCK_BYTES - plaintext.len() % PADDING_BLOCK_BYTES;
        let padded_length = plaintext.len() + padding;
        plaintext.resize(padded_length, u8::try_from(padding).unwrap_or(0));
        let cipher = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.iv().into());
        STANDARD.encode(cipher.encrypt_padded_vec_mut::<NoPadding>(&plaintext))
    }
}
