//! Stream callbacks (cloud.tencent.com, live "event notification").

use md5::{Digest as _, Md5};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use crate::lenient::{integer, text};

/// How far ahead of now a signature's expiry may lie: nominally ten minutes, seen at seventeen.
const MAX_AHEAD_SECS: i64 = 3600;
/// How far our clock may be ahead of theirs.
const SLACK_SECS: i64 = 60;

/// One event of a stream. Times in Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveEvent {
    /// A push began. `sequence` is the same for its start and its stop.
    Started {
        stream: String,
        sequence: String,
        at: i64,
    },
    /// A push ended.
    Stopped {
        stream: String,
        sequence: String,
        at: i64,
    },
    /// A screenshot was taken.
    Screenshot { stream: String, url: String },
    /// Something we do not handle, by its number.
    Other(i64),
}

/// Checks `sign = md5(key + t)`; `t` (Unix seconds) is when the signature expires. The body is not covered.
#[must_use]
pub fn verify_callback(body: &Value, key: &SecretString, now: i64) -> bool {
    let Some(expires) = integer(body.get("t")) else {
        return false;
    };
    if now > expires.saturating_add(SLACK_SECS) || expires > now.saturating_add(MAX_AHEAD_SECS) {
        return false;
    }
    let expected = hex::encode(
        Md5::new()
            .chain_update(key.expose_secret())
            .chain_update(expires.to_string())
            .finalize(),
    );
    expected
        .as_bytes()
        .ct_eq(text(body, "sign").as_bytes())
        .into()
}

impl LiveEvent {
    /// Reads a verified body.
    #[must_use]
    pub fn parse(body: &Value) -> Self {
        let stream = text(body, "stream_id");
        let sequence = text(body, "sequence");
        let at = integer(body.get("event_time")).unwrap_or(0);
        match integer(body.get("event_type")) {
            Some(0) => Self::Stopped {
                stream,
                sequence,
                at,
            },
            Some(1) => Self::Started {
                stream,
                sequence,
                at,
            },
            Some(200) => Self::Screenshot {
                stream,
                url: text(body, "pic_full_url"),
            },
            other => Self::Other(other.unwrap_or(-1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn signed(t: i64) -> Value {
        json!({"t": t, "sign": "dee3db9f69526f366e6b83475a818ecb"})
    }

    #[test]
    fn the_vector_verifies_in_its_time() {
        let key: SecretString = "made-up-callback-key".to_owned().into();
        assert!(verify_callback(&signed(1_700_000_600), &key, 1_700_000_000));
        assert!(verify_callback(&signed(1_700_000_600), &key, 1_700_000_660));
        assert!(!verify_callback(
            &signed(1_700_000_600),
            &key,
            1_700_000_661
        ));
        assert!(!verify_callback(
            &signed(1_700_000_600),
            &key,
            1_699_990_000
        ));
        assert!(!verify_callback(
            &signed(1_700_000_601),
            &key,
            1_700_000_000
        ));
        assert!(!verify_callback(
            &signed(1_700_000_600),
            &"other".to_owned().into(),
            1_700_000_000
        ));
        assert!(!verify_callback(&json!({"sign": "x"}), &key, 0));
    }

    #[test]
    fn numbers_may_be_text() {
        let body =
            json!({"event_type": "0", "stream_id": "7", "sequence": "s", "event_time": "12"});
        assert_eq!(
            LiveEvent::parse(&body),
            LiveEvent::Stopped {
                stream: "7".into(),
                sequence: "s".into(),
                at: 12
            }
        );
        assert_eq!(
            LiveEvent::parse(&json!({"event_type": 317})),
            LiveEvent::Other(317)
        );
    }
}
