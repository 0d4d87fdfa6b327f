//! Callbacks of IM.

use openssl::sha::sha256;
use proptest::collection::vec;
use proptest::prelude::*;
use qlive_tencent::NonEmptySecret;
use qlive_tencent::im::{ConnectionState, ImCallback, verify_im_callback};
use qlive_types::testing::{JSON_PIECES, bit_flip, hostile_text, in_bounded_time, json_value};
use serde_json::json;

use crate::pieces::CALLBACK_KEYS;

const NOW: i64 = 1_700_000_000;
const TOKEN: &str = "made-up-token";

fn verifies(request_time: &str, sign: &str, now: i64) -> bool {
    let token = NonEmptySecret::new(TOKEN).unwrap();
    in_bounded_time(|| verify_im_callback(&token, request_time, sign, now))
}

fn sign(request_time: &str) -> String {
    hex::encode(sha256(format!("{TOKEN}{request_time}").as_bytes()))
}

fn command() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("State.StateChange".to_owned()),
        Just("Group.CallbackAfterMemberExit".to_owned()),
        Just("C2C.CallbackBeforeSendMsg".to_owned()),
        Just("C2C.CallbackAfterSendMsg".to_owned()),
        Just("Group.CallbackBeforeSendMsg".to_owned()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn any_signature_is_refused(
        request_time in hostile_text(JSON_PIECES),
        sign in hostile_text(JSON_PIECES),
        now: i64,
    ) {
        prop_assert!(!verifies(&request_time, &sign, now));
    }

    #[test]
    fn signature_of_this_minute_verifies_and_a_changed_one_does_not(
        age in -60..=60_i64,
        flip in bit_flip(),
    ) {
        let request_time = (NOW - age).to_string();
        let sign = sign(&request_time);
        prop_assert!(verifies(&request_time, &sign, NOW));
        let changed = flip.apply(sign.as_bytes());
        let changed = String::from_utf8_lossy(&changed);
        prop_assert!(!verifies(&request_time, &changed, NOW));
        let changed = flip.apply(request_time.as_bytes());
        let changed = String::from_utf8_lossy(&changed);
        prop_assert!(!verifies(&changed, &sign, NOW));
    }

    #[test]
    fn signature_of_another_time_is_refused(distance in 61..i64::MAX / 2, past: bool) {
        let at = if past { NOW - distance } else { NOW + distance };
        prop_assert!(!verifies(&at.to_string(), &sign(&at.to_string()), NOW));
    }

    #[test]
    fn any_body_is_read(command in command(), body in json_value(CALLBACK_KEYS)) {
        in_bounded_time(|| ImCallback::parse(&command, &body));
    }

    #[test]
    fn written_callbacks_are_read_unchanged(
        account in "[0-9]{8}",
        other in "[0-9]{8}",
        texts: Vec<String>,
        at_ms in 1..i64::MAX,
        is_text_element in vec(any::<bool>(), 100),
    ) {
        let state = json!({"Info": {"Action": "Login", "To_Account": account}, "EventTime": at_ms});
        prop_assert_eq!(
            ImCallback::parse("State.StateChange", &state),
            ImCallback::StateChange {
                account: account.clone(),
                state: ConnectionState::Connected,
                at_ms,
            }
        );
        let elements = texts.iter().zip(is_text_element).map(|(text, is_text)| {
            let (kind, key) = match is_text {
                true => ("TIMTextElem", "Text"),
                false => ("TIMCustomElem", "Data"),
            };
            json!({"MsgType": kind, "MsgContent": {key: text}})
        });
        let elements: Vec<_> = elements.collect();
        let message = json!({"From_Account": account, "To_Account": other, "MsgBody": elements});
        prop_assert_eq!(
            ImCallback::parse("C2C.CallbackBeforeSendMsg", &message),
            ImCallback::BeforeC2cMessage { from: account, to: other, texts }
        );
    }
}
