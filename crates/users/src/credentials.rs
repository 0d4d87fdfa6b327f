//! The credentials that a client gets when it logs in or registers.

use qlive_types::{Moment, UserId};
use secrecy::SecretString;

use crate::Users;

/// Everything that a client needs to act as a user.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: UserId,
    pub token: SecretString,
    /// Signs the client in to IM. Empty for a banned user.
    pub user_sig: SecretString,
    pub sdk_app_id: u32,
}

impl Users {
    /// A new UserSig for `user`, and the moment when it expires.
    #[must_use]
    pub fn issue_user_sig(&self, user: UserId) -> (SecretString, Moment) {
        self.signer.sign(user, self.clock.now())
    }

    pub(crate) fn credentials(
        &self,
        user: UserId,
        is_banned: bool,
        token: SecretString,
    ) -> Credentials {
        let user_sig = if is_banned {
            SecretString::default()
        } else {
            self.issue_user_sig(user).0
        };
        Credentials {
            user,
            token,
            user_sig,
            sdk_app_id: self.signer.sdk_app_id,
        }
    }
}
