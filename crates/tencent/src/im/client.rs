//! The client of the IM REST API.
//!
//! Vendor's page: REST API 简介 ("RESTful API Overview"), cloud.tencent.com. The HTTP status is 200
//! even when IM refuses a request; `ErrorCode` in the body says whether it succeeded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::error::{ImError, Recovery};
use super::requests::{C2cTextMessage, GroupProfile, GroupTextMessage, Portrait};
use super::user_sig::generate_user_sig;
use crate::http::{HttpClient, ResponseError};
use crate::json_fields::{integer, text};
use crate::non_empty_secret::NonEmptySecret;

/// For how long a UserSig of the administrator account is valid.
const ADMIN_SIG_LIFETIME_SECS: i64 = 86_400;
/// How long before its expiry that UserSig is replaced.
const ADMIN_SIG_RENEWAL_SECS: i64 = 3600;
/// The code for a group that the same owner created before.
const GROUP_ALREADY_CREATED: i64 = 10025;

/// The IM application and the administrator account that sends our messages.
#[derive(Clone)]
pub struct ImConfig {
    /// `https://console.tim.qq.com`, a regional host, or the sandbox's address.
    pub url: String,
    pub sdk_app_id: u32,
    pub secret_key: NonEmptySecret,
    /// The administrator account.
    pub admin: String,
}

/// A UserSig and its expiry in Unix seconds.
struct AdminSig {
    user_sig: SecretString,
    expires_at: i64,
}

/// A client of the IM REST API. `now` arguments are Unix seconds.
pub struct ImClient {
    http: HttpClient,
    config: ImConfig,
    admin_sig: Mutex<Option<AdminSig>>,
    random: fn() -> u32,
    calls_made: AtomicU64,
}

impl ImClient {
    /// The largest number of accounts in one status query.
    pub const MAX_QUERIED_ACCOUNTS: usize = 500;

    /// Creates a client. `random` draws the number that IM requires of each request.
    #[must_use]
    pub fn new(http: HttpClient, config: ImConfig, random: fn() -> u32) -> Self {
        Self {
            http,
            config,
            admin_sig: Mutex::new(None),
            random,
            calls_made: AtomicU64::new(0),
        }
    }

    /// The number of requests that this client has sent. IM limits how many an application may send
    /// in a second.
    #[must_use]
    pub fn calls_made(&self) -> u64 {
        self.calls_made.load(Ordering::Relaxed)
    }

    /// Creates an account in IM (导入单个帐号, account_import). Repeating it is harmless.
    ///
    /// # Errors
    /// Fails when IM refuses the request or no usable response is received.
    pub async fn import_account(
        &self,
        account: &str,
        nickname: &str,
        face_url: &str,
        now: i64,
    ) -> Result<(), ImError> {
        // Older pages name the field Identifier, newer ones UserID.
        let body = json!({
            "Identifier": account,
            "UserID": account,
            "Nick": nickname,
            "FaceUrl": face_url,
        });
        self.call_command("im_open_login_svc/account_import", body, now)
            .await
            .map(drop)
    }

    /// Ends all logins of an account (失效帐号登录状态, kick).
    ///
    /// # Errors
    /// Fails when IM refuses the request or no usable response is received.
    pub async fn kick_account(&self, account: &str, now: i64) -> Result<(), ImError> {
        let body = json!({"Identifier": account, "UserID": account});
        self.call_command("im_open_login_svc/kick", body, now)
            .await
            .map(drop)
    }

    /// Sets the displayed profile of an account (设置资料, portrait_set).
    ///
    /// # Errors
    /// Fails when IM refuses the request or no usable response is received.
    pub async fn set_portrait(&self, portrait: &Portrait<'_>, now: i64) -> Result<(), ImError> {
        self.call_command("profile/portrait_set", portrait.body(), now)
            .await
            .map(drop)
    }

    /// Creates a group of type AVChatRoom (创建群组, create_group). A group that this administrator
    /// created before is a success.
    ///
    /// # Errors
    /// Fails when IM refuses the request or no usable response is received.
    pub async fn create_group(&self, group: &GroupProfile<'_>, now: i64) -> Result<(), ImError> {
        let body = group.create_body();
        let result = self
            .call_command("group_open_http_svc/create_group", body, now)
            .await;
        match result {
            Err(ImError::Refused {
                code: GROUP_ALREADY_CREATED,
                ..
            }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Changes a group's name and picture (修改群基础资料, modify_group_base_info).
    ///
    /// # Errors
    /// Fails when IM refuses the request or no usable response is received.
    pub async fn modify_group(&self, group: &GroupProfile<'_>, now: i64) -> Result<(), ImError> {
        let body = group.modify_body();
        self.call_command("group_open_http_svc/modify_group_base_info", body, now)
            .await
            .map(drop)
    }

    /// Sends a message to one account as the administrator (单发单聊消息, sendmsg). It triggers no
    /// callbacks.
    ///
    /// # Errors
    /// Fails when IM refuses the request or no usable response is received.
    pub async fn send_c2c_message(
        &self,
        message: &C2cTextMessage<'_>,
        now: i64,
    ) -> Result<(), ImError> {
        let body = message.body(&self.config.admin);
        self.call_command("openim/sendmsg", body, now)
            .await
            .map(drop)
    }

    /// Sends a message to a group as the administrator (在群组中发送普通消息, send_group_msg). It
    /// triggers no callbacks.
    ///
    /// # Errors
    /// Fails when IM refuses the request or no usable response is received.
    pub async fn send_group_message(
        &self,
        message: &GroupTextMessage<'_>,
        now: i64,
    ) -> Result<(), ImError> {
        let body = message.body(&self.config.admin);
        self.call_command("group_open_http_svc/send_group_msg", body, now)
            .await
            .map(drop)
    }

    /// Returns those of the accounts that are connected: online, or reachable by offline push
    /// (查询帐号在线状态, query_online_status). At most [`Self::MAX_QUERIED_ACCOUNTS`] are allowed.
    /// An account that IM does not know is not connected.
    ///
    /// # Errors
    /// Fails when IM refuses the request or no usable response is received.
    pub async fn query_connected_accounts(
        &self,
        accounts: &[String],
        now: i64,
    ) -> Result<Vec<String>, ImError> {
        let body = json!({"To_Account": accounts});
        let reply = self
            .call_command("openim/query_online_status", body, now)
            .await?;
        let rows = reply
            .get("QueryResult")
            .and_then(Value::as_array)
            .ok_or(ResponseError::MissingField("QueryResult"))?;
        let is_connected =
            |row: &&Value| ["Online", "PushOnline"].contains(&text(row.get("Status")).as_str());
        Ok(rows
            .iter()
            .filter(is_connected)
            .map(|row| text(row.get("To_Account")))
            .collect())
    }

    /// Sends a request. When IM refuses the UserSig, sends it once more with a new one.
    async fn call_command(&self, command: &str, body: Value, now: i64) -> Result<Value, ImError> {
        match self.send_command(command, &body, now).await {
            Err(error) if error.recovery() == Recovery::RenewUserSig => {
                *self
                    .admin_sig
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = None;
                self.send_command(command, &body, now).await
            }
            other => other,
        }
    }

    async fn send_command(&self, command: &str, body: &Value, now: i64) -> Result<Value, ImError> {
        let url = format!("{}/v4/{command}", self.config.url.trim_end_matches('/'));
        let user_sig = self.admin_user_sig(now);
        let query = [
            ("sdkappid", self.config.sdk_app_id.to_string()),
            ("identifier", self.config.admin.clone()),
            ("usersig", user_sig.expose_secret().to_owned()),
            ("random", (self.random)().to_string()),
            ("contenttype", "json".to_owned()),
        ];
        self.calls_made.fetch_add(1, Ordering::Relaxed);
        let reply = self.http.post_json(&url, &query, body).await?;
        match integer(reply.get("ErrorCode")) {
            Some(0) => Ok(reply),
            Some(code) => Err(ImError::Refused {
                code,
                info: text(reply.get("ErrorInfo")),
            }),
            None => Err(ResponseError::MissingField("ErrorCode").into()),
        }
    }

    /// Returns the cached UserSig of the administrator account, or a new one when it expires soon.
    fn admin_user_sig(&self, now: i64) -> SecretString {
        let mut cached = self
            .admin_sig
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sig) = &*cached
            && now < sig.expires_at - ADMIN_SIG_RENEWAL_SECS
        {
            return sig.user_sig.clone();
        }
        let user_sig = generate_user_sig(
            self.config.sdk_app_id,
            &self.config.secret_key,
            &self.config.admin,
            now,
            ADMIN_SIG_LIFETIME_SECS,
        );
        *cached = Some(AdminSig {
            user_sig: user_sig.clone(),
            expires_at: now + ADMIN_SIG_LIFETIME_SECS,
        });
        user_sig
    }
}
