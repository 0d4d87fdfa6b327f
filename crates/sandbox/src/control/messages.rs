//! Looking at IM messages, and sending one for a user.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::im::user_messages::{OutgoingMessage, Target, send_as_user, text_element};
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
    let Some(message) = message.into_inner().outgoing() else {
        let error = "exactly one of to and group must be given, and text or elements";
        return control_error(StatusCode::BAD_REQUEST, error);
    };
    match send_as_user(&sandbox, message).await {
        Ok(_) => HttpResponse::Ok().json(json!({"sent": true})),
        Err(code) => HttpResponse::Ok().json(json!({"sent": false, "code": code})),
    }
}

impl UserMessage {
    /// `None` unless the message has exactly one receiver and a content.
    fn outgoing(self) -> Option<OutgoingMessage> {
        let elements = match (&self.elements, &self.text) {
            (Some(elements), _) => elements.clone(),
            (None, Some(text)) => text_element(text),
            (None, None) => return None,
        };
        let target = match (self.to, self.group) {
            (Some(to), None) => Target::Account(to),
            (None, Some(group)) => Target::Group(group),
            _ => return None,
        };
        Some(OutgoingMessage {
            from: self.from,
            target,
            text: self.text.unwrap_or_default(),
            elements,
            custom: String::new(),
            at: self.at,
            callback_before: self.callback_before,
        })
    }
}
