//! A user's session with WeChat: login codes are exchanged for session keys, which are stored.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{wechat_codes, wechat_sessions};
use qlive_store::{Conn, StoreError, key_violation_as_contention, outside};
use qlive_tencent::wechat::{LoginSession, WechatError};
use qlive_types::Moment;
use secrecy::{ExposeSecret as _, SecretString};

use crate::hash::sha256_hex;
use crate::{Profile, Users, UsersError, WechatCallError};

/// How long the session of an exchanged code can be found by the code.
const CODE_LIFETIME: Duration = Duration::from_secs(300);
/// For how long after its exchange a code that has made a user answers a repeated registration:
/// the answer to the first one can get lost.
const REPEAT_TIME: Duration = Duration::from_secs(60);
/// When a used code is looked up: another call may be about to store what it has just exchanged.
const LOOKUPS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
];

/// The result of exchanging a login code.
pub(crate) struct ExchangedCode {
    pub(crate) session: LoginSession,
    /// Another session key that is known of the same user, under which their client may have
    /// encrypted data.
    pub(crate) other_key: Option<SecretString>,
    /// Whether the code was exchanged by this call, not by one before it.
    pub(crate) is_fresh: bool,
}

impl Users {
    /// Exchanges a login code at WeChat and stores the session. Returns `None` when the code was
    /// used before.
    pub(crate) async fn exchange_code(
        &self,
        app_id: &str,
        code: &str,
    ) -> Result<Option<ExchangedCode>, UsersError> {
        let Some(session) = self.gateway.exchange_code(app_id, code).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        let (app_id, code, stored) = (app_id.to_owned(), code.to_owned(), session.clone());
        let other_key = self
            .db
            .write(move |conn| store_exchanged_code(conn, &app_id, &code, &stored, now))
            .await?;
        Ok(Some(ExchangedCode {
            session,
            other_key,
            is_fresh: true,
        }))
    }

    /// Exchanges a login code, or finds the session of one that was exchanged in the last five
    /// minutes: a client may register with the code that it has just logged in with. Such a code
    /// authenticates nobody who is registered; see [`may_repeat_registration`].
    pub(crate) async fn exchange_or_find_code(
        &self,
        app_id: &str,
        code: &str,
    ) -> Result<ExchangedCode, UsersError> {
        if let Some(exchanged) = self.exchange_code(app_id, code).await? {
            return Ok(exchanged);
        }
        let now = self.clock.now();
        for delay in LOOKUPS {
            tokio::time::sleep(delay).await;
            let (app_id, code) = (app_id.to_owned(), code.to_owned());
            let found = self
                .db
                .read(move |conn| find_exchanged_code(conn, &app_id, &code, now));
            if let Some(exchanged) = found.await? {
                return Ok(exchanged);
            }
        }
        Err(UsersError::InvalidCode)
    }

    /// The session key with which WeChat verifies what this user's client signs: that of `code` if
    /// there is one, otherwise the stored one after asking WeChat whether it is still valid.
    ///
    /// # Errors
    /// [`UsersError::InvalidCode`] when the code is of another user, or was used and a newer code
    /// has replaced its session key; [`UsersError::SessionExpired`] when no stored key is valid;
    /// the errors of WeChat and of the database.
    pub async fn obtain_session_key(
        &self,
        profile: &Profile,
        code: Option<&str>,
    ) -> Result<SecretString, UsersError> {
        if let Some(code) = code {
            let exchanged = self.exchange_or_find_code(&profile.app_id, code).await?;
            let session = &exchanged.session;
            return if session.openid == profile.openid && exchanged.has_current_key() {
                Ok(session.session_key.clone())
            } else {
                Err(UsersError::InvalidCode)
            };
        }
        let (app_id, openid) = (profile.app_id.clone(), profile.openid.clone());
        let key = self
            .db
            .read(move |conn| find_session_key(conn, &app_id, &openid))
            .await?
            .ok_or(UsersError::SessionExpired)?;
        let is_valid = self
            .gateway
            .is_session_key_valid(
                &self.db,
                &self.clock,
                &profile.app_id,
                &profile.openid,
                &key,
            )
            .await?;
        if is_valid {
            Ok(key)
        } else {
            Err(UsersError::SessionExpired)
        }
    }

    /// Calls WeChat with the access token of an app. When WeChat refuses the token, the call is
    /// repeated once with a new one.
    ///
    /// # Errors
    /// [`WechatCallError::NoToken`] when there is no token, [`WechatCallError::Call`] when the call
    /// failed.
    pub async fn call_wechat<T, F: Future<Output = Result<T, WechatError>>>(
        &self,
        app_id: &str,
        call: impl Fn(SecretString) -> F,
    ) -> Result<T, WechatCallError> {
        self.gateway
            .call_with_token(&self.db, &self.clock, app_id, call)
            .await
    }
}

impl ExchangedCode {
    /// Whether the session key of the code is the last one that is known of its user. It need not
    /// be when the code was exchanged before.
    fn has_current_key(&self) -> bool {
        let key = self.session.session_key.expose_secret();
        let latest = self.other_key.as_ref();
        self.is_fresh || latest.is_some_and(|latest| latest.expose_secret() == key)
    }
}

/// Notes that a registration with this code has made a user.
pub(crate) fn mark_code_of_new_user(
    conn: &mut Conn,
    app_id: &str,
    code: &str,
) -> Result<(), StoreError> {
    diesel::update(wechat_codes::table.find(code_hash(app_id, code)))
        .set(wechat_codes::made_user.eq(true))
        .execute(conn)?;
    Ok(())
}

/// Whether a code that was used before may register once more although its user is registered: it
/// has made this user a moment ago. Every other used code would give whoever learns of it a token.
pub(crate) fn may_repeat_registration(
    conn: &mut Conn,
    app_id: &str,
    code: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let repeatable = wechat_codes::table
        .find(code_hash(app_id, code))
        .filter(wechat_codes::made_user.eq(true))
        .select(wechat_codes::expires_at);
    let expires_at: Option<i64> = repeatable.get_result(conn).optional()?;
    Ok(expires_at.is_some_and(|expires_at| {
        let exchanged_at = Moment::from_millis(expires_at).before(CODE_LIFETIME);
        !now.is_past(exchanged_at, REPEAT_TIME)
    }))
}

/// Stores the session of a code, for five minutes under the code and until the next session under
/// the openid. Returns the session key that was stored under the openid before.
fn store_exchanged_code(
    conn: &mut Conn,
    app_id: &str,
    code: &str,
    session: &LoginSession,
    now: Moment,
) -> Result<Option<SecretString>, StoreError> {
    let previous_key = find_session_key(conn, app_id, &session.openid)?;
    let fields = (
        wechat_sessions::session_key.eq(session.session_key.expose_secret()),
        wechat_sessions::updated_at.eq(now.millis()),
    );
    let row = wechat_sessions::table.find((app_id, &session.openid));
    if diesel::update(row).set(fields).execute(conn)? == 0 {
        let row = (
            wechat_sessions::app_id.eq(app_id),
            wechat_sessions::openid.eq(&session.openid),
            fields,
        );
        key_violation_as_contention(
            diesel::insert_into(wechat_sessions::table)
                .values(row)
                .execute(conn),
        )?;
    }
    let running = now.running(CODE_LIFETIME);
    let expired = wechat_codes::table.filter(outside!(wechat_codes::expires_at, running));
    diesel::delete(expired).execute(conn)?;
    let code_hash = code_hash(app_id, code);
    diesel::delete(wechat_codes::table.find(&code_hash)).execute(conn)?;
    let row = (
        wechat_codes::code_hash.eq(&code_hash),
        wechat_codes::openid.eq(&session.openid),
        wechat_codes::session_key.eq(session.session_key.expose_secret()),
        wechat_codes::expires_at.eq(now.after(CODE_LIFETIME).millis()),
        wechat_codes::made_user.eq(false),
    );
    key_violation_as_contention(
        diesel::insert_into(wechat_codes::table)
            .values(row)
            .execute(conn),
    )?;
    Ok(previous_key)
}

/// The stored session of a code, and the latest session key of the same openid.
fn find_exchanged_code(
    conn: &mut Conn,
    app_id: &str,
    code: &str,
    now: Moment,
) -> Result<Option<ExchangedCode>, StoreError> {
    let (first, last) = now.running(CODE_LIFETIME);
    let row: Option<(String, String)> = wechat_codes::table
        .find(code_hash(app_id, code))
        .filter(wechat_codes::expires_at.between(first, last))
        .select((wechat_codes::openid, wechat_codes::session_key))
        .get_result(conn)
        .optional()?;
    let Some((openid, session_key)) = row else {
        return Ok(None);
    };
    let other_key = find_session_key(conn, app_id, &openid)?;
    let session = LoginSession {
        openid,
        session_key: session_key.into(),
    };
    Ok(Some(ExchangedCode {
        session,
        other_key,
        is_fresh: false,
    }))
}

/// The latest session key of an openid.
fn find_session_key(
    conn: &mut Conn,
    app_id: &str,
    openid: &str,
) -> Result<Option<SecretString>, StoreError> {
    let key: Option<String> = wechat_sessions::table
        .find((app_id, openid))
        .select(wechat_sessions::session_key)
        .get_result(conn)
        .optional()?;
    Ok(key.map(Into::into))
}

fn code_hash(app_id: &str, code: &str) -> String {
    sha256_hex(&format!("{app_id}:{code}"))
}
