//! WeChat's mini-program server API (developers.weixin.qq.com): login, stable access token,
//! content check, message push.

pub mod push;
mod user_data;
mod xml;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::lenient::{integer, text};
use crate::xpay::hmac;
use crate::{Http, Unanswered};
pub use user_data::{Undecryptable, UserInfo, decrypt_user_info};

/// Error codes of WeChat that callers tell apart.
pub mod code {
    /// System busy.
    pub const BUSY: i64 = -1;
    /// A login code that is wrong or expired.
    pub const BAD_CODE: i64 = 40029;
    /// A login code that was already exchanged.
    pub const USED_CODE: i64 = 40163;
    /// WeChat blocks this user's login.
    pub const HIGH_RISK: i64 = 40226;
    /// Too many calls for this user.
    pub const TOO_OFTEN: i64 = 45011;
    /// Access token invalid, malformed, expired.
    pub const DEAD_TOKEN: [i64; 3] = [40001, 40014, 42001];
    /// The session key is not the one of today, or there is none.
    pub const DEAD_SESSION: [i64; 3] = [87007, 87009, 268_490_009];
}

/// What a call to WeChat may come to besides success.
#[derive(Debug, thiserror::Error)]
pub enum WechatError {
    /// WeChat answered with an error code. Its text is for the log only.
    #[error("WeChat refused with {code}: {message}")]
    Refused { code: i64, message: String },
    /// No answer, or none that could be read.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// A login code exchanged (`/sns/jscode2session`).
#[derive(Debug, Clone)]
pub struct Session {
    pub openid: String,
    /// Base64 of 16 bytes.
    pub session_key: SecretString,
}

/// An access token and how long it lives.
#[derive(Debug, Clone)]
pub struct AccessToken {
    pub token: SecretString,
    /// Seconds from now, at most 7200.
    pub expires_in: u64,
}

/// What WeChat thinks of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// A person should look. We let it pass, as WeChat's own advice leaves to us.
    Review,
    Risky,
}

/// A client of `api.weixin.qq.com`.
#[derive(Clone)]
pub struct Wechat {
    http: Http,
    base: String,
}

impl Wechat {
    /// `base` is `https://api.weixin.qq.com` or the sandbox's address.
    #[must_use]
    pub fn new(http: Http, base: &str) -> Self {
        Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// Exchanges a login code. Codes work once and for five minutes.
    pub async fn exchange_code(
        &self,
        app_id: &str,
        secret: &SecretString,
        js_code: &str,
    ) -> Result<Session, WechatError> {
        let query = [
            ("appid", app_id),
            ("secret", secret.expose_secret()),
            ("js_code", js_code),
            ("grant_type", "authorization_code"),
        ];
        let answer = accepted(
            self.http
                .get(&self.url("/sns/jscode2session"), &query)
                .await?,
        )?;
        let openid = text(&answer, "openid");
        let session_key = text(&answer, "session_key");
        if openid.is_empty() || session_key.is_empty() {
            return Err(Unanswered::new("no openid in the answer").into());
        }
        Ok(Session {
            openid,
            session_key: session_key.into(),
        })
    }

    /// The stable access token (`/cgi-bin/stable_token`); `force` asks for a new one.
    pub async fn stable_token(
        &self,
        app_id: &str,
        secret: &SecretString,
        force: bool,
    ) -> Result<AccessToken, WechatError> {
        let body = json!({
            "grant_type": "client_credential",
            "appid": app_id,
            "secret": secret.expose_secret(),
            "force_refresh": force,
        });
        let answer = accepted(
            self.http
                .post(&self.url("/cgi-bin/stable_token"), &(), &body)
                .await?,
        )?;
        let token = text(&answer, "access_token");
        let expires_in =
            integer(answer.get("expires_in")).and_then(|secs| u64::try_from(secs).ok());
        match expires_in {
            Some(expires_in) if !token.is_empty() => Ok(AccessToken {
                token: token.into(),
                expires_in,
            }),
            _ => Err(Unanswered::new("no access token in the answer").into()),
        }
    }

    /// Checks a profile text (`/wxa/msg_sec_check`, version 2, scene 1).
    pub async fn check_text(
        &self,
        token: &SecretString,
        openid: &str,
        content: &str,
    ) -> Result<Verdict, WechatError> {
        let query = [("access_token", token.expose_secret())];
        let body = json!({"version": 2, "openid": openid, "scene": 1, "content": content});
        let answer = accepted(
            self.http
                .post(&self.url("/wxa/msg_sec_check"), &query, &body)
                .await?,
        )?;
        match answer.pointer("/result/suggest").and_then(Value::as_str) {
            Some("pass") => Ok(Verdict::Pass),
            Some("review") => Ok(Verdict::Review),
            Some("risky") => Ok(Verdict::Risky),
            _ => Err(Unanswered::new("no verdict in the answer").into()),
        }
    }

    /// Whether a session key is still good (`/wxa/checksession`).
    pub async fn is_live(
        &self,
        token: &SecretString,
        openid: &str,
        session_key: &SecretString,
    ) -> Result<bool, WechatError> {
        let signature = hmac(session_key, "");
        let query = [
            ("access_token", token.expose_secret()),
            ("openid", openid),
            ("signature", &signature),
            ("sig_method", "hmac_sha256"),
        ];
        match accepted(
            self.http
                .get(&self.url("/wxa/checksession"), &query)
                .await?,
        ) {
            Ok(_) => Ok(true),
            Err(WechatError::Refused { code, .. }) if code::DEAD_SESSION.contains(&code) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// An absent `errcode` means success, as does 0.
pub(crate) fn accepted(answer: Value) -> Result<Value, WechatError> {
    match integer(answer.get("errcode")) {
        None | Some(0) => Ok(answer),
        Some(code) => Err(WechatError::Refused {
            code,
            message: text(&answer, "errmsg"),
        }),
    }
}
