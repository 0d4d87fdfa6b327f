//! `qlive_user/update_userinfo/` and `qlive_user/get_userinfo/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    only_given_fields_change,
    one_invalid_field_changes_nothing,
    gender_is_locked_while_applied_invited_or_on_mic,
    viewer_who_changes_gender_is_counted_under_the_new_one,
    profile_is_ready_with_nickname_and_gender,
    im_profile_and_group_name_follow_the_profile,
    rejected_access_token_is_replaced,
    profile_of_another_user_hides_private_fields,
    unknown_user_is_404,
);

async fn only_given_fields_change(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let change = json!({"nickname": " 小红 ", "gender": "", "age": "30", "area": "110101",
        "height": 170, "face_url": null});
    let answer = alice.update_profile(change).await.ok();
    assert_eq!(answer["nickname"], "小红");
    assert_eq!(
        (&answer["gender"], &answer["age"], &answer["height"]),
        (&json!(2), &json!(30), &json!(170))
    );
    assert_eq!(
        (&answer["area"], &answer["face_url"]),
        (&json!("110101"), &json!("https://example.com/face.png"))
    );
    assert_eq!(answer["gold"], 0);
    assert_eq!(alice.update_profile(json!({})).await.ok()["age"], 30);
}

async fn one_invalid_field_changes_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    for (field, wrong) in [
        ("age", json!(17)),
        ("age", json!(100)),
        ("age", json!("old")),
        ("age", json!(25.5)),
        ("height", json!(99)),
        ("gender", json!(3)),
        ("area", json!("x")),
        ("face_url", json!("ftp://a/b")),
        ("nickname", json!("a\u{7}b")),
        ("nickname", json!(["a"])),
        ("nickname", json!(true)),
    ] {
        let mut change = json!({"nickname": "new", "age": 40});
        change[field] = wrong;
        let answer = alice.update_profile(change).await.refused(400, "invalid");
        assert_eq!(answer["field"], field);
    }
    let profile = alice.profile().await;
    assert_eq!(
        (&profile["nickname"], &profile["age"]),
        (&json!("alice"), &json!(25))
    );
}

async fn gender_is_locked_while_applied_invited_or_on_mic(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    host.invite(&live, &bob).await.ok();
    bob.update_profile(json!({"gender": 2}))
        .await
        .refused(409, "gender_locked");
    bob.refuse(&live).await.ok();
    bob.apply(&live).await.ok();
    bob.update_profile(json!({"gender": 2}))
        .await
        .refused(409, "gender_locked");
    bob.update_profile(json!({"gender": 1, "age": 40}))
        .await
        .ok();
    bob.accept(&live).await.ok();
    bob.update_profile(json!({"gender": 2, "age": 50}))
        .await
        .refused(409, "gender_locked");
    assert_eq!(bob.profile().await["age"], 40);
    bob.leave_mic(&live, &bob, Gender::Male).await.ok();
    assert_eq!(
        bob.update_profile(json!({"gender": 2})).await.ok()["gender"],
        2
    );
}

async fn viewer_who_changes_gender_is_counted_under_the_new_one(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    assert_eq!(bob.enter(&live).await.ok()["num_list"], json!([0, 1, 0, 0]));
    bob.update_profile(json!({"gender": 2})).await.ok();
    assert_eq!(bob.enter(&live).await.ok()["num_list"], json!([0, 0, 0, 1]));
    bob.apply(&live).await.ok();
    bob.accept(&live).await.ok();
    assert_eq!(bob.user_type().await, 4);
}

async fn profile_is_ready_with_nickname_and_gender(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest_without_profile("bob").await;
    assert_eq!(
        bob.update_profile(json!({"nickname": "Bob"})).await.ok()["profile_ready"],
        false
    );
    assert_eq!(
        bob.update_profile(json!({"gender": 1})).await.ok()["profile_ready"],
        true
    );
}

async fn im_profile_and_group_name_follow_the_profile(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, group, .. } = app.open_stage().await;
    host.update_profile(json!({"nickname": "一二三四五六",
            "face_url": format!("https://a.example/{}", "b".repeat(200))}))
        .await
        .ok();
    app.wait_for_outbox().await;
    let state = app.sandbox_state().await;
    assert_eq!(
        state["accounts"][&host.user_id]["Tag_Profile_IM_Nick"],
        "一二三四五六"
    );
    let group = &state["groups"][&group];
    assert_eq!(group["Name"], "一二三四五六");
    assert_eq!(group.get("FaceUrl"), None, "too long for IM");
}

async fn rejected_access_token_is_replaced(db: TestDb) {
    let app = TestApp::start_with(db, |settings| settings.wechat.content_check = true).await;
    let alice = app.guest("alice", Gender::Female).await;
    alice.update_profile(json!({"nickname": "one"})).await.ok();
    alice.update_profile(json!({"nickname": "two"})).await.ok();
    let calls = || app.sandbox_calls("/cgi-bin/stable_token");
    assert_eq!(calls().await, 1, "one access token serves both calls");
    app.add_fault(json!({"path": "/wxa/msg_sec_check", "errcode": 40001, "times": 1}))
        .await;
    assert_eq!(
        alice
            .update_profile(json!({"nickname": "three"}))
            .await
            .ok()["nickname"],
        "three"
    );
    assert!(calls().await > 1);
    // A second instance reads the token from the database.
    let before = calls().await;
    let second = app.second_instance().await;
    alice
        .on_instance(&second)
        .update_profile(json!({"nickname": "four"}))
        .await
        .ok();
    assert_eq!(calls().await, before);
}

async fn profile_of_another_user_hides_private_fields(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let bob = app.guest("bob", Gender::Male).await;
    TestClient::login(&app, "alice").await;
    let query = json!({"user_id": alice.user_id});
    let path = "qlive_user/get_userinfo/";
    let own = alice.get(path, query.clone()).await.ok();
    assert!(!own["user_sig"].as_str().unwrap().is_empty());
    assert_eq!(own["user_sig_expired"].as_str().unwrap().len(), 19);
    assert_eq!(own["rate"], "0.1");
    let seen = bob.get(path, query).await.ok();
    assert_eq!(
        (
            &seen["user_sig"],
            &seen["user_sig_expired"],
            &seen["last_login_time"]
        ),
        (&json!(""), &Value::Null, &Value::Null)
    );
    assert_eq!((&seen["gold"], &seen["income"]), (&json!(0), &json!(0)));
    assert_eq!(
        (&seen["nickname"], &seen["rate"]),
        (&json!("alice"), &json!("0.1"))
    );
}

async fn unknown_user_is_404(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    for unknown in ["2", "10000000", "99999999999"] {
        alice
            .get("qlive_user/get_userinfo/", json!({"user_id": unknown}))
            .await
            .refused(404, "unknown_user");
    }
    alice
        .get("qlive_user/get_userinfo/", json!({"user_id": "bob"}))
        .await
        .refused(400, "invalid");
}
