//! WeChat and Tencent Cloud, as they are on the wire.
//!
//! Pure functions come first (sign, verify, decrypt: bytes in, bytes out, the
//! time and every nonce an argument); the clients over them are thin.
//!
//! Architecture invariants: no database, no web framework, no word of our own
//! domain. Secrets arrive as [`secrecy::SecretString`] and leave only inside
//! the request they are for: no error of this crate carries a URL.

pub mod css;
mod http;
pub mod im;
mod lenient;
pub mod pay;
pub mod tc3;
pub mod wechat;
pub mod xpay;

pub use http::{Http, Unanswered};
