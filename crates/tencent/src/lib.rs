//! Clients for the server APIs of WeChat and Tencent Cloud.
//!
//! Signing, verification, encryption and parsing are pure functions: the current time and every
//! nonce are arguments. The clients only send requests and read responses.
//!
//! Architecture invariants: this crate uses no database and no web framework, and knows nothing of
//! the application's own domain. Secrets are passed as [`secrecy::SecretString`], and configured
//! ones as [`NonEmptySecret`]; they are exposed only to sign or to build the request that needs
//! them. No error contains a URL, because a URL may contain a secret or a token.

mod crypto;
pub mod css;
mod http;
pub mod im;
mod invalid_key;
mod json_fields;
mod lenient_base64;
mod lenient_json;
mod non_empty_secret;
pub mod pay;
pub mod tc3;
pub mod wechat;
pub mod xpay;

pub use crypto::hmac_sha256_hex;
pub use http::{HttpClient, HttpSetupError, ResponseError};
pub use invalid_key::InvalidKey;
pub use lenient_json::parse_json;
pub use non_empty_secret::{EmptySecret, NonEmptySecret};
