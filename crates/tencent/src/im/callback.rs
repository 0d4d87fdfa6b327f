//! Callbacks of IM: connection changes, group exits and messages that clients send.
//!
//! Vendor's page: 第三方回调简介 ("Webhook Overview"), cloud.tencent.com.

use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::crypto::{equals_in_constant_time, sha256_hex};
use crate::json_fields::{integer, text};
use crate::non_empty_secret::NonEmptySecret;

/// By how much `RequestTime` may differ from our clock, in either direction.
const MAX_TIME_DIFFERENCE_SECS: i64 = 60;

/// The state that an account's connection changed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    Connected,
    /// The account logged out, or its connection broke.
    Disconnected,
}

/// A callback. `at_ms` is `EventTime`, in Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImCallback {
    /// An account connected or disconnected (状态变更回调). `at_ms` is 0 when IM sent no time.
    StateChange {
        account: String,
        state: ConnectionState,
        at_ms: i64,
    },
    /// Accounts left a group (群成员离开之后回调). `at_ms` is 0 when IM sent no time.
    MemberExit {
        group_id: String,
        accounts: Vec<String>,
        at_ms: i64,
    },
    /// A client is about to send to another account (发单聊消息之前回调). The reply decides whether
    /// it may.
    BeforeC2cMessage {
        from: String,
        to: String,
        texts: Vec<String>,
    },
    /// A client sent to another account (发单聊消息之后回调). `at_ms` is [`i64::MAX`] when IM sent
    /// no time.
    AfterC2cMessage {
        from: String,
        to: String,
        texts: Vec<String>,
        delivered: bool,
        at_ms: i64,
    },
    /// A client is about to send to a group (群内发言之前回调). The reply decides whether it may.
    BeforeGroupMessage {
        from: String,
        group_id: String,
        texts: Vec<String>,
    },
    /// A command that this crate does not handle.
    Unhandled(String),
}

/// Returns whether `sign = sha256(token + request_time)` holds and `request_time` (Unix seconds as
/// text) is within a minute of `now` (Unix seconds). The signature does not cover the body.
#[must_use]
pub fn verify_im_callback(
    token: &NonEmptySecret,
    request_time: &str,
    sign: &str,
    now: i64,
) -> bool {
    let Ok(signed_at) = request_time.parse::<i64>() else {
        return false;
    };
    if now.saturating_sub(signed_at).saturating_abs() > MAX_TIME_DIFFERENCE_SECS {
        return false;
    }
    let expected = sha256_hex(&[token.expose_secret(), request_time]);
    equals_in_constant_time(&expected, sign)
}

impl ImCallback {
    /// Parses the body of a callback whose signature was verified. `command` is its
    /// `CallbackCommand`.
    #[must_use]
    pub fn parse(command: &str, body: &Value) -> Self {
        match command {
            "State.StateChange" => parse_state_change(body),
            "Group.CallbackAfterMemberExit" => parse_member_exit(body),
            "C2C.CallbackBeforeSendMsg" => Self::BeforeC2cMessage {
                from: text(body.get("From_Account")),
                to: text(body.get("To_Account")),
                texts: message_texts(body),
            },
            "C2C.CallbackAfterSendMsg" => Self::AfterC2cMessage {
                from: text(body.get("From_Account")),
                to: text(body.get("To_Account")),
                texts: message_texts(body),
                delivered: integer(body.get("SendMsgResult")) == Some(0),
                at_ms: message_time_ms(body),
            },
            "Group.CallbackBeforeSendMsg" => Self::BeforeGroupMessage {
                from: text(body.get("From_Account")),
                group_id: text(body.get("GroupId")),
                texts: message_texts(body),
            },
            other => Self::Unhandled(other.to_owned()),
        }
    }
}

fn event_time_ms(body: &Value) -> i64 {
    integer(body.get("EventTime")).unwrap_or(0)
}

/// Older IM applications send only `MsgTime`, in seconds. The message may have been sent until the
/// end of that second.
fn message_time_ms(body: &Value) -> i64 {
    match event_time_ms(body) {
        0 => integer(body.get("MsgTime")).map_or(i64::MAX, |secs| {
            secs.saturating_mul(1000).saturating_add(999)
        }),
        at_ms => at_ms,
    }
}

fn parse_state_change(body: &Value) -> ImCallback {
    let state = match text(body.pointer("/Info/Action")).as_str() {
        "Login" => ConnectionState::Connected,
        "Logout" | "Disconnect" => ConnectionState::Disconnected,
        other => return ImCallback::Unhandled(format!("State.StateChange {other}")),
    };
    ImCallback::StateChange {
        account: text(body.pointer("/Info/To_Account")),
        state,
        at_ms: event_time_ms(body),
    }
}

fn parse_member_exit(body: &Value) -> ImCallback {
    let members = body.get("ExitMemberList").and_then(Value::as_array);
    let accounts = members
        .into_iter()
        .flatten()
        .map(|member| text(member.get("Member_Account")))
        .collect();
    ImCallback::MemberExit {
        group_id: text(body.get("GroupId")),
        accounts,
        at_ms: event_time_ms(body),
    }
}

/// Returns every text that a client could read from the elements of a message: those of text
/// elements, and data, description and extension of custom elements.
fn message_texts(body: &Value) -> Vec<String> {
    let elements = body.get("MsgBody").and_then(Value::as_array);
    let content = elements
        .into_iter()
        .flatten()
        .filter_map(|element| element.get("MsgContent"));
    let fields = content.flat_map(|content| {
        ["Text", "Data", "Desc", "Ext"]
            .iter()
            .filter_map(|key| content.get(key))
    });
    fields
        .filter_map(|field| match field {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn im_signature_verifies_within_a_minute() {
        let token = NonEmptySecret::new("xxxxyyyy").unwrap();
        let sign = "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
        let verifies = |time, now| verify_im_callback(&token, time, sign, now);
        assert!(verifies("1669872112", 1_669_872_112));
        assert!(verifies("1669872112", 1_669_872_172));
        assert!(!verifies("1669872112", 1_669_872_173));
        assert!(!verifies("1669872113", 1_669_872_113));
        assert!(!verifies("soon", 1_669_872_113));
        let own = NonEmptySecret::new("made-up-token").unwrap();
        let sign = "483fc171baa6a37e0985ff2d67468b3ad402c357954448e302c4e9d41a31fd29";
        assert!(verify_im_callback(&own, "1700000000", sign, 1_700_000_000));
        assert!(!verify_im_callback(&own, "1700000000", "", 1_700_000_000));
    }

    #[test]
    fn event_time_as_text_is_parsed() {
        let info = json!({"Action": "Disconnect", "To_Account": "7"});
        let body = json!({"EventTime": "1670574414123", "Info": info});
        assert_eq!(
            ImCallback::parse("State.StateChange", &body),
            ImCallback::StateChange {
                account: "7".into(),
                state: ConnectionState::Disconnected,
                at_ms: 1_670_574_414_123
            }
        );
    }

    #[test]
    fn texts_of_text_and_custom_elements_are_collected() {
        let body = json!({"From_Account": "a", "MsgBody": [
            {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1}},
            {"MsgType": "TIMTextElem", "MsgContent": {"Text": "one"}},
            {"MsgType": "TIMCustomElem", "MsgContent": {"Data": "two", "Desc": "three",
                "Ext": {"a": 1}, "Sound": "x"}},
            {"MsgType": "TIMTextElem", "MsgContent": {"Text": "four", "Data": null}},
        ]});
        assert_eq!(
            ImCallback::parse("Group.CallbackBeforeSendMsg", &body),
            ImCallback::BeforeGroupMessage {
                from: "a".into(),
                group_id: String::new(),
                texts: ["one", "two", "three", r#"{"a":1}"#, "four"]
                    .map(Into::into)
                    .into()
            }
        );
    }
}
