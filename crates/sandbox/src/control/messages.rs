//! Looking at IM messages, and sending one for a user.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use qlive_types::random;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::im::callbacks::send_im_callback;
use crate::json::set;
use crate::response::control_error;
use crate::state::SandboxState;

/// Filters: only messages to this group, only messages to this account.
#[derive(Deserialize)]
pub(crate) struct MessageFilter {
    group: Option<String>,
    to: Option<String>,
}

/// `GET /sandbox/messages`: the messages that IM took, oldest first.
pub(crate) async fn list_messages(
    sandbox: web::Data<SandboxState>,
    filter: web::Query<MessageFilter>,
) -> HttpResponse {
    let matches = |message: &Value, key: &str, wanted: Option<&str>| {
        wanted.is_none_or(|wanted| message.get(key).and_then(Value::as_str) == Some(wanted))
    };
    let records = sandbox.records();
    let found: Vec<&Value> = records
        .im
        .messages
        .iter()
        .filter(|message| {
            matches(message, "group", filter.group.as_deref())
                && matches(message, "to", filter.to.as_deref())
        })
        .collect();
    HttpResponse::Ok().json(found)
}

/// A message that a user sends, either to an account or to a group.
#[derive(Deserialize)]
pub(crate) struct UserMessage {
    from: String,
    to: Option<String>,
    group: Option<String>,
    text: Option<String>,
    /// The elements of the message; one text element with `text` when absent.
    elements: Option<Value>,
    /// The time that the callback after the message gives, in milliseconds; now when absent.
    at: Option<i64>,
    /// Whether the callback before a message is switched on in the console.
    #[serde(rename = "before", default = "crate::json::default_true")]
    callback_before: bool,
}

/// `POST /sandbox/say`: sends a message for a user. The callback before the message may refuse it;
/// otherwise it is remembered, and the callback after the message reports it.
pub(crate) async fn send_user_message(
    sandbox: web::Data<SandboxState>,
    message: web::Json<UserMessage>,
) -> HttpResponse {
    let Some((conversation, mut callback)) = callback_of(&message) else {
        let error = "exactly one of to and group must be given, and text or elements";
        return control_error(StatusCode::BAD_REQUEST, error);
    };
    if message.callback_before {
        let command = format!("{conversation}.CallbackBeforeSendMsg");
        let answer = send_im_callback(&sandbox, &command, callback.clone()).await;
        let code = answer
            .pointer("/answer/ErrorCode")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        if code != 0 {
            return HttpResponse::Ok().json(json!({"sent": false, "code": code}));
        }
    }
    let text = message.text.as_deref().unwrap_or_default();
    let content = serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let now = sandbox.clock.now().millis();
    let record = json!({"at": now, "from": message.from, "to": message.to,
        "group": message.group, "text": text, "message": content,
        "random": random::u32()});
    sandbox.records().im.add_message(record);
    set(&mut callback, "SendMsgResult", 0);
    if let Some(at) = message.at {
        set(&mut callback, "EventTime", at);
    }
    let command = format!("{conversation}.CallbackAfterSendMsg");
    send_im_callback(&sandbox, &command, callback).await;
    HttpResponse::Ok().json(json!({"sent": true}))
}

/// The kind of conversation, as callbacks name it, and the body of its callbacks; `None` unless the
/// message has exactly one receiver and a content.
fn callback_of(message: &UserMessage) -> Option<(&'static str, Value)> {
    let from = &message.from;
    let elements = match (&message.elements, &message.text) {
        (Some(elements), _) => elements.clone(),
        (None, Some(text)) => json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]),
        (None, None) => return None,
    };
    match (&message.to, &message.group) {
        (Some(to), None) => Some((
            "C2C",
            json!({"From_Account": from, "To_Account": to, "MsgBody": elements}),
        )),
        (None, Some(group_id)) => Some((
            "Group",
            json!({"From_Account": from, "GroupId": group_id, "Type": "AVChatRoom",
                "MsgBody": elements}),
        )),
        _ => None,
    }
}
