//! Signatures with which clients sign in to Tencent IM.

use qlive_tencent::NonEmptySecret;
use qlive_tencent::im::generate_user_sig;
use qlive_types::{Moment, UserId};
use secrecy::SecretString;

/// How long a UserSig for a client is valid: one week.
const USER_SIG_SECS: i64 = 7 * 86_400;

/// Signs UserSigs with the key of an IM application.
#[derive(Clone)]
pub struct UserSigSigner {
    pub sdk_app_id: u32,
    pub key: NonEmptySecret,
}

impl UserSigSigner {
    /// A UserSig for `user`, and the moment when it expires.
    #[must_use]
    pub fn sign(&self, user: UserId, now: Moment) -> (SecretString, Moment) {
        let sig = generate_user_sig(
            self.sdk_app_id,
            &self.key,
            &user.to_string(),
            now.secs(),
            USER_SIG_SECS,
        );
        let expires_at = Moment::from_millis((now.secs() + USER_SIG_SECS) * 1000);
        (sig, expires_at)
    }
}
