//! Callbacks of CSS about streams.

use openssl::hash::{MessageDigest, hash};
use proptest::prelude::*;
use qlive_tencent::NonEmptySecret;
use qlive_tencent::css::{StreamEvent, verify_css_callback};
use qlive_types::testing::{bit_flip, in_bounded_time, json_value};
use serde_json::{Value, json};

use crate::pieces::CALLBACK_KEYS;

const NOW: i64 = 1_700_000_000;
const KEY: &str = "made-up-callback-key";

fn verifies(body: &Value) -> bool {
    let key = NonEmptySecret::new(KEY).unwrap();
    in_bounded_time(|| verify_css_callback(body, &key, NOW))
}

/// A body with nothing but a signature.
fn signed(t: impl Into<Value>, sign: &str) -> Value {
    json!({"t": t.into(), "sign": sign})
}

fn sign(expires_at: i64) -> String {
    let text = format!("{KEY}{expires_at}");
    hex::encode(hash(MessageDigest::md5(), text.as_bytes()).unwrap())
}

proptest! {
    #[test]
    fn any_body_is_refused_and_read(body in json_value(CALLBACK_KEYS)) {
        prop_assert!(!verifies(&body));
        in_bounded_time(|| StreamEvent::parse(&body));
    }

    #[test]
    fn any_body_with_any_time_and_sign_is_refused(
        mut body in json_value(CALLBACK_KEYS),
        t in json_value(CALLBACK_KEYS),
        sign in json_value(CALLBACK_KEYS),
    ) {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("t".into(), t);
            fields.insert("sign".into(), sign);
        }
        prop_assert!(!verifies(&body));
    }

    #[test]
    fn good_signature_verifies_and_a_changed_one_does_not(
        ahead in -60..=3600_i64,
        flip in bit_flip(),
    ) {
        let t = NOW + ahead;
        let sign = sign(t);
        prop_assert!(verifies(&signed(t, &sign)));
        prop_assert!(verifies(&signed(t.to_string(), &sign)));
        let changed = flip.apply(sign.as_bytes());
        let changed = String::from_utf8_lossy(&changed);
        prop_assert!(!verifies(&signed(t, &changed)));
        prop_assert!(!verifies(&signed(t + 1, &sign)));
    }

    #[test]
    fn signature_of_another_time_is_refused(distance in 3601..i64::MAX / 2, past: bool) {
        let t = if past { NOW - distance } else { NOW + distance };
        prop_assert!(!verifies(&signed(t, &sign(t))));
    }

    #[test]
    fn written_events_are_read_unchanged(
        stream: String,
        sequence in "[0-9]{1,19}",
        at_secs: i64,
        url: String,
    ) {
        let body = |event_type: i64| json!({
            "event_type": event_type, "stream_id": stream, "sequence": sequence,
            "event_time": at_secs, "pic_full_url": url,
        });
        let (stream, sequence) = (stream.clone(), sequence.clone());
        match StreamEvent::parse(&body(1)) {
            StreamEvent::Started { stream: read, at_secs: at, .. } => {
                prop_assert_eq!((read, at), (stream.clone(), at_secs));
            }
            other => prop_assert!(false, "{:?}", other),
        }
        match StreamEvent::parse(&body(0)) {
            StreamEvent::Stopped { stream: read, at_secs: at, .. } => {
                prop_assert_eq!((read, at), (stream.clone(), at_secs));
            }
            other => prop_assert!(false, "{:?}", other),
        }
        let started = format!("{:?}", StreamEvent::parse(&body(1)));
        prop_assert!(started.contains(&sequence), "{}", started);
        let expected = StreamEvent::Screenshot { stream, url: url.clone() };
        prop_assert_eq!(StreamEvent::parse(&body(200)), expected);
    }
}
