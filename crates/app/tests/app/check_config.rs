//! The notes and errors of `check-config`.

use qlive_app::{Settings, UncheckedNames, check};
use qlive_tencent::NonEmptySecret;

use crate::real_settings::real_settings;

/// The notes of these settings.
fn notes(change: impl FnOnce(&mut Settings)) -> Vec<String> {
    let mut settings = real_settings();
    change(&mut settings);
    check(&settings).unwrap()
}

#[test]
fn complete_configuration_has_no_note_of_anything_missing() {
    let notes = notes(|_| {});
    assert_eq!(
        notes,
        [
            "real: WeChat apps wx0000000000000000",
            "new orders go to WeChat Pay"
        ]
    );
}

#[test]
fn default_configuration_is_the_sandbox() {
    let notes = check(&Settings::default()).unwrap();
    assert!(notes[0].starts_with("sandbox: "), "{notes:?}");
    assert_eq!(
        notes[1],
        "no trusted_proxies: requests from private addresses are not limited by address, but one \
         private address may open only 256 connections: list your proxy in server.trusted_proxies"
    );
    assert_eq!(notes.len(), 2);
}

#[test]
fn sandbox_of_another_process_has_a_note() {
    let mut settings = Settings::default();
    settings.sandbox.join = Some(([127, 0, 0, 1], 4711).into());
    let notes = check(&settings).unwrap();
    assert!(notes[0].ends_with("listens on 127.0.0.1:4711"), "{notes:?}");
}

#[test]
fn whatever_is_missing_has_a_note() {
    type Change = fn(&mut Settings);
    let cases: [(&str, Change); 15] = [
        ("[im] callback_token", |s| s.im.callback_token = None),
        ("[live] callback_key", |s| {
            s.live.as_mut().unwrap().callback_key = None;
        }),
        ("[live] play_key", |s| {
            s.live.as_mut().unwrap().play_key = None;
        }),
        ("[live] secret_id", |s| {
            s.live.as_mut().unwrap().secret_id = None;
        }),
        ("[live] secret_id or secret_key", |s| {
            s.live.as_mut().unwrap().secret_key = None;
        }),
        ("has no PUB_KEY_ID_", |s| {
            s.wechat_pay.as_mut().unwrap().verify_keys.clear();
        }),
        ("public_url is not https", |s| {
            s.server.public_url = "http://qlive.example.com".into();
        }),
        ("public_url is missing", |s| s.server.public_url.clear()),
        ("[wechat.push] is missing", |s| s.wechat.push = None),
        ("income cannot be withdrawn", |s| {
            s.payouts.transfer_scene_id.clear();
        }),
        ("nobody can buy gold", |s| {
            (s.wechat_pay, s.virtual_payment) = (None, None);
            s.payments.provider = None;
            s.payouts.transfer_scene_id.clear();
        }),
        ("[limits] are off", |s| s.limits.enabled = false),
        ("no trusted_proxies", |s| s.server.trusted_proxies.clear()),
        ("/docs are off", |s| {
            s.server.internal_listen = None;
            s.server.listen = ([0, 0, 0, 0], 8080).into();
        }),
        ("/docs need no token", |s| {
            s.server.internal_listen = Some(([10, 0, 0, 1], 9090).into());
        }),
    ];
    for (expected, change) in cases {
        let notes = notes(change);
        let found = notes.iter().any(|note| note.contains(expected));
        assert!(found, "{expected}: {notes:?}");
    }
}

#[test]
fn configuration_with_which_the_server_would_not_start_is_an_error() {
    type Change = fn(&mut Settings);
    let cases: [(&str, Change); 9] = [
        ("[server] public_url", |s| {
            s.server.public_url = "https://localhost:x@evil.example".into();
        }),
        ("[wechat] api_url", |s| {
            s.wechat.api_url = "https://user@api.example.com".into();
        }),
        ("[im] api_url", |s| s.im.api_url.clear()),
        ("[live]", |s| s.live = None),
        ("[im]", |s| s.im.sdk_app_id = 0),
        ("beside real credentials", |s| {
            s.sandbox.enabled = Some(true);
        }),
        ("configure [wechat_pay]", |s| s.wechat_pay = None),
        ("verify_keys", |s| {
            let keys = &mut s.wechat_pay.as_mut().unwrap().verify_keys;
            keys[0].key = qlive_app::Pem::Text("no key".to_owned().into());
        }),
        ("[wechat.push]", |s| {
            let push = s.wechat.push.as_mut().unwrap();
            push.encoding_aes_key = NonEmptySecret::new("too short").unwrap();
        }),
    ];
    for (expected, change) in cases {
        let mut settings = real_settings();
        change(&mut settings);
        let error = format!("{:#}", check(&settings).unwrap_err());
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn names_that_pass_unchecked_have_a_note() {
    let is_noted = |check, unchecked| {
        let notes = notes(|settings| {
            settings.wechat.content_check = check;
            settings.wechat.unchecked = unchecked;
        });
        notes.iter().any(|note| note.contains("[wechat] unchecked"))
    };
    assert!(is_noted(true, UncheckedNames::Pass));
    assert!(!is_noted(true, UncheckedNames::Refuse));
    assert!(!is_noted(false, UncheckedNames::Pass));
}
