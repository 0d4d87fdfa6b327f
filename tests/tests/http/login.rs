//! 1. `qlive_user/login/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, House};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    an_unknown_openid_is_status_1,
    a_known_one_gets_his_credentials,
    who_is_in_a_room_is_told_which,
    wechats_refusals_have_names,
    a_busy_wechat_is_asked_once_more,
    a_silent_wechat_is_503,
    a_code_works_once,
    parameters_are_required,
    login_is_noted,
);

async fn login(house: &House, code: &str) -> qlive_tests::Answer {
    house
        .stranger()
        .post("qlive_user/login/", json!({"appId": APP, "code": code}))
        .await
}

async fn an_unknown_openid_is_status_1(db: TestDb) {
    let house = House::open(db).await;
    assert_eq!(login(&house, "nobody").await.ok(), json!({"status": 1}));
}

async fn a_known_one_gets_his_credentials(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    let answer = login(&house, "alice.1").await.ok();
    assert_eq!(answer["status"], 0);
    assert_eq!(answer["user_id"], json!(alice.user_id));
    assert_eq!(answer["login_type"], 0);
    assert_eq!(answer["sdk_app_id"], 1_400_000_001);
    assert_eq!(answer["token"].as_str().unwrap().len(), 40);
    assert!(answer["user_sign"].as_str().unwrap().len() > 50);
    assert_eq!(answer.get("live_id"), None);
}

async fn who_is_in_a_room_is_told_which(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    let answer = login(&house, "bob").await.ok();
    assert_eq!(answer["login_type"], 1);
    assert_eq!(answer["user_type"], 3);
    assert_eq!(answer["live_id"], room["live_id"]);
    assert_eq!(answer["group_id"], room["group_id"]);
    assert_eq!(answer["live_room_name"], room["nickname"]);
}

async fn wechats_refusals_have_names(db: TestDb) {
    let house = House::open(db).await;
    let wrong_app = json!({"appId": "wx0000000000000000", "code": "alice"});
    let body = house
        .stranger()
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
        house
            .fault(json!({"path": "/sns/", "errcode": errcode, "times": 1}))
            .await;
        let answer = login(&house, "alice").await;
        if status == 429 {
            let wait: u32 = answer.headers["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=5).contains(&wait));
        }
        answer.refused(status, code);
    }
}

async fn a_busy_wechat_is_asked_once_more(db: TestDb) {
    let house = House::open(db).await;
    house.guest("alice", Gender::Female).await;
    house
        .fault(json!({"path": "/sns/", "errcode": -1, "times": 1}))
        .await;
    assert_eq!(login(&house, "alice").await.ok()["status"], 0);
    house
        .fault(json!({"path": "/sns/", "status": 500, "times": 1}))
        .await;
    assert_eq!(login(&house, "alice").await.ok()["status"], 0);
}

async fn a_silent_wechat_is_503(db: TestDb) {
    let house = House::open(db).await;
    for fault in [
        json!({"errcode": -1}),
        json!({"status": 502}),
        json!({"drop_answer": true}),
    ] {
        let mut fault = fault;
        fault["path"] = json!("/sns/");
        fault["times"] = json!(2);
        house.fault(fault).await;
        login(&house, "alice")
            .await
            .refused(503, "wechat_unavailable");
    }
    let metrics = house
        .http
        .get(format!("{}/metrics", house.url))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        metrics.contains("qlive_upstream_errors_total{system=\"wechat\"} 3"),
        "{metrics}"
    );
}

async fn a_code_works_once(db: TestDb) {
    let house = House::open(db).await;
    house.guest("alice", Gender::Female).await;
    login(&house, "alice.once").await.ok();
    login(&house, "alice.once")
        .await
        .refused(400, "invalid_code");
}

async fn parameters_are_required(db: TestDb) {
    let house = House::open(db).await;
    login(&house, &"a".repeat(129))
        .await
        .refused(400, "invalid_code");
    assert_eq!(
        house.outside().await["calls"]["/sns/jscode2session"],
        1,
        "only the seeds went to WeChat"
    );
    for (body, field) in [
        (json!({"appId": APP}), "code"),
        (json!({"code": "x"}), "appId"),
        (json!({"appId": APP, "code": ""}), "code"),
    ] {
        let answer: Value = house
            .stranger()
            .post("qlive_user/login/", body)
            .await
            .refused(400, "missing");
        assert_eq!(answer["field"], field);
    }
}

async fn login_is_noted(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    let before = alice.get("qlive_user/get_userinfo/", json!({})).await.ok();
    assert_eq!(before["last_login_time"], Value::Null);
    login(&house, "alice").await.ok();
    let after = alice.get("qlive_user/get_userinfo/", json!({})).await.ok();
    let at = after["last_login_time"].as_str().unwrap();
    assert_eq!((at.len(), &at[10..11]), (19, "T"));
}
