//! `get_playurl/`: entering a room.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    viewer_gets_stage_and_numbers,
    guest_on_mic_gets_a_push_url_for_a_day,
    unknown_and_ended_rooms_are_refused,
    entering_another_room_leaves_the_first,
    entering_again_resumes_and_sends_nothing,
    live_host_cannot_enter_another_room,
    host_enters_with_user_type_5_and_is_not_counted,
    entering_sends_the_numbers_to_the_host,
    user_without_profile_may_watch_but_not_apply,
    answers_must_not_be_cached,
);

async fn viewer_gets_stage_and_numbers(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    let carol = app.guest("carol", Gender::Female).await;
    bob.take_mic(&live).await;
    let seen = carol.enter(&live).await.ok();
    assert_eq!(
        seen["anchor_info"],
        json!({
            "nickname": "红娘",
            "face_url": format!("{}/pictures/faces/host.svg", app.url),
        })
    );
    assert_eq!(seen["owner"]["user_id"], json!(host.user_id));
    assert_eq!(seen["male"]["user_id"], json!(bob.user_id));
    assert_eq!(
        seen["male"]["play_url"],
        json!(format!("rtmp://play.sandbox.invalid/live/{}", bob.user_id))
    );
    assert_eq!(
        (&seen["male"]["nickname"], &seen["male"]["age"]),
        (&json!("bob"), &json!(25))
    );
    assert_eq!(seen["female"], json!({}));
    assert_eq!(
        (&seen["user_type"], &seen["push_url"]),
        (&json!(1), &json!(""))
    );
    assert_eq!(seen["num_list"], json!([0, 1, 0, 1]));
    assert_eq!(
        (&seen["live_id"], &seen["group_id"], &seen["room_name"]),
        (&live, &json!(group), &json!("红娘"))
    );
}

async fn guest_on_mic_gets_a_push_url_for_a_day(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    let seen = bob.enter(&live).await.ok();
    assert_eq!(seen["user_type"], 3);
    let url = seen["push_url"].as_str().unwrap();
    assert!(
        url.starts_with(&format!(
            "rtmp://push.sandbox.invalid/live/{}?txSecret=",
            bob.user_id
        )),
        "{url}"
    );
    let expires = i64::from_str_radix(url.rsplit_once("txTime=").unwrap().1, 16).unwrap();
    let ttl = expires - app.clock.now().secs();
    assert!((86_390..=86_400).contains(&ttl), "{ttl}");
}

async fn unknown_and_ended_rooms_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    let alice = app.guest("alice", Gender::Female).await;
    alice.enter(&json!(999)).await.refused(404, "unknown_room");
    let live = host.open_room().await["live_id"].clone();
    host.end(&live).await.ok();
    alice.enter(&live).await.refused(409, "not_live");
    alice
        .get("get_playurl/", json!({}))
        .await
        .refused(400, "missing");
}

async fn entering_another_room_leaves_the_first(db: TestDb) {
    let app = TestApp::start(db).await;
    let first = app.matchmaker("one").await.open_room().await;
    let second = app.matchmaker("two").await.open_room().await;
    let bob = app.guest("bob", Gender::Male).await;
    bob.take_mic(&first["live_id"]).await;
    let seen = bob.enter(&second["live_id"]).await.ok();
    assert_eq!(
        (&seen["user_type"], &seen["presence"]),
        (&json!(1), &json!(2))
    );
    let carol = app.guest("carol", Gender::Female).await;
    assert_eq!(carol.enter(&first["live_id"]).await.ok()["male"], json!({}));
    app.wait_for_outbox().await;
    assert_eq!(
        app.group_summary(first["group_id"].as_str().unwrap()).await,
        ["on 1", "off 1"]
    );
}

async fn entering_again_resumes_and_sends_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.applicant(&live, "bob", Gender::Male).await;
    app.wait_for_outbox().await;
    let before = app.messages_to(&host).await.len();
    let again = bob.enter(&live).await.ok();
    assert_eq!(
        (&again["user_type"], &again["presence"]),
        (&json!(2), &json!(1))
    );
    app.wait_for_outbox().await;
    assert_eq!(
        app.messages_to(&host).await.len(),
        before,
        "entering again sends nothing"
    );
}

async fn live_host_cannot_enter_another_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let (one, two) = (app.matchmaker("one").await, app.matchmaker("two").await);
    one.open_room().await;
    let other = two.open_room().await["live_id"].clone();
    one.enter(&other).await.refused(409, "hosting");
    assert_eq!(one.user_type().await, 5);
}

async fn host_enters_with_user_type_5_and_is_not_counted(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    let room = host.open_room().await;
    let seen = host.enter(&room["live_id"]).await.ok();
    assert_eq!(
        (&seen["user_type"], &seen["presence"]),
        (&json!(5), &room["presence"])
    );
    assert!(!seen["push_url"].as_str().unwrap().is_empty());
    assert_eq!(
        seen["num_list"],
        json!([0, 0, 0, 0]),
        "the host is not counted"
    );
}

async fn entering_sends_the_numbers_to_the_host(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    app.viewer(&live, "bob", Gender::Male).await;
    app.wait_for_outbox().await;
    let messages = app.messages_to(&host).await;
    let num = messages.last().unwrap();
    assert_eq!(
        num["message"],
        json!({"type": "num", "content": {"group_id": group, "num_list": [0, 1, 0, 0]}})
    );
    assert_eq!(num["lifetime"], 0);
}

async fn user_without_profile_may_watch_but_not_apply(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest_without_profile("bob").await;
    bob.enter(&live).await.ok();
    bob.apply(&live).await.refused(409, "profile_incomplete");
    bob.accept(&live).await.refused(409, "profile_incomplete");
}

async fn answers_must_not_be_cached(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    let answer = bob.enter(&live).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    for (path, query) in [
        ("get_playurl/", json!({"live_id": 999})),
        ("qlive_room/leave_micro/", json!({})),
    ] {
        let refused = bob.get(path, query).await;
        assert_eq!(
            (refused.status >= 400, &refused.headers["cache-control"]),
            (true, &"no-store".parse().unwrap()),
            "{path}"
        );
    }
}
