//! The REST API of Tencent IM. HTTP status is 200 even for a refusal; the envelope tells.

use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::{ImError, Remedy, user_sig};
use crate::lenient::{integer, text};
use crate::{Http, Unanswered};

/// How long the admin's signature lives, and how long before its end it is replaced.
const ADMIN_LIFETIME_SECS: i64 = 86_400;
const ADMIN_MARGIN_SECS: i64 = 3600;
/// The most bytes of a group's face URL.
const FACE_LIMIT: usize = 100;

/// The account of the IM application.
#[derive(Clone)]
pub struct Settings {
    /// `https://console.tim.qq.com`, a regional host, or the sandbox.
    pub url: String,
    pub sdk_app_id: u32,
    pub key: SecretString,
    /// The administrator account that speaks for us.
    pub admin: String,
}

/// How urgent a group message is: above 40 a second a group drops the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    High,
    Normal,
}

/// A message to one account.
pub struct C2c<'a> {
    pub to: &'a str,
    pub text: &'a str,
    /// Travels beside the text as `CloudCustomData`.
    pub custom: &'a str,
    /// Seconds for which it waits for an offline client; 0: only those online get it.
    pub lifetime_secs: u32,
    /// The same for a repeated try, which IM then drops as a double.
    pub random: u32,
}

/// A message to a group.
pub struct GroupMessage<'a> {
    pub group: &'a str,
    pub text: &'a str,
    pub custom: &'a str,
    pub priority: Priority,
    pub random: u32,
}

/// A group's shown name (at most 30 bytes) and picture (left out above 100 bytes).
pub struct GroupProfile<'a> {
    pub group: &'a str,
    pub name: &'a str,
    pub face_url: &'a str,
}

/// What IM shows of an account.
pub struct Portrait<'a> {
    pub account: &'a str,
    pub nickname: &'a str,
    pub face_url: &'a str,
    pub male: bool,
}

/// A client of the REST API. `now` arguments are Unix seconds.
pub struct Im {
    http: Http,
    settings: Settings,
    /// The admin's signature and when it ends.
    signature: Mutex<Option<(SecretString, i64)>>,
    random: fn() -> u32,
}

impl Im {
    /// The most accounts that one status query takes.
    pub const QUERY_LIMIT: usize = 500;

    /// `random` numbers each request, as IM wants.
    #[must_use]
    pub fn new(http: Http, settings: Settings, random: fn() -> u32) -> Self {
        Self {
            http,
            settings,
            signature: Mutex::new(None),
            random,
        }
    }

    /// Makes an account known to IM. Repeating it is harmless.
    pub async fn import_account(
        &self,
        account: &str,
        nick: &str,
        face_url: &str,
        now: i64,
    ) -> Result<(), ImError> {
        let body =
            json!({"Identifier": account, "UserID": account, "Nick": nick, "FaceUrl": face_url});
        self.call("im_open_login_svc/account_import", body, now)
            .await
            .map(drop)
    }

    /// Ends the account's login everywhere.
    pub async fn kick(&self, account: &str, now: i64) -> Result<(), ImError> {
        let body = json!({"Identifier": account, "UserID": account});
        self.call("im_open_login_svc/kick", body, now)
            .await
            .map(drop)
    }

    /// Sets what IM shows of an account.
    pub async fn set_portrait(&self, portrait: &Portrait<'_>, now: i64) -> Result<(), ImError> {
        let gender = if portrait.male {
            "Gender_Type_Male"
        } else {
            "Gender_Type_Female"
        };
        let body = json!({
            "From_Account": portrait.account,
            "ProfileItem": [
                {"Tag": "Tag_Profile_IM_Nick", "Value": portrait.nickname},
                {"Tag": "Tag_Profile_IM_Image", "Value": portrait.face_url},
                {"Tag": "Tag_Profile_IM_Gender", "Value": gender},
            ],
        });
        self.call("profile/portrait_set", body, now).await.map(drop)
    }

    /// Makes the group of a room. A group that we made before (10025) is success.
    pub async fn create_group(&self, group: &GroupProfile<'_>, now: i64) -> Result<(), ImError> {
        let mut body = json!({"Type": "AVChatRoom", "GroupId": group.group, "Name": group.name});
        add_face(&mut body, group.face_url);
        match self
            .call("group_open_http_svc/create_group", body, now)
            .await
        {
            Err(ImError::Refused { code: 10025, .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Changes a group's name and picture.
    pub async fn modify_group(&self, group: &GroupProfile<'_>, now: i64) -> Result<(), ImError> {
        let mut body = json!({"GroupId": group.group, "Name": group.name});
        add_face(&mut body, group.face_url);
        self.call("group_open_http_svc/modify_group_base_info", body, now)
            .await
            .map(drop)
    }

    /// Speaks to one account as the admin, with callbacks forbidden.
    pub async fn send_c2c(&self, message: &C2c<'_>, now: i64) -> Result<(), ImError> {
        let body = json!({
            "SyncOtherMachine": 2,
            "From_Account": self.settings.admin,
            "To_Account": message.to,
            "MsgLifeTime": message.lifetime_secs,
            "MsgRandom": message.random,
            "ForbidCallbackControl": FORBID_CALLBACKS,
            "MsgBody": text_element(message.text),
            "CloudCustomData": message.custom,
        });
        self.call("openim/sendmsg", body, now).await.map(drop)
    }

    /// Speaks to a group as the admin, with callbacks forbidden.
    pub async fn send_group(&self, message: &GroupMessage<'_>, now: i64) -> Result<(), ImError> {
        let priority = match message.priority {
            Priority::High => "High",
            Priority::Normal => "Normal",
        };
        let body = json!({
            "GroupId": message.group,
            "Random": message.random,
            "MsgPriority": priority,
            "From_Account": self.settings.admin,
            "ForbidCallbackControl": FORBID_CALLBACKS,
            "MsgBody": text_element(message.text),
            "CloudCustomData": message.custom,
        });
        self.call("group_open_http_svc/send_group_msg", body, now)
            .await
            .map(drop)
    }

    /// Which of these accounts are connected (online, or reachable by push).
    /// At most [`Im::QUERY_LIMIT`]. Accounts that IM does not know are not connected.
    pub async fn connected(&self, accounts: &[String], now: i64) -> Result<Vec<String>, ImError> {
        let answer = self
            .call(
                "openim/query_online_status",
                json!({"To_Account": accounts}),
                now,
            )
            .await?;
        let rows = answer
            .get("QueryResult")
            .and_then(Value::as_array)
            .ok_or_else(|| Unanswered::new("no QueryResult in the answer"))?;
        let connected =
            |row: &&Value| ["Online", "PushOnline"].contains(&text(row, "Status").as_str());
        Ok(rows
            .iter()
            .filter(connected)
            .map(|row| text(row, "To_Account"))
            .collect())
    }

    /// One call; a signature that IM finds dead is replaced once.
    async fn call(&self, command: &str, body: Value, now: i64) -> Result<Value, ImError> {
        match self.once(command, &body, now).await {
            Err(error) if error.remedy() == Remedy::NewSignature => {
                *self
                    .signature
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = None;
                self.once(command, &body, now).await
            }
            other => other,
        }
    }

    async fn once(&self, command: &str, body: &Value, now: i64) -> Result<Value, ImError> {
        let url = format!("{}/v4/{command}", self.settings.url.trim_end_matches('/'));
        let signature = self.admin_signature(now);
        let query = [
            ("sdkappid", self.settings.sdk_app_id.to_string()),
            ("identifier", self.settings.admin.clone()),
            ("usersig", signature.expose_secret().to_owned()),
            ("random", (self.random)().to_string()),
            ("contenttype", "json".to_owned()),
        ];
        let answer = self.http.post(&url, &query, body).await?;
        match integer(answer.get("ErrorCode")) {
            Some(0) => Ok(answer),
            Some(code) => Err(ImError::Refused {
                code,
                info: text(&answer, "ErrorInfo"),
            }),
            None => Err(Unanswered::new("no ErrorCode in the answer").into()),
        }
    }

    fn admin_signature(&self, now: i64) -> SecretString {
        let mut cached = self
            .signature
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some((signature, ends)) if now < ends - ADMIN_MARGIN_SECS => signature.clone(),
            _ => {
                let Settings {
                    sdk_app_id,
                    key,
                    admin,
                    ..
                } = &self.settings;
                let signature = user_sig(*sdk_app_id, key, admin, now, ADMIN_LIFETIME_SECS);
                *cached = Some((signature.clone(), now + ADMIN_LIFETIME_SECS));
                signature
            }
        }
    }
}

/// Our own messages must not come back to us as callbacks.
const FORBID_CALLBACKS: [&str; 2] = ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"];

fn text_element(text: &str) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}])
}

fn add_face(body: &mut Value, face_url: &str) {
    if let Value::Object(fields) = body
        && !face_url.is_empty()
        && face_url.len() <= FACE_LIMIT
    {
        fields.insert("FaceUrl".into(), face_url.into());
    }
}
