//! The client of the mini-program server API.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json};

use super::errcode;
use super::error::{WechatError, check_errcode};
use crate::crypto::hmac_sha256_hex;
use crate::http::{HttpClient, ResponseError};
use crate::json_fields::{integer, text};
use crate::non_empty_secret::NonEmptySecret;

/// The result of exchanging a login code.
#[derive(Debug, Clone)]
pub struct LoginSession {
    pub openid: String,
    /// Base64 of 16 bytes.
    pub session_key: SecretString,
}

/// An access token.
#[derive(Debug, Clone)]
pub struct AccessToken {
    pub token: SecretString,
    /// For how many seconds it remains valid, at most 7200.
    pub expires_in: u64,
}

/// The result of checking a text for prohibited content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCheck {
    Pass,
    /// WeChat suggests a review by a person.
    Review,
    Risky,
}

/// A client of `api.weixin.qq.com`.
#[derive(Clone)]
pub struct WechatClient {
    http: HttpClient,
    base_url: String,
}

impl WechatClient {
    /// Creates a client. `base_url` is `https://api.weixin.qq.com` or the sandbox's address.
    #[must_use]
    pub fn new(http: HttpClient, base_url: &str) -> Self {
        Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
        }
    }

    /// Exchanges a login code for the user's openid and session key (小程序登录, code2Session). A
    /// code can be exchanged once, within five minutes.
    ///
    /// # Errors
    /// Fails when WeChat refuses the code (see [`errcode`]) or no usable response is received.
    pub async fn exchange_login_code(
        &self,
        app_id: &str,
        app_secret: &NonEmptySecret,
        js_code: &str,
    ) -> Result<LoginSession, WechatError> {
        let query = [
            ("appid", app_id),
            ("secret", app_secret.expose_secret()),
            ("js_code", js_code),
            ("grant_type", "authorization_code"),
        ];
        let response = self.get("/sns/jscode2session", &query).await?;
        let openid = text(response.get("openid"));
        let session_key = text(response.get("session_key"));
        if openid.is_empty() || session_key.is_empty() {
            return Err(ResponseError::MissingField("openid or session_key").into());
        }
        Ok(LoginSession {
            openid,
            session_key: session_key.into(),
        })
    }

    /// Fetches the stable access token (获取稳定版接口调用凭据, getStableAccessToken). With
    /// `force_refresh`, WeChat issues a new token; that is limited to 20 calls a day.
    ///
    /// # Errors
    /// Fails when WeChat refuses the credentials or no usable response is received.
    pub async fn fetch_stable_token(
        &self,
        app_id: &str,
        app_secret: &NonEmptySecret,
        force_refresh: bool,
    ) -> Result<AccessToken, WechatError> {
        let body = json!({
            "grant_type": "client_credential",
            "appid": app_id,
            "secret": app_secret.expose_secret(),
            "force_refresh": force_refresh,
        });
        let response = self.post("/cgi-bin/stable_token", &(), &body).await?;
        let token = text(response.get("access_token"));
        let expires_in =
            integer(response.get("expires_in")).and_then(|secs| u64::try_from(secs).ok());
        match expires_in {
            Some(expires_in) if !token.is_empty() => Ok(AccessToken {
                token: token.into(),
                expires_in,
            }),
            _ => Err(ResponseError::MissingField("access_token or expires_in").into()),
        }
    }

    /// Checks a text of a user's profile for prohibited content (文本内容安全识别, msgSecCheck
    /// version 2, scene 1). The user must have used the mini-program within the last two hours.
    ///
    /// # Errors
    /// Fails when WeChat refuses the request or no usable response is received.
    pub async fn check_profile_text(
        &self,
        access_token: &SecretString,
        openid: &str,
        content: &str,
    ) -> Result<ContentCheck, WechatError> {
        let query = [("access_token", access_token.expose_secret())];
        let body = json!({"version": 2, "openid": openid, "scene": 1, "content": content});
        let response = match self.post("/wxa/msg_sec_check", &query, &body).await {
            Err(WechatError::Refused {
                code: errcode::RISKY_CONTENT,
                ..
            }) => return Ok(ContentCheck::Risky),
            response => response?,
        };
        match text(response.pointer("/result/suggest")).as_str() {
            "pass" => Ok(ContentCheck::Pass),
            "review" => Ok(ContentCheck::Review),
            "risky" => Ok(ContentCheck::Risky),
            _ => Err(ResponseError::MissingField("result.suggest").into()),
        }
    }

    /// Returns whether a session key is still the user's current one (检验登录态, checkSessionKey).
    ///
    /// # Errors
    /// Fails when WeChat refuses the request for another reason or no usable response is received.
    pub async fn is_session_key_valid(
        &self,
        access_token: &SecretString,
        openid: &str,
        session_key: &SecretString,
    ) -> Result<bool, WechatError> {
        let signature = hmac_sha256_hex(session_key, "");
        let query = [
            ("access_token", access_token.expose_secret()),
            ("openid", openid),
            ("signature", &signature),
            ("sig_method", "hmac_sha256"),
        ];
        match self.get("/wxa/checksession", &query).await {
            Ok(_) => Ok(true),
            Err(WechatError::Refused { code, .. })
                if errcode::INVALID_SESSION_KEY.contains(&code) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn get(&self, path: &str, query: &impl Serialize) -> Result<Value, WechatError> {
        let url = format!("{}{path}", self.base_url);
        check_errcode(self.http.get_json(&url, query).await?)
    }

    async fn post(
        &self,
        path: &str,
        query: &impl Serialize,
        body: &Value,
    ) -> Result<Value, WechatError> {
        let url = format!("{}{path}", self.base_url);
        check_errcode(self.http.post_json(&url, query, body).await?)
    }
}
