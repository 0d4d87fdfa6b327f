//! Messages that users send, with the callbacks before and after them.

use qlive_types::random;
use serde_json::{Value, json};

use crate::im::callbacks::send_im_callback;
use crate::json::set;
use crate::state::SandboxState;

/// Who receives a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Account(String),
    Group(String),
}

/// A message that a user sends.
pub(crate) struct OutgoingMessage {
    pub(crate) from: String,
    pub(crate) target: Target,
    /// The text, if the message has one.
    pub(crate) text: String,
    pub(crate) elements: Value,
    /// The data beside the text.
    pub(crate) custom: String,
    /// The time that the callback after the message gives, in milliseconds; `None`: now.
    pub(crate) at: Option<i64>,
    /// Whether the callback before a message is switched on in the console.
    pub(crate) callback_before: bool,
}

/// A message of one text.
pub(crate) fn text_element(text: &str) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}])
}

/// Sends a message: the callback before it may refuse it; otherwise it is remembered and delivered,
/// and the callback after it reports it. Returns its number.
///
/// # Errors
/// The code with which the server refused it.
pub(crate) async fn send_as_user(
    sandbox: &SandboxState,
    message: OutgoingMessage,
) -> Result<u64, i64> {
    let (conversation, mut callback) = message.callback();
    if message.callback_before {
        let command = format!("{conversation}.CallbackBeforeSendMsg");
        let answer = send_im_callback(sandbox, &command, callback.clone()).await;
        let code = answer
            .pointer("/answer/ErrorCode")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        if code != 0 {
            return Err(code);
        }
    }
    let number = message.record(sandbox);
    set(&mut callback, "SendMsgResult", 0);
    if let Some(at) = message.at {
        set(&mut callback, "EventTime", at);
    }
    let command = format!("{conversation}.CallbackAfterSendMsg");
    send_im_callback(sandbox, &command, callback).await;
    Ok(number)
}

impl OutgoingMessage {
    /// The kind of conversation, as callbacks name it, and the body of its callbacks.
    fn callback(&self) -> (&'static str, Value) {
        let (from, elements) = (&self.from, &self.elements);
        match &self.target {
            Target::Account(to) => (
                "C2C",
                json!({"From_Account": from, "To_Account": to, "MsgBody": elements}),
            ),
            Target::Group(group) => (
                "Group",
                json!({"From_Account": from, "GroupId": group, "Type": "AVChatRoom",
                    "MsgBody": elements}),
            ),
        }
    }

    fn record(&self, sandbox: &SandboxState) -> u64 {
        let (to, group) = match &self.target {
            Target::Account(to) => (Some(to), None),
            Target::Group(group) => (None, Some(group)),
        };
        let content = serde_json::from_str::<Value>(&self.text).unwrap_or(Value::Null);
        let record = json!({"at": sandbox.clock.now().millis(), "from": self.from, "to": to,
            "group": group, "text": self.text, "message": content, "random": random::u32()});
        sandbox.records().im.add_message(record, &self.custom)
    }
}
