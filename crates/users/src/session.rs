//! A user's session with WeChat: its key signs virtual payments, and calls about him go under the app's token.

use qlive_tencent::wechat::WechatError;
use secrecy::SecretString;

use crate::gateway::{last_key, recall, remember};
use crate::{Profile, Users, UsersError};

impl Users {
    /// A session key that WeChat takes for this user's present one: that of a
    /// fresh login code, else the one we have, if it is still good.
    pub async fn session_key(
        &self,
        profile: &Profile,
        code: Option<&str>,
    ) -> Result<SecretString, UsersError> {
        let (app, openid) = (profile.app_id.clone(), profile.openid.clone());
        if let Some(code) = code {
            return self.exchanged(app, openid, code.to_owned()).await;
        }
        let (of_app, of) = (app.clone(), openid.clone());
        let key = self
            .db
            .read(move |conn| last_key(conn, &of_app, &of))
            .await?
            .ok_or(UsersError::SessionExpired)?;
        match self
            .gateway
            .is_live(&self.db, &self.clock, &app, &openid, &key)
            .await?
        {
            true => Ok(key),
            false => Err(UsersError::SessionExpired),
        }
    }

    /// Calls WeChat under the access token of an app. The outer error is about the token.
    pub async fn call<T, F: Future<Output = Result<T, WechatError>>>(
        &self,
        app: &str,
        call: impl Fn(SecretString) -> F,
    ) -> Result<Result<T, WechatError>, UsersError> {
        self.gateway.call(&self.db, &self.clock, app, call).await
    }

    /// The key behind a code, which must be this very user's. One that login has just used still serves.
    async fn exchanged(
        &self,
        app: String,
        openid: String,
        code: String,
    ) -> Result<SecretString, UsersError> {
        let now = self.clock.now();
        let session = match self.gateway.exchange(&app, &code).await? {
            Some(session) => {
                let kept = session.clone();
                self.db
                    .write(move |conn| remember(conn, &app, &code, &kept, now))
                    .await?;
                session
            }
            None => {
                let recalled = self
                    .db
                    .read(move |conn| recall(conn, &app, &code, now))
                    .await?;
                recalled.ok_or(UsersError::InvalidCode)?.0
            }
        };
        if session.openid == openid {
            Ok(session.session_key)
        } else {
            Err(UsersError::InvalidCode)
        }
    }
}
