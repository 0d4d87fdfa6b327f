//! `qlive_user/login/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, TestApp};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    unknown_openid_is_status_1,
    registered_user_gets_credentials,
    user_in_a_room_gets_its_ids,
    wechat_error_codes_are_mapped_to_error_codes,
    busy_wechat_is_called_once_more,
    unavailable_wechat_is_503,
    code_cannot_be_used_twice,
    missing_parameter_is_400,
    login_sets_last_login_time,
);

async fn unknown_openid_is_status_1(db: TestDb) {
    let app = TestApp::start(db).await;
    assert_eq!(app.send_login("nobody").await.ok(), json!({"status": 1}));
}

async fn registered_user_gets_credentials(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let answer = app.send_login("alice.1").await.ok();
    assert_eq!(answer["status"], 0);
    assert_eq!(answer["user_id"], json!(alice.user_id));
    assert_eq!(answer["login_type"], 0);
    assert_eq!(answer["sdk_app_id"], 1_400_000_001);
    assert_eq!(answer["token"].as_str().unwrap().len(), 40);
    assert!(answer["user_sign"].as_str().unwrap().len() > 50);
    assert_eq!(answer.get("live_id"), None);
}

async fn user_in_a_room_gets_its_ids(db: TestDb) {
    let app = TestApp::start(db).await;
    let room = app.host().await.open_room().await;
    let bob = app.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    let answer = app.send_login("bob").await.ok();
    assert_eq!(answer["login_type"], 1);
    assert_eq!(answer["user_type"], 3);
    assert_eq!(answer["live_id"], room["live_id"]);
    assert_eq!(answer["group_id"], room["group_id"]);
    assert_eq!(answer["live_room_name"], room["nickname"]);
}

async fn wechat_error_codes_are_mapped_to_error_codes(db: TestDb) {
    let app = TestApp::start(db).await;
    let wrong_app = json!({"appId": "wx0000000000000000", "code": "alice"});
    let body = app
        .anonymous_client()
        .post("qlive_user/login/", wrong_app)
        .await
        .refused(400, "unknown_app");
    assert_eq!(body["field"], "appId");
    for (errcode, status, code) in [
        (40029, 400, "invalid_code"),
        (40163, 400, "invalid_code"),
        (40226, 403, "blocked_by_wechat"),
        (45011, 429, "too_many_logins"),
        (40125, 502, "wechat_failed"),
    ] {
        app.add_fault(json!({"path": "/sns/", "errcode": errcode, "times": 1}))
            .await;
        let answer = app.send_login("alice").await;
        if status == 429 {
            assert!((1..=5).contains(&answer.retry_after()));
        }
        answer.refused(status, code);
    }
}

async fn busy_wechat_is_called_once_more(db: TestDb) {
    let app = TestApp::start(db).await;
    app.guest("alice", Gender::Female).await;
    app.add_fault(json!({"path": "/sns/", "errcode": -1, "times": 1}))
        .await;
    assert_eq!(app.send_login("alice").await.ok()["status"], 0);
    app.add_fault(json!({"path": "/sns/", "status": 500, "times": 1}))
        .await;
    assert_eq!(app.send_login("alice").await.ok()["status"], 0);
}

async fn unavailable_wechat_is_503(db: TestDb) {
    let app = TestApp::start(db).await;
    for fault in [
        json!({"errcode": -1}),
        json!({"status": 502}),
        json!({"drop_answer": true}),
    ] {
        let mut fault = fault;
        fault["path"] = json!("/sns/");
        fault["times"] = json!(2);
        app.add_fault(fault).await;
        app.send_login("alice")
            .await
            .refused(503, "wechat_unavailable");
    }
    let metrics = app.page("/metrics").await;
    assert!(
        metrics.contains("qlive_upstream_errors_total{system=\"wechat\"} 3"),
        "{metrics}"
    );
}

async fn code_cannot_be_used_twice(db: TestDb) {
    let app = TestApp::start(db).await;
    app.guest("alice", Gender::Female).await;
    app.send_login("alice.once").await.ok();
    app.send_login("alice.once")
        .await
        .refused(400, "invalid_code");
}

async fn missing_parameter_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    app.send_login(&"a".repeat(129))
        .await
        .refused(400, "invalid_code");
    assert_eq!(
        app.sandbox_calls("/sns/jscode2session").await,
        1,
        "only the registration of the seeded matchmaker called WeChat"
    );
    for (body, field) in [
        (json!({"appId": APP}), "code"),
        (json!({"code": "x"}), "appId"),
        (json!({"appId": APP, "code": ""}), "code"),
    ] {
        let answer: Value = app
            .anonymous_client()
            .post("qlive_user/login/", body)
            .await
            .refused(400, "missing");
        assert_eq!(answer["field"], field);
    }
}

async fn login_sets_last_login_time(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let before = alice.profile().await;
    assert_eq!(before["last_login_time"], Value::Null);
    app.send_login("alice").await.ok();
    let after = alice.profile().await;
    let at = after["last_login_time"].as_str().unwrap();
    assert_eq!((at.len(), &at[10..11]), (19, "T"));
}
