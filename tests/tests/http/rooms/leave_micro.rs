//! `qlive_room/leave_micro/`: a guest leaves the mic, or the host takes them off.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    guest_leaves_the_mic_without_kickout_and_may_take_it_again,
    host_takes_guest_off_the_mic_and_the_stream_is_cut,
    others_cannot_take_a_guest_off_the_mic,
    wrong_gender_is_400,
    post_works_like_get
);

async fn guest_leaves_the_mic_without_kickout_and_may_take_it_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    let answer = bob.leave_mic(&live, &bob, Gender::Male).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.ok(), json!({"detail": "OK"}));
    assert_eq!(bob.user_type().await, 1);
    bob.leave_mic(&live, &bob, Gender::Male).await.ok();
    app.wait_for_outbox().await;
    let messages = app.group_messages(&group).await;
    assert_eq!(
        messages[1]["message"],
        json!({"type": "reset",
            "content": {"content_type": "off", "user_id": bob.user_id, "gender": 1}})
    );
    assert_eq!(messages.len(), 2, "the second request changes nothing");
    assert_eq!(
        app.messages_to(&bob).await,
        Vec::<serde_json::Value>::new(),
        "the guest gets no message about their own request"
    );
    assert_eq!(
        app.sandbox_state().await["stream_orders"],
        json!([]),
        "the stream is not cut"
    );
    bob.apply(&live).await.ok();
    assert_eq!(
        bob.accept(&live).await.ok()["code"],
        "success",
        "no invitation is needed"
    );
}

async fn host_takes_guest_off_the_mic_and_the_stream_is_cut(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["on 1", "off 1"]);
    let kickout = app.messages_to(&bob).await.pop().unwrap();
    assert_eq!(
        kickout["message"],
        json!({"type": "kickout", "content": {"group_id": group}})
    );
    assert_eq!(
        (&kickout["custom"]["reason"], &kickout["lifetime"]),
        (&json!("host"), &json!(60))
    );
    wait_until("the stream is cut", || async {
        let orders = app.sandbox_state().await["stream_orders"].clone();
        orders[0]["action"] == "DropLiveStream" && orders[0]["stream"] == json!(bob.user_id)
    })
    .await;
}

async fn others_cannot_take_a_guest_off_the_mic(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    let carol = app.viewer(&live, "carol", Gender::Female).await;
    carol
        .leave_mic(&live, &bob, Gender::Male)
        .await
        .refused(403, "not_allowed");
    let other = app.matchmaker("other").await;
    other.open_room().await;
    other
        .leave_mic(&live, &bob, Gender::Male)
        .await
        .refused(403, "not_allowed");
    assert_eq!(bob.user_type().await, 3);
}

async fn wrong_gender_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    let body = host
        .leave_mic(&live, &bob, Gender::Female)
        .await
        .refused(400, "invalid");
    assert_eq!(body["field"], "gender");
    assert_eq!(bob.user_type().await, 3);
}

async fn post_works_like_get(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    let body = json!({"live_id": live, "user_id": bob.user_id, "gender": "1"});
    bob.post("qlive_room/leave_micro/", body).await.ok();
    assert_eq!(bob.user_type().await, 1);
}
