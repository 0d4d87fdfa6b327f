//! The error for a configured key that cannot be used.

/// A configured key or certificate that cannot be used. The text never contains any of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The private key of the merchant's API certificate.
    #[error("the merchant's private key is not an RSA key in PEM")]
    MerchantPrivateKey,
    /// The APIv3 key of WeChat Pay.
    #[error("the APIv3 key does not have 32 characters")]
    ApiV3Key,
    /// A platform certificate or public key of WeChat Pay.
    #[error("a verification key is neither an RSA certificate nor an RSA public key in PEM")]
    PlatformKey,
    /// The EncodingAESKey of the message push.
    #[error("the EncodingAESKey is not 43 characters of base64")]
    EncodingAesKey,
}
