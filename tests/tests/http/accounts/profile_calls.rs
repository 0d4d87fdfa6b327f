//! `qlive_user/update_userinfo/`: which changes of a profile cause calls to IM, and how many.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    change_of_nothing_that_im_shows_calls_nobody,
    each_field_that_im_shows_is_sent,
    many_changes_become_one_call_a_second,
    last_of_many_changes_arrives,
    repeated_calls_that_change_nothing_send_nothing,
);

const SET_PORTRAIT: &str = "/v4/profile/portrait_set";
const SET_GROUP: &str = "/v4/group_open_http_svc/modify_group_base_info";

async fn change_of_nothing_that_im_shows_calls_nobody(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    app.wait_for_outbox().await;
    let profile = host.profile().await;
    for _ in 0..2 {
        for field in ["nickname", "face_url", "gender", "age", "area", "height"] {
            host.update_profile(json!({field: profile[field]}))
                .await
                .ok();
        }
        host.update_profile(json!({"age": 40, "area": "110101", "height": 170}))
            .await
            .ok();
        host.update_profile(json!({})).await.ok();
    }
    assert_eq!(app.services.outbox.stats().await.unwrap().waiting, 0);
    assert_eq!(app.sandbox_calls(SET_PORTRAIT).await, 0);
    assert_eq!(app.sandbox_calls(SET_GROUP).await, 0);
    assert_eq!(host.profile().await["age"], 40);
}

async fn each_field_that_im_shows_is_sent(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    app.wait_for_outbox().await;
    for (change, portraits, groups) in [
        (json!({"nickname": "one", "age": 41}), 1, 1),
        (json!({"face_url": "https://a.example/b.png"}), 2, 2),
        (json!({"gender": 1}), 3, 2),
    ] {
        host.update_profile(change).await.ok();
        app.wait_for_outbox().await;
        assert_eq!(app.sandbox_calls(SET_PORTRAIT).await, portraits);
        assert_eq!(app.sandbox_calls(SET_GROUP).await, groups);
    }
}

async fn many_changes_become_one_call_a_second(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut clients = Vec::new();
    for number in 0..10 {
        clients.push(app.guest(&format!("user{number}"), Gender::Male).await);
    }
    app.wait_for_outbox().await;
    let started = app.clock.now();
    let changes = clients.iter().map(|client| async {
        for change in 0..20 {
            let face = format!("https://a.example/{change}.png");
            let change = json!({"nickname": format!("name {change}"), "face_url": face});
            client.update_profile(change).await.ok();
        }
    });
    join_all(changes).await;
    app.wait_for_outbox().await;
    let seconds = app.clock.now().since(started).as_secs();
    let calls = app.sandbox_calls(SET_PORTRAIT).await;
    assert!(
        (10..=10 * (seconds + 1)).contains(&calls),
        "{calls} calls in {seconds} seconds"
    );
}

async fn last_of_many_changes_arrives(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, group, .. } = app.open_stage().await;
    for number in 1..=9 {
        let change = json!({"nickname": format!("name {number}")});
        host.update_profile(change).await.ok();
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    app.wait_for_outbox().await;
    let state = app.sandbox_state().await;
    let account = &state["accounts"][&host.user_id];
    assert_eq!(account["Tag_Profile_IM_Nick"], "name 9");
    assert_eq!(state["groups"][&group]["Name"], "name 9");
}

async fn repeated_calls_that_change_nothing_send_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    let carol = app.viewer(&live, "carol", Gender::Female).await;
    carol.apply(&live).await.ok();
    let like = json!({"user_id": bob.user_id, "like_state": 1});
    carol.post("qlive_like/", like.clone()).await.ok();
    app.wait_for_outbox().await;
    let before = app.sandbox_state().await["calls"].clone();
    for _ in 0..3 {
        carol.apply(&live).await.ok();
        carol.enter(&live).await.ok();
        carol.post("qlive_like/", like.clone()).await.ok();
        bob.accept(&live).await.ok();
        bob.enter(&live).await.ok();
        let hide = json!({"reason": "hide"});
        bob.get("qlive_user/logout/", hide).await.ok();
        host.open_room().await;
        host.decline(&live, &bob).await.ok();
        let stranger = json!({"live_id": live, "user_id": carol.user_id, "gender": 2});
        host.get("qlive_room/leave_micro/", stranger).await.ok();
        app.unban(bob.id()).await;
        app.grant_matchmaker(&host).await;
    }
    assert_eq!(app.services.outbox.stats().await.unwrap().waiting, 0);
    assert_eq!(app.sandbox_state().await["calls"], before);
}
