//! WeChat as this crate needs it: codes exchanged and remembered, one access
//! token for all instances, texts checked.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{wechat_access_tokens, wechat_codes, wechat_sessions};
use qlive_store::{Conn, Db, StoreError, or_contended};
use qlive_tencent::wechat::{Session, Verdict, Wechat, WechatError, code};
use qlive_types::{Clock, Moment};
use secrecy::{ExposeSecret as _, SecretString};

use crate::UsersError;
use crate::tokens::hash;

/// How long a code that login used may still serve for registration.
const CODE_KEPT: Duration = Duration::from_secs(300);
/// An access token is replaced when it has less than this to live.
const TOKEN_MARGIN: Duration = Duration::from_secs(300);

/// The mini-programs we serve, and their secrets.
pub type Apps = HashMap<String, SecretString>;

/// The way to WeChat.
#[derive(Clone)]
pub struct Gateway {
    wechat: Wechat,
    apps: Apps,
    /// Whether profile texts are checked.
    content_check: bool,
}

impl Gateway {
    #[must_use]
    pub fn new(wechat: Wechat, apps: Apps, content_check: bool) -> Self {
        Self {
            wechat,
            apps,
            content_check,
        }
    }

    fn secret(&self, app: &str) -> Result<&SecretString, UsersError> {
        self.apps.get(app).ok_or(UsersError::UnknownApp)
    }

    /// Exchanges a login code, with one retry when WeChat is busy or silent.
    /// `Ok(None)`: the code was used before.
    pub(crate) async fn exchange(
        &self,
        app: &str,
        js_code: &str,
    ) -> Result<Option<Session>, UsersError> {
        let secret = self.secret(app)?;
        let mut result = self.wechat.exchange_code(app, secret, js_code).await;
        if result.as_ref().is_err_and(is_passing) {
            result = self.wechat.exchange_code(app, secret, js_code).await;
        }
        match result {
            Ok(session) => Ok(Some(session)),
            Err(WechatError::Refused {
                code: code::USED_CODE,
                ..
            }) => Ok(None),
            Err(error) => Err(refusal(error)),
        }
    }

    /// Refuses a text that WeChat finds risky; does nothing when checks are off.
    pub(crate) async fn check_text(
        &self,
        db: &Db,
        clock: &Clock,
        app: &str,
        openid: &str,
        text: &str,
    ) -> Result<(), UsersError> {
        if !self.content_check {
            return Ok(());
        }
        let check =
            |token: SecretString| async move { self.wechat.check_text(&token, openid, text).await };
        match self.call(db, clock, app, check).await?.map_err(refusal)? {
            Verdict::Pass | Verdict::Review => Ok(()),
            Verdict::Risky => Err(UsersError::ContentRejected),
        }
    }

    /// Whether WeChat still takes this session key for this openid's.
    pub(crate) async fn is_live(
        &self,
        db: &Db,
        clock: &Clock,
        app: &str,
        openid: &str,
        key: &SecretString,
    ) -> Result<bool, UsersError> {
        let check =
            |token: SecretString| async move { self.wechat.is_live(&token, openid, key).await };
        self.call(db, clock, app, check).await?.map_err(refusal)
    }

    /// A call under the app's access token; a token that WeChat finds dead is replaced once.
    /// The outer error is about the token, the inner one WeChat's answer to the call.
    pub(crate) async fn call<T, F: Future<Output = Result<T, WechatError>>>(
        &self,
        db: &Db,
        clock: &Clock,
        app: &str,
        call: impl Fn(SecretString) -> F,
    ) -> Result<Result<T, WechatError>, UsersError> {
        let token = self.access_token(db, clock, app, None).await?;
        let answer = call(token.clone()).await;
        match &answer {
            Err(WechatError::Refused { code, .. }) if code::DEAD_TOKEN.contains(code) => {
                let fresh = self.access_token(db, clock, app, Some(&token)).await?;
                Ok(call(fresh).await)
            }
            _ => Ok(answer),
        }
    }

    /// The access token that all instances share. `dead` is one that WeChat has just refused.
    async fn access_token(
        &self,
        db: &Db,
        clock: &Clock,
        app: &str,
        dead: Option<&SecretString>,
    ) -> Result<SecretString, UsersError> {
        let (owned, limit) = (app.to_owned(), clock.now().after(TOKEN_MARGIN));
        let known = db
            .read(move |conn| known_token(conn, &owned, limit))
            .await?;
        let is_dead = |token: &SecretString| {
            dead.is_some_and(|dead| dead.expose_secret() == token.expose_secret())
        };
        if let Some(token) = known.filter(|token| !is_dead(token)) {
            return Ok(token);
        }
        let secret = self.secret(app)?;
        let mut fresh = self
            .wechat
            .stable_token(app, secret, false)
            .await
            .map_err(refusal)?;
        if is_dead(&fresh.token) {
            fresh = self
                .wechat
                .stable_token(app, secret, true)
                .await
                .map_err(refusal)?;
        }
        let (owned, token) = (app.to_owned(), fresh.token.clone());
        let expires_at = clock.now().after(Duration::from_secs(fresh.expires_in));
        db.write(move |conn| keep_token(conn, &owned, &token, expires_at))
            .await?;
        Ok(fresh.token)
    }
}

fn is_passing(error: &WechatError) -> bool {
    matches!(
        error,
        WechatError::Unanswered(_)
            | WechatError::Refused {
                code: code::BUSY,
                ..
            }
    )
}

fn refusal(error: WechatError) -> UsersError {
    match error {
        WechatError::Unanswered(why) => UsersError::WechatSilent(why.to_string()),
        WechatError::Refused {
            code: code::BUSY,
            message,
        } => UsersError::WechatSilent(message),
        WechatError::Refused {
            code: code::BAD_CODE | code::USED_CODE,
            ..
        } => UsersError::InvalidCode,
        WechatError::Refused {
            code: code::HIGH_RISK,
            ..
        } => UsersError::BlockedByWechat,
        WechatError::Refused {
            code: code::TOO_OFTEN,
            ..
        } => UsersError::TooOften,
        other @ WechatError::Refused { .. } => UsersError::WechatFailed(other.to_string()),
    }
}

fn known_token(
    conn: &mut Conn,
    app: &str,
    alive_at: Moment,
) -> Result<Option<SecretString>, StoreError> {
    let token: Option<String> = wechat_access_tokens::table
        .find(app)
        .filter(wechat_access_tokens::expires_at.gt(alive_at.millis()))
        .select(wechat_access_tokens::token)
        .get_result(conn)
        .optional()?;
    Ok(token.map(Into::into))
}

fn keep_token(
    conn: &mut Conn,
    app: &str,
    token: &SecretString,
    expires_at: Moment,
) -> Result<(), StoreError> {
    let fields = (
        wechat_access_tokens::token.eq(token.expose_secret()),
        wechat_access_tokens::expires_at.eq(expires_at.millis()),
    );
    if diesel::update(wechat_access_tokens::table.find(app))
        .set(fields)
        .execute(conn)?
        == 0
    {
        let row = (wechat_access_tokens::app_id.eq(app), fields);
        or_contended(
            diesel::insert_into(wechat_access_tokens::table)
                .values(row)
                .execute(conn),
        )?;
    }
    Ok(())
}

/// Remembers an exchanged code for five minutes and the session key for as
/// long as no newer one comes. Answers the key known before.
pub(crate) fn remember(
    conn: &mut Conn,
    app: &str,
    js_code: &str,
    session: &Session,
    now: Moment,
) -> Result<Option<SecretString>, StoreError> {
    let known = last_key(conn, app, &session.openid)?;
    let fields = (
        wechat_sessions::session_key.eq(session.session_key.expose_secret()),
        wechat_sessions::updated_at.eq(now.millis()),
    );
    let row = wechat_sessions::table.find((app, &session.openid));
    if diesel::update(row).set(fields).execute(conn)? == 0 {
        let row = (
            wechat_sessions::app_id.eq(app),
            wechat_sessions::openid.eq(&session.openid),
            fields,
        );
        or_contended(
            diesel::insert_into(wechat_sessions::table)
                .values(row)
                .execute(conn),
        )?;
    }
    diesel::delete(wechat_codes::table.filter(wechat_codes::expires_at.le(now.millis())))
        .execute(conn)?;
    let code_hash = code_hash(app, js_code);
    diesel::delete(wechat_codes::table.find(&code_hash)).execute(conn)?;
    let row = (
        wechat_codes::code_hash.eq(&code_hash),
        wechat_codes::openid.eq(&session.openid),
        wechat_codes::session_key.eq(session.session_key.expose_secret()),
        wechat_codes::expires_at.eq(now.after(CODE_KEPT).millis()),
    );
    or_contended(
        diesel::insert_into(wechat_codes::table)
            .values(row)
            .execute(conn),
    )?;
    Ok(known)
}

/// What a code was exchanged for less than five minutes ago, and the last key known of that openid.
pub(crate) fn recall(
    conn: &mut Conn,
    app: &str,
    js_code: &str,
    now: Moment,
) -> Result<Option<(Session, Option<SecretString>)>, StoreError> {
    let row: Option<(String, String)> = wechat_codes::table
        .find(code_hash(app, js_code))
        .filter(wechat_codes::expires_at.gt(now.millis()))
        .select((wechat_codes::openid, wechat_codes::session_key))
        .get_result(conn)
        .optional()?;
    let Some((openid, session_key)) = row else {
        return Ok(None);
    };
    let known = last_key(conn, app, &openid)?;
    Ok(Some((
        Session {
            openid,
            session_key: session_key.into(),
        },
        known,
    )))
}

pub(crate) fn last_key(
    conn: &mut Conn,
    app: &str,
    openid: &str,
) -> Result<Option<SecretString>, StoreError> {
    let key: Option<String> = wechat_sessions::table
        .find((app, openid))
        .select(wechat_sessions::session_key)
        .get_result(conn)
        .optional()?;
    Ok(key.map(Into::into))
}

fn code_hash(app: &str, js_code: &str) -> String {
    hash(&format!("{app}:{js_code}"))
}
