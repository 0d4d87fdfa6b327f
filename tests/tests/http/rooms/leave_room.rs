//! `qlive_room/leave_room/`, `qlive_user/logout/` and `qlive_user/get_user_state/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    leaving_frees_the_seat_and_sends_the_numbers,
    leaving_a_room_one_is_not_in_is_ok_and_changes_nothing,
    host_who_leaves_ends_the_broadcast,
    logout_leaves_the_room,
    logout_with_reason_hide_starts_the_grace_period,
    user_state_names_the_current_room,
);

async fn leaving_frees_the_seat_and_sends_the_numbers(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    let answer = bob.leave(&live).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.ok(), json!({"detail": "OK"}));
    assert_eq!(bob.user_type().await, 0);
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["on 1", "off 1"]);
    let num = app.messages_to(&host).await.pop().unwrap();
    assert_eq!(num["message"]["content"]["num_list"], json!([0, 0, 0, 0]));
}

async fn leaving_a_room_one_is_not_in_is_ok_and_changes_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let (one, two) = (app.matchmaker("one").await, app.matchmaker("two").await);
    let first = one.open_room().await["live_id"].clone();
    let second = two.open_room().await["live_id"].clone();
    let bob = app.guest("bob", Gender::Male).await;
    bob.leave(&first).await.ok();
    bob.enter(&first).await.ok();
    bob.leave(&second).await.ok();
    bob.leave(&json!(999)).await.ok();
    assert_eq!(bob.user_type().await, 1, "bob is still in the first room");
}

async fn host_who_leaves_ends_the_broadcast(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    host.leave(&live).await.ok();
    assert_eq!(bob.user_type().await, 0);
    app.wait_for_outbox().await;
    let over = app.group_messages(&group).await.pop().unwrap();
    assert_eq!(
        (&over["message"]["type"], &over["custom"]["reason"]),
        (&json!("over"), &json!("host_left"))
    );
}

async fn logout_leaves_the_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    bob.logout().await.ok();
    assert_eq!(bob.user_type().await, 0);
    bob.enter(&live).await.ok();
    host.logout().await.ok();
    assert_eq!((host.user_type().await, bob.user_type().await), (0, 0));
    host.logout().await.ok();
}

async fn logout_with_reason_hide_starts_the_grace_period(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    app.disconnect_without_callback(&bob).await;
    bob.get("qlive_user/logout/", json!({"reason": "hide"}))
        .await
        .ok();
    assert_eq!(
        host.enter(&live).await.ok()["male"]["nickname"],
        "bob",
        "bob keeps the seat during the grace period"
    );
    app.advance(61);
    wait_until("the seat is free", || async {
        host.enter(&live).await.ok()["male"] == json!({})
    })
    .await;
    assert_eq!(bob.user_type().await, 0);
}

async fn user_state_names_the_current_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    let bob = app.guest("bob", Gender::Male).await;
    let state = || bob.get("qlive_user/get_user_state/", json!({}));
    assert_eq!(
        state().await.ok(),
        json!({"live_room_name": "", "live_id": 0, "group_id": "", "user_type": 0})
    );
    let room = host.open_room().await;
    bob.enter(&room["live_id"]).await.ok();
    bob.apply(&room["live_id"]).await.ok();
    let expected = json!({"live_room_name": "红娘", "live_id": room["live_id"],
        "group_id": room["group_id"], "user_type": 2});
    assert_eq!(state().await.ok(), expected);
}
