//! Callbacks of Tencent IM: who came, who went, and what clients are about to say.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::lenient::{integer, text};

/// How old or how early a callback's time may be.
const WINDOW_SECS: i64 = 60;

/// A change of an account's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Login,
    /// Logged out, or the connection broke.
    Lost,
}

/// One callback. Times are `EventTime`, in milliseconds, 0 when IM sent none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callback {
    StateChange {
        account: String,
        presence: Presence,
        at: i64,
    },
    MemberExit {
        group: String,
        accounts: Vec<String>,
        at: i64,
    },
    /// A client is about to write to another; answer whether it may.
    BeforeC2c {
        from: String,
        to: String,
        texts: Vec<String>,
    },
    /// A client wrote to another.
    AfterC2c {
        from: String,
        to: String,
        texts: Vec<String>,
        delivered: bool,
        at: i64,
    },
    /// A client is about to write to a group; answer whether it may.
    BeforeGroup { from: String, texts: Vec<String> },
    /// A command we do not handle.
    Unknown(String),
}

/// Checks `Sign = sha256(token + RequestTime)` and that the time is ours. The body is not covered.
#[must_use]
pub fn verify_callback(token: &SecretString, request_time: &str, sign: &str, now: i64) -> bool {
    let Ok(time) = request_time.parse::<i64>() else {
        return false;
    };
    if now.saturating_sub(time).saturating_abs() > WINDOW_SECS {
        return false;
    }
    let digest = Sha256::new()
        .chain_update(token.expose_secret())
        .chain_update(request_time)
        .finalize();
    hex::encode(digest).as_bytes().ct_eq(sign.as_bytes()).into()
}

impl Callback {
    /// Reads the body of a verified callback named by `command`.
    #[must_use]
    pub fn parse(command: &str, body: &Value) -> Self {
        let at = integer(body.get("EventTime")).unwrap_or(0);
        let from = text(body, "From_Account");
        let to = text(body, "To_Account");
        match command {
            "State.StateChange" => Self::state_change(body, at),
            "Group.CallbackAfterMemberExit" => {
                let members = body.get("ExitMemberList").and_then(Value::as_array);
                let accounts = members
                    .into_iter()
                    .flatten()
                    .map(|member| text(member, "Member_Account"))
                    .collect();
                Self::MemberExit {
                    group: text(body, "GroupId"),
                    accounts,
                    at,
                }
            }
            "C2C.CallbackBeforeSendMsg" => Self::BeforeC2c {
                from,
                to,
                texts: texts(body),
            },
            "C2C.CallbackAfterSendMsg" => {
                let delivered = integer(body.get("SendMsgResult")) == Some(0);
                // Older applications send only MsgTime, in seconds: the end of that second.
                let second = integer(body.get("MsgTime"))
                    .map(|time| time.saturating_mul(1000).saturating_add(999));
                let at = if at == 0 {
                    second.unwrap_or(i64::MAX)
                } else {
                    at
                };
                Self::AfterC2c {
                    from,
                    to,
                    texts: texts(body),
                    delivered,
                    at,
                }
            }
            "Group.CallbackBeforeSendMsg" => Self::BeforeGroup {
                from,
                texts: texts(body),
            },
            other => Self::Unknown(other.to_owned()),
        }
    }

    fn state_change(body: &Value, at: i64) -> Self {
        let info = body.get("Info").cloned().unwrap_or(Value::Null);
        let presence = match text(&info, "Action").as_str() {
            "Login" => Presence::Login,
            "Logout" | "Disconnect" => Presence::Lost,
            other => return Self::Unknown(format!("State.StateChange {other}")),
        };
        Self::StateChange {
            account: text(&info, "To_Account"),
            presence,
            at,
        }
    }
}

/// The texts of a message, which are where our signals travel. Custom elements count as texts too.
fn texts(body: &Value) -> Vec<String> {
    let elements = body.get("MsgBody").and_then(Value::as_array);
    let content = |element: &Value| {
        let inner = element.get("MsgContent")?;
        ["Text", "Data"]
            .iter()
            .find_map(|key| inner.get(key)?.as_str().map(str::to_owned))
    };
    elements.into_iter().flatten().filter_map(content).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_vectors_verify_in_their_time() {
        let official: SecretString = "xxxxyyyy".to_owned().into();
        let sign = "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
        assert!(verify_callback(
            &official,
            "1669872112",
            sign,
            1_669_872_112
        ));
        assert!(verify_callback(
            &official,
            "1669872112",
            sign,
            1_669_872_172
        ));
        assert!(!verify_callback(
            &official,
            "1669872112",
            sign,
            1_669_872_173
        ));
        assert!(!verify_callback(
            &official,
            "1669872113",
            sign,
            1_669_872_113
        ));
        assert!(!verify_callback(&official, "soon", sign, 1_669_872_113));
        let own: SecretString = "made-up-token".to_owned().into();
        let sign = "483fc171baa6a37e0985ff2d67468b3ad402c357954448e302c4e9d41a31fd29";
        assert!(verify_callback(&own, "1700000000", sign, 1_700_000_000));
        assert!(!verify_callback(&own, "1700000000", "", 1_700_000_000));
    }

    #[test]
    fn a_time_may_be_text() {
        let body = json!({"EventTime": "1670574414123", "Info": {"Action": "Disconnect", "To_Account": "7"}});
        assert_eq!(
            Callback::parse("State.StateChange", &body),
            Callback::StateChange {
                account: "7".into(),
                presence: Presence::Lost,
                at: 1_670_574_414_123
            }
        );
    }

    #[test]
    fn texts_are_found_wherever_they_hide() {
        let body = json!({"From_Account": "a", "MsgBody": [
            {"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1}},
            {"MsgType": "TIMTextElem", "MsgContent": {"Text": "one"}},
            {"MsgType": "TIMCustomElem", "MsgContent": {"Data": "two"}},
        ]});
        assert_eq!(
            Callback::parse("Group.CallbackBeforeSendMsg", &body),
            Callback::BeforeGroup {
                from: "a".into(),
                texts: vec!["one".into(), "two".into()]
            }
        );
    }
}
