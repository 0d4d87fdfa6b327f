//! 2. `qlive_user/`

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, Answer, House};
use serde_json::{Value, json};

on_both!(
    sealed_data_fills_the_profile,
    without_data_the_profile_has_defaults,
    data_and_iv_come_together,
    what_does_not_open_is_refused,
    the_last_key_known_opens_too,
    a_code_that_login_used_still_serves,
    not_for_longer_than_five_minutes,
    a_known_openid_keeps_its_account,
    six_at_once_make_one_user,
    im_learns_of_the_account,
    names_are_cut_by_graphemes,
);

async fn sealed(house: &House, code: &str, nickname: &str, gender: i64) -> Value {
    let url = format!("{}/sandbox/profile", house.sandbox);
    let query = [
        ("code", code.to_owned()),
        ("nickname", nickname.to_owned()),
        ("gender", gender.to_string()),
    ];
    house
        .http
        .get(url)
        .query(&query)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

async fn register(house: &House, body: Value) -> Answer {
    house.stranger().post("qlive_user/", body).await
}

async fn profile(house: &House, credentials: &Value) -> Value {
    let mut phone = house.stranger();
    phone.token = credentials["token"].as_str().unwrap().to_owned();
    phone.get("qlive_user/get_userinfo/", json!({})).await.ok()
}

async fn sealed_data_fills_the_profile(db: TestDb) {
    let house = House::open(db).await;
    let answer = register(&house, sealed(&house, "alice", "小红", 2).await)
        .await
        .ok();
    let profile = profile(&house, &answer).await;
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

async fn without_data_the_profile_has_defaults(db: TestDb) {
    let house = House::open(db).await;
    let answer = register(&house, json!({"appId": APP, "code": "bob"}))
        .await
        .ok();
    let shown = profile(&house, &answer).await;
    assert_eq!(
        (&shown["gender"], &shown["height"]),
        (&json!(1), &json!(180))
    );
    assert_eq!(shown["profile_ready"], false);
    // A gender of 0 and the name that WeChat gives everybody are as good as none.
    let answer = register(&house, sealed(&house, "carol", "微信用户", 0).await)
        .await
        .ok();
    let shown = profile(&house, &answer).await;
    assert_eq!(
        (&shown["gender"], &shown["profile_ready"]),
        (&json!(1), &json!(false))
    );
}

async fn data_and_iv_come_together(db: TestDb) {
    let house = House::open(db).await;
    for lost in ["iv", "encryptedData"] {
        let mut body = sealed(&house, "alice", "a", 2).await;
        body[lost] = json!("");
        let answer = register(&house, body).await.refused(400, "missing");
        assert_eq!(answer["field"], lost);
    }
}

async fn what_does_not_open_is_refused(db: TestDb) {
    let house = House::open(db).await;
    let good = sealed(&house, "alice", "a", 2).await;
    let of_another = sealed(&house, "bob", "b", 1).await;
    for (field, value) in [
        ("iv", json!("AAAA")),
        ("iv", json!("not base64")),
        ("encryptedData", json!("AAAA")),
        ("encryptedData", of_another["encryptedData"].clone()),
    ] {
        let mut body = good.clone();
        body[field] = value;
        register(&house, body).await.refused(400, "decrypt_failed");
    }
    let login = house
        .stranger()
        .post("qlive_user/login/", json!({"appId": APP, "code": "alice"}))
        .await;
    assert_eq!(login.ok(), json!({"status": 1}));
}

async fn a_code_that_login_used_still_serves(db: TestDb) {
    let house = House::open(db).await;
    let login = json!({"appId": APP, "code": "alice.1"});
    assert_eq!(
        house.stranger().post("qlive_user/login/", login).await.ok(),
        json!({"status": 1})
    );
    let answer = register(&house, sealed(&house, "alice.1", "小红", 2).await)
        .await
        .ok();
    assert_eq!(profile(&house, &answer).await["nickname"], "小红");
    // A code that nobody here has used is just used up.
    register(&house, json!({"appId": APP, "code": "alice.2"}))
        .await
        .ok();
    house
        .fault(json!({"path": "/sns/", "errcode": 40163, "times": 1}))
        .await;
    register(&house, json!({"appId": APP, "code": "alice.3"}))
        .await
        .refused(400, "invalid_code");
}

async fn not_for_longer_than_five_minutes(db: TestDb) {
    let house = House::open(db).await;
    house
        .stranger()
        .post(
            "qlive_user/login/",
            json!({"appId": APP, "code": "alice.1"}),
        )
        .await
        .ok();
    house.advance(301);
    register(&house, json!({"appId": APP, "code": "alice.1"}))
        .await
        .refused(400, "invalid_code");
}

async fn a_known_openid_keeps_its_account(db: TestDb) {
    let house = House::open(db).await;
    let first = register(&house, sealed(&house, "alice", "小红", 2).await)
        .await
        .ok();
    let again = register(&house, sealed(&house, "alice", "别人", 1).await)
        .await
        .ok();
    assert_eq!(first["user_id"], again["user_id"]);
    assert_eq!(profile(&house, &again).await["nickname"], "小红");
}

async fn six_at_once_make_one_user(db: TestDb) {
    let house = House::open(db).await;
    let answers =
        join_all((0..6).map(|_| register(&house, json!({"appId": APP, "code": "alice"})))).await;
    let ids: std::collections::BTreeSet<String> = answers
        .into_iter()
        .map(|answer| answer.ok()["user_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
}

async fn im_learns_of_the_account(db: TestDb) {
    let house = House::open(db).await;
    let answer = register(&house, sealed(&house, "alice", "小红", 2).await)
        .await
        .ok();
    house.delivered().await;
    let outside = house.outside().await;
    assert_eq!(
        outside["accounts"][answer["user_id"].as_str().unwrap()]["Nick"],
        "小红"
    );
}

async fn names_are_cut_by_graphemes(db: TestDb) {
    let house = House::open(db).await;
    let answer = register(&house, sealed(&house, "alice", "一二三四五六七八", 2).await)
        .await
        .ok();
    assert_eq!(profile(&house, &answer).await["nickname"], "一二三四五六");
}

async fn the_last_key_known_opens_too(db: TestDb) {
    let house = House::open(db).await;
    house
        .stranger()
        .post(
            "qlive_user/login/",
            json!({"appId": APP, "code": "alice.1"}),
        )
        .await
        .ok();
    // Sealed while the key of the first login was good, sent with the code of a second.
    let mut body = sealed(&house, "alice.1", "小红", 2).await;
    body["code"] = json!("alice.2");
    let answer = register(&house, body).await.ok();
    assert_eq!(profile(&house, &answer).await["nickname"], "小红");
    // A key older than the last is gone.
    let mut body = sealed(&house, "alice.1", "小红", 2).await;
    for code in ["alice.3", "alice.4"] {
        house
            .stranger()
            .post("qlive_user/login/", json!({"appId": APP, "code": code}))
            .await
            .ok();
    }
    body["code"] = json!("alice.5");
    register(&house, body).await.refused(400, "decrypt_failed");
}
