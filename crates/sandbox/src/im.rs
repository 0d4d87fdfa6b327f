//! Tencent IM's REST API: accounts, groups, messages, who is online.

use std::io::Read as _;

use actix_web::{HttpRequest, HttpResponse, web};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::server::answer;
use crate::world::{State, World};

/// The most bytes of a group's name and of its face URL.
const NAME_BYTES: usize = 30;
const FACE_BYTES: usize = 100;

#[derive(Deserialize)]
pub(crate) struct ImQuery {
    sdkappid: u32,
    identifier: String,
    usersig: String,
    random: u32,
    contenttype: String,
}

fn error(code: &Value) -> Value {
    json!({"ActionStatus": "FAIL", "ErrorInfo": "sandbox", "ErrorCode": code})
}

fn refused(code: i64) -> Value {
    error(&json!(code))
}

fn ok() -> Value {
    json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0})
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) async fn command(
    world: web::Data<World>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: web::Query<ImQuery>,
    body: web::Json<Value>,
) -> HttpResponse {
    let (service, command) = path.into_inner();
    let act = || {
        let accounts = &world.accounts;
        if query.sdkappid != accounts.sdk_app_id || query.contenttype != "json" {
            return refused(60014);
        }
        if query.identifier != accounts.im_admin {
            return refused(60010);
        }
        let now = world.clock.now();
        if let Err(code) = check_sig(accounts.sdk_app_id, &accounts.im_key, &query, now.secs()) {
            return refused(code);
        }
        let mut state = world.state();
        match (service.as_str(), command.as_str()) {
            ("im_open_login_svc", "account_import") => state.import(&body),
            ("im_open_login_svc", "kick") => state.kick(&body),
            ("profile", "portrait_set") => state.portrait(&body),
            ("openim", "sendmsg") => state.send_c2c(&body, now.millis()),
            ("openim", "query_online_status") => state.online(&body),
            ("group_open_http_svc", "create_group") => state.create_group(&body),
            ("group_open_http_svc", "modify_group_base_info") => state.modify_group(&body),
            ("group_open_http_svc", "send_group_msg") => state.send_group(&body, now.millis()),
            _ => refused(60009),
        }
    };
    tracing::trace!(random = query.random, "IM call");
    answer(&world, &request, error, act).await
}

/// Checks a UserSig the way Tencent does: unpack, compare, compute.
fn check_sig(sdk_app_id: u32, key: &str, query: &ImQuery, now: i64) -> Result<(), i64> {
    let text = query
        .usersig
        .replace('*', "+")
        .replace('-', "/")
        .replace('_', "=");
    let packed = STANDARD.decode(text).ok().ok_or(70003)?;
    let mut plain = String::new();
    flate2::read::ZlibDecoder::new(packed.as_slice())
        .read_to_string(&mut plain)
        .ok()
        .ok_or(70003)?;
    let json: Value = serde_json::from_str(&plain).ok().ok_or(70003)?;
    let number = |key: &str| json.get(key).and_then(Value::as_i64).ok_or(70003);
    let (time, expire) = (number("TLS.time")?, number("TLS.expire")?);
    if self::text(&json, "TLS.identifier") != query.identifier {
        return Err(70013);
    }
    if number("TLS.sdkappid")? != i64::from(sdk_app_id) {
        return Err(70014);
    }
    if now >= time + expire {
        return Err(70001);
    }
    let signed = format!(
        "TLS.identifier:{}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{time}\nTLS.expire:{expire}\n",
        query.identifier
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .ok()
        .ok_or(70009)?;
    mac.update(signed.as_bytes());
    let given = STANDARD
        .decode(self::text(&json, "TLS.sig"))
        .ok()
        .ok_or(70009)?;
    mac.verify_slice(&given).ok().ok_or(70009)
}

impl State {
    fn import(&mut self, body: &Value) -> Value {
        let account = text(body, "Identifier");
        if account.is_empty() || account.len() > 32 {
            return refused(70402);
        }
        let profile = json!({"Nick": text(body, "Nick"), "FaceUrl": text(body, "FaceUrl")});
        self.im_accounts
            .entry(account.to_owned())
            .or_insert(profile);
        ok()
    }

    fn kick(&mut self, body: &Value) -> Value {
        let account = text(body, "Identifier").to_owned();
        if !self.im_accounts.contains_key(&account) {
            return refused(70107);
        }
        self.kicked.push(account);
        ok()
    }

    fn portrait(&mut self, body: &Value) -> Value {
        let Some(profile) = self.im_accounts.get_mut(text(body, "From_Account")) else {
            return refused(40003);
        };
        for item in body
            .get("ProfileItem")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let (tag, value) = (
                text(item, "Tag"),
                item.get("Value").cloned().unwrap_or(Value::Null),
            );
            if let Some(fields) = profile.as_object_mut() {
                fields.insert(tag.to_owned(), value);
            }
        }
        ok()
    }

    fn online(&self, body: &Value) -> Value {
        let asked = body
            .get("To_Account")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if asked.len() > 500 {
            return refused(90992);
        }
        let status = |account: &Value| {
            let offline = account
                .as_str()
                .is_some_and(|account| self.offline.contains(account));
            json!({"To_Account": account, "Status": if offline { "Offline" } else { "Online" }})
        };
        let rows: Vec<Value> = asked.iter().map(status).collect();
        json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "QueryResult": rows, "ErrorList": []})
    }

    fn create_group(&mut self, body: &Value) -> Value {
        let group = text(body, "GroupId").to_owned();
        if self.groups.contains_key(&group) {
            return refused(10025);
        }
        if body.get("MemberList").is_some() || text(body, "Type") != "AVChatRoom" {
            return refused(10007);
        }
        if text(body, "Name").len() > NAME_BYTES
            || text(body, "FaceUrl").len() > FACE_BYTES
            || group.is_empty()
        {
            return refused(10004);
        }
        let answer =
            json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "GroupId": group});
        self.groups.insert(group, body.clone());
        answer
    }

    fn modify_group(&mut self, body: &Value) -> Value {
        if text(body, "Name").len() > NAME_BYTES || text(body, "FaceUrl").len() > FACE_BYTES {
            return refused(10004);
        }
        match self.groups.get_mut(text(body, "GroupId")) {
            Some(group) => {
                *group = body.clone();
                ok()
            }
            None => refused(10010),
        }
    }

    fn send_c2c(&mut self, body: &Value, now: i64) -> Value {
        let to = text(body, "To_Account");
        if !self.im_accounts.contains_key(to) {
            return refused(90012);
        }
        let about =
            json!({"to": to, "lifetime": body.get("MsgLifeTime"), "random": body.get("MsgRandom")});
        self.note(body, about, now);
        json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "MsgTime": now / 1000, "MsgKey": "sandbox"})
    }

    fn send_group(&mut self, body: &Value, now: i64) -> Value {
        let group = text(body, "GroupId");
        if !self.groups.contains_key(group) {
            return refused(10010);
        }
        let about = json!({"group": group, "priority": body.get("MsgPriority"), "random": body.get("Random")});
        self.note(body, about, now);
        json!({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "MsgTime": now / 1000, "MsgSeq": 1})
    }

    /// Remembers a message; one that repeats `Random` and text within five minutes is a double.
    fn note(&mut self, body: &Value, about: Value, now: i64) {
        let said = body
            .pointer("/MsgBody/0/MsgContent/Text")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let custom =
            serde_json::from_str::<Value>(text(body, "CloudCustomData")).unwrap_or(Value::Null);
        let double = self.messages.iter().rev().any(|before| {
            before.get("random") == about.get("random")
                && before.get("text").and_then(Value::as_str) == Some(said)
                && before
                    .get("at")
                    .and_then(Value::as_i64)
                    .is_some_and(|at| now - at < 300_000)
        });
        let mut message = json!({
            "at": now,
            "from": body.get("From_Account"),
            "text": said,
            "message": serde_json::from_str::<Value>(said).unwrap_or(Value::Null),
            "custom": custom,
            "callbacks_forbidden": body.get("ForbidCallbackControl").is_some(),
            "double": double,
        });
        if let (Some(fields), Value::Object(about)) = (message.as_object_mut(), about) {
            fields.extend(about);
        }
        self.note_message(message);
    }
}
