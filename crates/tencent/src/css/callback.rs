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
    /// The judgement of a screenshot. CSS sends none about those that it passes.
    ///
    /// Vendor's page: 直播画面审核事件通知 ("Live Broadcasting Image Audit Event Notification").
    Judged(JudgedScreenshot),
    /// An event type that this crate does not handle; −1 when the callback has no event type.
    Unhandled(i64),
}

/// A screenshot with the judgement of CSS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedScreenshot {
    pub stream: String,
    pub url: String,
    pub suggestion: Suggestion,
    /// What it shows: `Porn`, `Abuse`, `Ad`, with a closer label after a slash if there is one.
    pub label: String,
    /// From 0 to 100: how sure the judgement is.
    pub score: i64,
    /// When it was taken, in Unix seconds; 0 when the callback has no time.
    pub at_secs: i64,
}

/// What CSS suggests to do about a screenshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suggestion {
    /// It may stay.
    Pass,
    /// A person should look at it.
    Review,
    /// It may not be shown.
    Block,
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
            Some(317) => Self::Judged(judged_screenshot(body)),
            other => Self::Unhandled(other.unwrap_or(-1)),
        }
    }
}

/// The fields of this event are written in another way than those of the others.
fn judged_screenshot(body: &Value) -> JudgedScreenshot {
    let (label, closer) = (text(body.get("label")), text(body.get("subLabel")));
    let scores = body.get("score").and_then(Value::as_array);
    let scores = scores.into_iter().flatten();
    JudgedScreenshot {
        stream: text_or_number(body.get("streamId")),
        url: text(body.get("img")),
        suggestion: match text(body.get("suggestion")).as_str() {
            "Pass" => Suggestion::Pass,
            "Block" => Suggestion::Block,
            // Whatever else may come, a person looks at it.
            _ => Suggestion::Review,
        },
        label: if closer.is_empty() {
            label
        } else {
            format!("{label}/{closer}")
        },
        score: scores
            .filter_map(|score| integer(Some(score)))
            .max()
            .unwrap_or(0),
        at_secs: integer(body.get("screenshotTime")).unwrap_or(0),
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
            StreamEvent::parse(&json!({"event_type": 321})),
            StreamEvent::Unhandled(321)
        );
    }

    #[test]
    fn judged_screenshot_is_parsed() {
        let body = json!({"event_type": 317, "streamId": 7, "img": "https://a.example/1.jpg",
            "type": [1], "score": [12, "98"], "suggestion": "Block", "label": "Porn",
            "subLabel": "SexualAct", "screenshotTime": 1_700_000_000});
        let judged = JudgedScreenshot {
            stream: "7".into(),
            url: "https://a.example/1.jpg".into(),
            suggestion: Suggestion::Block,
            label: "Porn/SexualAct".into(),
            score: 98,
            at_secs: 1_700_000_000,
        };
        assert_eq!(StreamEvent::parse(&body), StreamEvent::Judged(judged));
        let bare = StreamEvent::parse(&json!({"event_type": 317, "label": "Ad"}));
        let StreamEvent::Judged(bare) = bare else {
            panic!("{bare:?}");
        };
        assert_eq!((bare.suggestion, bare.score), (Suggestion::Review, 0));
        assert_eq!(bare.label, "Ad");
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
