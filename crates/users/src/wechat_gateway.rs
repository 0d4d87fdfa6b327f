//! Calls to WeChat: exchange of login codes, access tokens, checks of texts and session keys.

use std::collections::HashMap;
use std::sync::Arc;

use qlive_store::Db;
use qlive_tencent::NonEmptySecret;
use qlive_tencent::wechat::{ContentCheck, LoginSession, WechatClient, WechatError, errcode};
use qlive_types::Clock;
use secrecy::SecretString;
use serde::Deserialize;

use crate::token_refresh::{LocalRefreshLock, LocalRefreshLocks, TokenRequest};
use crate::{UsersError, WechatCallError};

/// The secrets of the mini-programs that the server knows, by app id.
pub type WechatApps = HashMap<String, NonEmptySecret>;

/// What happens to a new nickname that WeChat cannot check for a reason that is not the text's:
/// the setting `[wechat] unchecked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UncheckedNames {
    /// The change is refused; the client may repeat it later.
    #[default]
    Refuse,
    /// The change is made, and marked for the operators.
    Pass,
}

/// Calls WeChat for the known mini-programs.
#[derive(Clone)]
pub struct WechatGateway {
    wechat: WechatClient,
    apps: WechatApps,
    /// What happens to a name that cannot be checked; `None` if names are not checked.
    unchecked_names: Option<UncheckedNames>,
    refresh_locks: LocalRefreshLocks,
}

impl WechatGateway {
    /// A gateway for `apps`. Names are checked by WeChat if `unchecked_names` says what happens to
    /// those that cannot be checked.
    #[must_use]
    pub fn new(
        wechat: WechatClient,
        apps: WechatApps,
        unchecked_names: Option<UncheckedNames>,
    ) -> Self {
        let lock = |app: &String| (app.clone(), Arc::new(LocalRefreshLock::default()));
        Self {
            wechat,
            refresh_locks: Arc::new(apps.keys().map(lock).collect()),
            apps,
            unchecked_names,
        }
    }

    /// What happens to a name that cannot be checked; `None` if names are not checked.
    pub(crate) const fn unchecked_names(&self) -> Option<UncheckedNames> {
        self.unchecked_names
    }

    fn secret(&self, app_id: &str) -> Result<&NonEmptySecret, UsersError> {
        self.apps.get(app_id).ok_or(UsersError::UnknownApp)
    }

    /// Exchanges a login code, and tries once more when WeChat is busy or does not answer.
    /// Returns `None` when the code was used before.
    pub(crate) async fn exchange_code(
        &self,
        app_id: &str,
        js_code: &str,
    ) -> Result<Option<LoginSession>, UsersError> {
        let secret = self.secret(app_id)?;
        let mut result = self
            .wechat
            .exchange_login_code(app_id, secret, js_code)
            .await;
        if result.as_ref().is_err_and(is_retryable) {
            result = self
                .wechat
                .exchange_login_code(app_id, secret, js_code)
                .await;
        }
        match result {
            Ok(session) => Ok(Some(session)),
            Err(WechatError::Refused {
                code: errcode::USED_LOGIN_CODE,
                ..
            }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Has WeChat check a text, and once more when WeChat is busy.
    ///
    /// # Errors
    /// [`UsersError::ContentRejected`] for a risky text, [`UsersError::ContentUnchecked`] when it
    /// was not checked, for whatever reason at WeChat; the errors of the database.
    pub(crate) async fn check_text(
        &self,
        db: &Db,
        clock: &Clock,
        app_id: &str,
        openid: &str,
        text: &str,
    ) -> Result<(), UsersError> {
        let check = |token: SecretString| async move {
            self.wechat.check_profile_text(&token, openid, text).await
        };
        let mut result = self.call_with_token(db, clock, app_id, check).await;
        if matches!(&result, Err(WechatCallError::Call(error)) if is_busy(error)) {
            result = self.call_with_token(db, clock, app_id, check).await;
        }
        match result {
            Ok(ContentCheck::Pass | ContentCheck::Review) => Ok(()),
            Ok(ContentCheck::Risky) => Err(UsersError::ContentRejected),
            Err(WechatCallError::NoToken(error @ UsersError::Store(_))) => Err(error),
            Err(error) => Err(UsersError::ContentUnchecked(error.to_string())),
        }
    }

    /// Asks WeChat whether a session key is the valid one of an openid.
    pub(crate) async fn is_session_key_valid(
        &self,
        db: &Db,
        clock: &Clock,
        app_id: &str,
        openid: &str,
        key: &SecretString,
    ) -> Result<bool, UsersError> {
        let check = |token: SecretString| async move {
            self.wechat.is_session_key_valid(&token, openid, key).await
        };
        Ok(self.call_with_token(db, clock, app_id, check).await?)
    }

    /// Makes a call with the access token of an app. When WeChat refuses the token, the call is
    /// repeated once with a new one.
    pub(crate) async fn call_with_token<T, F: Future<Output = Result<T, WechatError>>>(
        &self,
        db: &Db,
        clock: &Clock,
        app_id: &str,
        call: impl Fn(SecretString) -> F,
    ) -> Result<T, WechatCallError> {
        let token = self
            .access_token(db, clock, app_id, None)
            .await
            .map_err(WechatCallError::NoToken)?;
        let refused = match call(token.clone()).await {
            Err(error) if is_token_refusal(&error) => token,
            result => return result.map_err(WechatCallError::Call),
        };
        let fresh = self
            .access_token(db, clock, app_id, Some(refused))
            .await
            .map_err(WechatCallError::NoToken)?;
        call(fresh).await.map_err(|error| {
            if is_token_refusal(&error) {
                WechatCallError::NoToken(UsersError::WechatUnavailable(format!(
                    "WeChat refuses the new access token too: {error}"
                )))
            } else {
                WechatCallError::Call(error)
            }
        })
    }

    /// The stored access token, otherwise a new one. `refused` is a token that WeChat has just
    /// refused.
    async fn access_token(
        &self,
        db: &Db,
        clock: &Clock,
        app_id: &str,
        refused: Option<SecretString>,
    ) -> Result<SecretString, UsersError> {
        let lock = self
            .refresh_locks
            .get(app_id)
            .ok_or(UsersError::UnknownApp)?;
        let request = TokenRequest {
            wechat: self.wechat.clone(),
            db: db.clone(),
            clock: clock.clone(),
            app_id: app_id.to_owned(),
            app_secret: self.secret(app_id)?.clone(),
            refused,
        };
        request.run(Arc::clone(lock)).await
    }
}

fn is_token_refusal(error: &WechatError) -> bool {
    matches!(error, WechatError::Refused { code, .. } if errcode::INVALID_TOKEN.contains(code))
}

fn is_retryable(error: &WechatError) -> bool {
    matches!(error, WechatError::NoUsableResponse(_)) || is_busy(error)
}

const fn is_busy(error: &WechatError) -> bool {
    matches!(
        error,
        WechatError::Refused {
            code: errcode::SYSTEM_BUSY,
            ..
        }
    )
}
