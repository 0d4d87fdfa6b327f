//! The check of a nickname by WeChat, and what happens when WeChat cannot check it.

use crate::check_history::CheckDecision;
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
    /// Has WeChat check a new nickname of a user, if checks are enabled. One that it passed for
    /// this user within the last minute is not checked again.
    ///
    /// # Errors
    /// [`UsersError::ContentRejected`] for a risky nickname, [`UsersError::ContentUnchecked`] when
    /// it cannot be checked and must be, [`UsersError::TooManyNameChecks`], and the errors of the
    /// database.
    pub async fn check_nickname(
        &self,
        profile: &Profile,
        nickname: &str,
    ) -> Result<NameCheck, UsersError> {
        let Some(unchecked) = self.gateway.unchecked_names() else {
            return Ok(NameCheck::Passed);
        };
        let history = &self.check_history;
        match history.decide(profile.user, nickname, self.clock.tick()) {
            CheckDecision::Passed => return Ok(NameCheck::Passed),
            CheckDecision::TooMany => return Err(UsersError::TooManyNameChecks),
            CheckDecision::Ask => {}
        }
        let (app_id, openid) = (&profile.app_id, &profile.openid);
        let checked = self
            .gateway
            .check_text(&self.db, &self.clock, app_id, openid, nickname)
            .await;
        match checked {
            Ok(()) => {
                history.remember(profile.user, nickname);
                Ok(NameCheck::Passed)
            }
            Err(UsersError::ContentUnchecked(cause)) if unchecked == UncheckedNames::Pass => {
                let user = profile.user;
                tracing::warn!(%user, cause, "a nickname passed although it was not checked");
                Ok(NameCheck::Unchecked)
            }
            Err(error) => Err(error),
        }
    }
}
