//! A callback secret that is empty, or only white space, is missing: every callback is refused.
//! Whoever knows the protocol could sign with an empty key.

use md5::Md5;
use qlive_app::Settings;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp};
use qlive_types::Gender;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

on_both!(
    callbacks_signed_with_an_empty_secret_are_refused,
    callbacks_are_refused_without_their_sections,
);

/// What a forger may take for the key: nothing, and what the file holds.
const KEYS: [&str; 4] = ["", " ", "   ", "\t"];
/// Signatures of the push with the timestamp 1, the nonce 2 and the token `""` or `" "`.
const PUSH_SIGNATURES: [&str; 2] = [
    "7b52009b64fd0a2a49e6d8a939753077792b0554",
    "979f9e3031fa9e14ecb91c3cd8b1e42efaf8c381",
];

/// A server whose configuration file has these empty secrets.
async fn restart_with(mut app: TestApp, secret: &str) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("qlive.toml");
    let toml = format!(
        "[im]\ncallback_token = \"{secret}\"\n[live]\npush_domain = \"p\"\nplay_domain = \"p\"\n\
         push_key = \"k\"\ncallback_key = \"{secret}\"\n"
    );
    std::fs::write(&file, toml).unwrap();
    let loaded = Settings::load(Some(&file)).unwrap();
    app.settings.im.callback_token = loaded.im.callback_token;
    app.settings.live.as_mut().unwrap().callback_key = loaded.live.unwrap().callback_key;
    app.restart(0).await
}

async fn send_im(app: &TestApp, key: &str, body: &Value) -> u16 {
    let time = app.clock.now().secs().to_string();
    let sign = hex::encode(Sha256::digest(format!("{key}{time}")));
    let query = [
        ("SdkAppid", "1400000001"),
        ("CallbackCommand", "State.StateChange"),
        ("RequestTime", &time),
        ("Sign", &sign),
    ];
    let request = app.http.post(app.url_of("im_notify/")).query(&query);
    request.json(body).send().await.unwrap().status().as_u16()
}

async fn send_live(app: &TestApp, key: &str, stream: &str) -> u16 {
    let expires_at = app.clock.now().secs() + 600;
    let sign = hex::encode(Md5::digest(format!("{key}{expires_at}")));
    let body = json!({"event_type": 0, "stream_id": stream, "sequence": "1",
        "t": expires_at, "sign": sign});
    let request = app.http.post(app.url_of("live_notify/")).json(&body);
    request.send().await.unwrap().status().as_u16()
}

async fn callbacks_signed_with_an_empty_secret_are_refused(db: TestDb) {
    let mut app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    let lost = json!({"Info": {"Action": "Disconnect", "To_Account": host.user_id}});
    assert_eq!(send_im(&app, "sandbox-im-token", &lost).await, 200);
    for secret in ["", "   ", r"\t"] {
        app = restart_with(app, secret).await;
        for key in KEYS {
            assert_eq!(send_im(&app, key, &lost).await, 401, "{secret:?} {key:?}");
            let answer = send_live(&app, key, &bob.user_id).await;
            assert_eq!(answer, 401, "{secret:?} {key:?}");
        }
        // A secret that is missing verifies nothing, also not what was signed with the old one.
        assert_eq!(send_im(&app, "sandbox-im-token", &lost).await, 401);
        assert_eq!(app.callback_count("im", "forged").await, 5);
        assert_eq!(app.callback_count("live", "forged").await, 4);
        assert!(bob.sees_man_on_mic(&live).await);
    }
    app.close().await;
}

async fn callbacks_are_refused_without_their_sections(db: TestDb) {
    let mut app = TestApp::start(db).await;
    app.settings.wechat.push = None;
    app.settings.wechat_pay = None;
    app.settings.payments.provider = None;
    app.settings.payouts.transfer_scene_id.clear();
    let app = app.restart(0).await;
    for signature in PUSH_SIGNATURES {
        let path = format!("wx_notify/?signature={signature}&timestamp=1&nonce=2&echostr=echo");
        let verification = app.http.get(app.url_of(&path)).send().await.unwrap();
        assert_eq!(verification.status(), 401, "{signature}");
        assert!(!verification.text().await.unwrap().contains("echo"));
        let push = app.http.post(app.url_of(&path)).body("{}");
        assert_eq!(push.send().await.unwrap().status(), 401, "{signature}");
    }
    let notice = app.http.post(app.url_of("pay_notify/")).body("{}");
    assert_eq!(notice.send().await.unwrap().status(), 401);
    assert_eq!(app.callback_count("push", "forged").await, 4);
    assert_eq!(app.callback_count("pay", "forged").await, 1);
    app.close().await;
}
