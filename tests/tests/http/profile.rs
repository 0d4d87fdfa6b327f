//! 3 and 4. `qlive_user/update_userinfo/` and `qlive_user/get_userinfo/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    only_what_is_given_changes,
    one_wrong_field_changes_nothing,
    a_gender_stays_while_a_seat_hangs_on_it,
    a_viewer_who_changes_gender_is_counted_anew,
    name_and_gender_make_a_profile_ready,
    im_follows,
    risky_names_are_refused,
    a_dead_access_token_is_replaced,
    a_strangers_secrets_stay_hidden,
    unknown_users_are_404,
);

async fn update(phone: &Phone, change: Value) -> qlive_tests::Answer {
    phone.post("qlive_user/update_userinfo/", change).await
}

async fn only_what_is_given_changes(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    let change = json!({"nickname": " 小红 ", "gender": "", "age": "30", "area": "110101", "height": 170, "face_url": null});
    let answer = update(&alice, change).await.ok();
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
    assert_eq!(update(&alice, json!({})).await.ok()["age"], 30);
}

async fn one_wrong_field_changes_nothing(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
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
        let answer = update(&alice, change).await.refused(400, "invalid");
        assert_eq!(answer["field"], field);
    }
    let profile = alice.get("qlive_user/get_userinfo/", json!({})).await.ok();
    assert_eq!(
        (&profile["nickname"], &profile["age"]),
        (&json!("alice"), &json!(25))
    );
}

async fn a_gender_stays_while_a_seat_hangs_on_it(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    host.invite(&live, &bob).await.ok();
    update(&bob, json!({"gender": 2}))
        .await
        .refused(409, "gender_locked");
    bob.refuse(&live).await.ok();
    bob.apply(&live).await.ok();
    update(&bob, json!({"gender": 2}))
        .await
        .refused(409, "gender_locked");
    update(&bob, json!({"gender": 1, "age": 40})).await.ok();
    bob.accept(&live).await.ok();
    update(&bob, json!({"gender": 2, "age": 50}))
        .await
        .refused(409, "gender_locked");
    assert_eq!(
        bob.get("qlive_user/get_userinfo/", json!({})).await.ok()["age"],
        40
    );
    bob.off_mic(&live, &bob, Gender::Male).await.ok();
    assert_eq!(update(&bob, json!({"gender": 2})).await.ok()["gender"], 2);
}

async fn a_viewer_who_changes_gender_is_counted_anew(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    assert_eq!(bob.enter(&live).await.ok()["num_list"], json!([0, 1, 0, 0]));
    update(&bob, json!({"gender": 2})).await.ok();
    assert_eq!(bob.enter(&live).await.ok()["num_list"], json!([0, 0, 0, 1]));
    bob.apply(&live).await.ok();
    bob.accept(&live).await.ok();
    assert_eq!(bob.user_type().await, 4);
}

async fn name_and_gender_make_a_profile_ready(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.nameless("bob").await;
    assert_eq!(
        update(&bob, json!({"nickname": "Bob"})).await.ok()["profile_ready"],
        false
    );
    assert_eq!(
        update(&bob, json!({"gender": 1})).await.ok()["profile_ready"],
        true
    );
}

async fn im_follows(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    update(
        &host,
        json!({"nickname": "一二三四五六", "face_url": format!("https://a/{}", "b".repeat(200))}),
    )
    .await
    .ok();
    house.delivered().await;
    let outside = house.outside().await;
    assert_eq!(
        outside["accounts"][&host.user_id]["Tag_Profile_IM_Nick"],
        "一二三四五六"
    );
    let group = &outside["groups"][room["group_id"].as_str().unwrap()];
    assert_eq!(group["Name"], "一二三四五六");
    assert_eq!(group.get("FaceUrl"), None, "too long for IM");
}

async fn risky_names_are_refused(db: TestDb) {
    let house = House::open_with(db, |settings| settings.wechat.content_check = true).await;
    let alice = house.guest("alice", Gender::Female).await;
    let answer = update(&alice, json!({"nickname": "违禁", "age": 40}))
        .await
        .refused(400, "content_rejected");
    assert_eq!(answer["field"], "nickname");
    assert_eq!(
        update(&alice, json!({"nickname": "fine"})).await.ok()["age"],
        25
    );
}

async fn a_dead_access_token_is_replaced(db: TestDb) {
    let house = House::open_with(db, |settings| settings.wechat.content_check = true).await;
    let alice = house.guest("alice", Gender::Female).await;
    update(&alice, json!({"nickname": "one"})).await.ok();
    update(&alice, json!({"nickname": "two"})).await.ok();
    let calls = |outside: Value| {
        outside["calls"]["/cgi-bin/stable_token"]
            .as_u64()
            .unwrap_or(0)
    };
    assert_eq!(calls(house.outside().await), 1, "one token serves");
    house
        .fault(json!({"path": "/wxa/msg_sec_check", "errcode": 40001, "times": 1}))
        .await;
    assert_eq!(
        update(&alice, json!({"nickname": "three"})).await.ok()["nickname"],
        "three"
    );
    assert!(calls(house.outside().await) > 1);
    // A second instance finds the token in the database.
    let before = calls(house.outside().await);
    let second = house.second().await;
    update(&alice.at(&second), json!({"nickname": "four"}))
        .await
        .ok();
    assert_eq!(calls(house.outside().await), before);
}

async fn a_strangers_secrets_stay_hidden(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
    let bob = house.guest("bob", Gender::Male).await;
    Phone::login(&house, "alice").await;
    let own = alice
        .get(
            "qlive_user/get_userinfo/",
            json!({"user_id": alice.user_id}),
        )
        .await
        .ok();
    assert!(!own["user_sig"].as_str().unwrap().is_empty());
    assert_eq!(own["user_sig_expired"].as_str().unwrap().len(), 19);
    assert_eq!(own["rate"], "0.1");
    let seen = bob
        .get(
            "qlive_user/get_userinfo/",
            json!({"user_id": alice.user_id}),
        )
        .await
        .ok();
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

async fn unknown_users_are_404(db: TestDb) {
    let house = House::open(db).await;
    let alice = house.guest("alice", Gender::Female).await;
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
