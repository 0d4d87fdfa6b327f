//! The check of a nickname by WeChat, and what happens when WeChat cannot check it.

use crate::{Profile, UncheckedNames, Users, UsersError};

/// The result of checking a nickname that may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameCheck {
    /// WeChat does not object to it, or checks are disabled.
    Passed,
    /// WeChat could not check it, and the settings let it pass.
    Unchecked,
}

impl Users {
    /// Has WeChat check a new nickname of a user, if checks are enabled.
    ///
    /// # Errors
    /// [`UsersError::ContentRejected`] for a risky nickname, [`UsersError::ContentUnchecked`] when
    /// it cannot be checked and must be, and the errors of the database.
    pub async fn check_nickname(
        &self,
        profile: &Profile,
        nickname: &str,
    ) -> Result<NameCheck, UsersError> {
        let Some(unchecked) = self.gateway.unchecked_names() else {
            return Ok(NameCheck::Passed);
        };
        let (app_id, openid) = (&profile.app_id, &profile.openid);
        let checked = self
            .gateway
            .check_text(&self.db, &self.clock, app_id, openid, nickname)
            .await;
        match checked {
            Ok(()) => Ok(NameCheck::Passed),
            Err(UsersError::ContentUnchecked(cause)) if unchecked == UncheckedNames::Pass => {
                let user = profile.user;
                tracing::warn!(%user, cause, "a nickname passed although it was not checked");
                Ok(NameCheck::Unchecked)
            }
            Err(error) => Err(error),
        }
    }
}
