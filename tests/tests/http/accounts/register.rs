//! `qlive_user/`: registration.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, Answer, TestApp};
use serde_json::{Value, json};

on_both!(
    user_data_fills_the_profile,
    profile_has_defaults_without_user_data,
    encrypted_data_without_iv_or_iv_without_data_is_400,
    undecryptable_user_data_is_refused,
    user_data_may_be_encrypted_with_the_previous_session_key,
    code_that_login_consumed_is_accepted,
    code_that_login_consumed_expires_after_five_minutes,
    known_openid_keeps_its_account_and_profile,
    six_concurrent_registrations_create_one_user,
    account_is_imported_into_im,
    long_nickname_is_cut_at_six_graphemes,
);

async fn register(app: &TestApp, body: Value) -> Answer {
    app.anonymous_client().post("qlive_user/", body).await
}

async fn profile(app: &TestApp, credentials: &Value) -> Value {
    let token = credentials["token"].as_str().unwrap();
    app.anonymous_client().with_token(token).profile().await
}

async fn user_data_fills_the_profile(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = register(&app, app.user_data("alice", "小红", 2).await)
        .await
        .ok();
    let profile = profile(&app, &answer).await;
    assert_eq!(
        (&profile["nickname"], &profile["gender"], &profile["height"]),
        (&json!("小红"), &json!(2), &json!(165))
    );
    assert_eq!(
        (&profile["age"], &profile["area"]),
        (&json!(25), &json!("310100"))
    );
    assert_eq!(profile["face_url"], "https://example.com/face.png");
    assert_eq!(profile["profile_ready"], true);
    assert_eq!(profile["user_id"], answer["user_id"]);
    assert_eq!(answer["user_id"].as_str().unwrap().len(), 8);
}

async fn profile_has_defaults_without_user_data(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = register(&app, json!({"appId": APP, "code": "bob"}))
        .await
        .ok();
    let shown = profile(&app, &answer).await;
    assert_eq!(
        (&shown["gender"], &shown["height"]),
        (&json!(1), &json!(180))
    );
    assert_eq!(shown["profile_ready"], false);
    // A gender of 0 and WeChat's default nickname count as missing.
    let answer = register(&app, app.user_data("carol", "微信用户", 0).await)
        .await
        .ok();
    let shown = profile(&app, &answer).await;
    assert_eq!(
        (&shown["gender"], &shown["profile_ready"]),
        (&json!(1), &json!(false))
    );
}

async fn encrypted_data_without_iv_or_iv_without_data_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    for lost in ["iv", "encryptedData"] {
        let mut body = app.user_data("alice", "a", 2).await;
        body[lost] = json!("");
        let answer = register(&app, body).await.refused(400, "missing");
        assert_eq!(answer["field"], lost);
    }
}

async fn undecryptable_user_data_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let good = app.user_data("alice", "a", 2).await;
    let of_another = app.user_data("bob", "b", 1).await;
    for (field, value) in [
        ("iv", json!("AAAA")),
        ("iv", json!("not base64")),
        ("encryptedData", json!("AAAA")),
        ("encryptedData", of_another["encryptedData"].clone()),
    ] {
        let mut body = good.clone();
        body[field] = value;
        register(&app, body).await.refused(400, "decrypt_failed");
    }
    let login = app.send_login("alice").await;
    assert_eq!(login.ok(), json!({"status": 1}));
}

async fn code_that_login_consumed_is_accepted(db: TestDb) {
    let app = TestApp::start(db).await;
    assert_eq!(app.send_login("alice.1").await.ok(), json!({"status": 1}));
    let answer = register(&app, app.user_data("alice.1", "小红", 2).await)
        .await
        .ok();
    assert_eq!(profile(&app, &answer).await["nickname"], "小红");
    // A code that was consumed without a login here is invalid.
    register(&app, json!({"appId": APP, "code": "alice.2"}))
        .await
        .ok();
    app.add_fault(json!({"path": "/sns/", "errcode": 40163, "times": 1}))
        .await;
    register(&app, json!({"appId": APP, "code": "alice.3"}))
        .await
        .refused(400, "invalid_code");
}

async fn code_that_login_consumed_expires_after_five_minutes(db: TestDb) {
    let app = TestApp::start(db).await;
    app.send_login("alice.1").await.ok();
    app.advance(301);
    register(&app, json!({"appId": APP, "code": "alice.1"}))
        .await
        .refused(400, "invalid_code");
}

async fn known_openid_keeps_its_account_and_profile(db: TestDb) {
    let app = TestApp::start(db).await;
    let first = register(&app, app.user_data("alice", "小红", 2).await)
        .await
        .ok();
    let again = register(&app, app.user_data("alice", "别人", 1).await)
        .await
        .ok();
    assert_eq!(first["user_id"], again["user_id"]);
    assert_eq!(profile(&app, &again).await["nickname"], "小红");
}

async fn six_concurrent_registrations_create_one_user(db: TestDb) {
    let app = TestApp::start(db).await;
    let answers =
        join_all((0..6).map(|_| register(&app, json!({"appId": APP, "code": "alice"})))).await;
    let ids: std::collections::BTreeSet<String> = answers
        .into_iter()
        .map(|answer| answer.ok()["user_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
}

async fn account_is_imported_into_im(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = register(&app, app.user_data("alice", "小红", 2).await)
        .await
        .ok();
    app.wait_for_outbox().await;
    let state = app.sandbox_state().await;
    assert_eq!(
        state["accounts"][answer["user_id"].as_str().unwrap()]["Nick"],
        "小红"
    );
}

async fn long_nickname_is_cut_at_six_graphemes(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = register(&app, app.user_data("alice", "一二三四五六七八", 2).await)
        .await
        .ok();
    assert_eq!(profile(&app, &answer).await["nickname"], "一二三四五六");
}

async fn user_data_may_be_encrypted_with_the_previous_session_key(db: TestDb) {
    let app = TestApp::start(db).await;
    app.send_login("alice.1").await.ok();
    // Encrypted with the session key of the first login, sent with the code of a second one.
    let mut body = app.user_data("alice.1", "小红", 2).await;
    body["code"] = json!("alice.2");
    let answer = register(&app, body).await.ok();
    assert_eq!(profile(&app, &answer).await["nickname"], "小红");
    // The session key before the previous one is no longer known.
    let mut body = app.user_data("alice.1", "小红", 2).await;
    for code in ["alice.3", "alice.4"] {
        app.send_login(code).await.ok();
    }
    body["code"] = json!("alice.5");
    register(&app, body).await.refused(400, "decrypt_failed");
}
