//! Event callbacks of CSS.
//!
//! Vendor's page: 如何接收事件通知 ("Receiving Event Notification"), cloud.tencent.com.

use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::crypto::{equals_in_constant_time, md5_hex};
use crate::json_fields::{integer, text, text_or_number};
use crate::non_empty_secret::NonEmptySecret;

/// How far ahead the expiry of a signature may be. CSS documents ten minutes; seventeen were
/// observed.
const MAX_VALIDITY_SECS: i64 = 3600;
/// How far our clock may be ahead of the clock of CSS.
const CLOCK_TOLERANCE_SECS: i64 = 60;

/// An event of a stream. Times are in Unix seconds, 0 when the callback has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// A push started. The start and the stop of one push have the same `sequence`, which is empty
    /// when the callback has none.
    Started {
        stream: String,
        sequence: String,
        at_secs: i64,
    },
    /// A push stopped.
    Stopped {
        stream: String,
        sequence: String,
        at_secs: i64,
        /// When the push started, by its length; `None` when the callback has no length.
        started_at_secs: Option<i64>,
    },
    /// A screenshot was taken.
    Screenshot { stream: String, url: String },
    /// An event type that this crate does not handle; −1 when the callback has no event type.
    Unhandled(i64),
}

/// Returns whether `sign = md5(key + t)` holds and `t`, the expiry of the signature in Unix
/// seconds, has not passed at `now` (Unix seconds). The signature does not cover the body.
#[must_use]
pub fn verify_css_callback(body: &Value, key: &NonEmptySecret, now: i64) -> bool {
    let Some(expires_at) = integer(body.get("t")) else {
        return false;
    };
    let expired = now > expires_at.saturating_add(CLOCK_TOLERANCE_SECS);
    if expired || expires_at > now.saturating_add(MAX_VALIDITY_SECS) {
        return false;
    }
    let expected = md5_hex(&[key.expose_secret(), &expires_at.to_string()]);
    equals_in_constant_time(&expected, &text(body.get("sign")))
}

impl StreamEvent {
    /// Parses the body of a callback whose signature was verified.
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let stream = text_or_number(body.get("stream_id"));
        let sequence = text_or_number(body.get("sequence")).trim().to_owned();
        let at_secs = integer(body.get("event_time")).unwrap_or(0);
        match integer(body.get("event_type")) {
            Some(0) => Self::Stopped {
                stream,
                sequence,
                at_secs,
                started_at_secs: push_start(body, at_secs),
            },
            Some(1) => Self::Started {
                stream,
                sequence,
                at_secs,
            },
            Some(200) => Self::Screenshot {
                stream,
                url: text(body.get("pic_full_url")),
            },
            other => Self::Unhandled(other.unwrap_or(-1)),
        }
    }
}

/// When the push that has stopped at `stopped_at` started: CSS tells its length in milliseconds.
fn push_start(body: &Value, stopped_at: i64) -> Option<i64> {
    let millis = integer(body.get("push_duration")).filter(|millis| *millis > 0)?;
    stopped_at.checked_sub(millis / 1000).filter(|at| *at > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const EXPIRES_AT: i64 = 1_700_000_600;

    fn callback_expiring_at(t: i64) -> Value {
        json!({"t": t, "sign": "dee3db9f69526f366e6b83475a818ecb"})
    }

    #[test]
    fn css_signature_verifies_until_it_expires() {
        let key = NonEmptySecret::new("made-up-callback-key").unwrap();
        let verifies = |t, now| verify_css_callback(&callback_expiring_at(t), &key, now);
        assert!(verifies(EXPIRES_AT, EXPIRES_AT - 600));
        assert!(verifies(EXPIRES_AT, EXPIRES_AT + 60));
        assert!(!verifies(EXPIRES_AT, EXPIRES_AT + 61));
        assert!(!verifies(EXPIRES_AT, 1_699_990_000));
        assert!(!verifies(EXPIRES_AT + 1, EXPIRES_AT - 600));
        let body = callback_expiring_at(EXPIRES_AT);
        let other_key = NonEmptySecret::new("other").unwrap();
        assert!(!verify_css_callback(&body, &other_key, EXPIRES_AT - 600));
        assert!(!verify_css_callback(&json!({"sign": "x"}), &key, 0));
    }

    #[test]
    fn numbers_as_text_are_parsed() {
        let body =
            json!({"event_type": "0", "stream_id": "7", "sequence": "s", "event_time": "12"});
        assert_eq!(
            StreamEvent::parse(&body),
            StreamEvent::Stopped {
                stream: "7".into(),
                sequence: "s".into(),
                at_secs: 12,
                started_at_secs: None,
            }
        );
        assert_eq!(
            StreamEvent::parse(&json!({"event_type": 317})),
            StreamEvent::Unhandled(317)
        );
    }

    #[test]
    fn push_is_identified_by_sequence_and_start() {
        for (sequence, read) in [
            (json!("6674468118806626493"), "6674468118806626493"),
            (json!(6_674_468_118_806_626_493_i64), "6674468118806626493"),
            (json!(" 7 "), "7"),
            (json!(null), ""),
            (json!([1]), ""),
        ] {
            for (push_duration, started_at_secs) in [
                (json!("61500"), Some(1_000_000 - 61)),
                (json!(61_500), Some(1_000_000 - 61)),
                (json!("0"), None),
                (json!(""), None),
                (json!(null), None),
                (json!(i64::MAX), None),
            ] {
                let body = json!({"event_type": 0, "stream_id": 7, "sequence": sequence,
                    "event_time": 1_000_000, "push_duration": push_duration});
                let expected = StreamEvent::Stopped {
                    stream: "7".into(),
                    sequence: read.into(),
                    at_secs: 1_000_000,
                    started_at_secs,
                };
                assert_eq!(StreamEvent::parse(&body), expected, "{body}");
            }
        }
    }
}
