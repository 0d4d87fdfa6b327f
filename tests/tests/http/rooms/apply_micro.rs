//! `qlive_room/apply_micro/`: applying for the mic.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    viewer_applies_and_the_host_gets_the_number,
    repeated_application_sends_nothing,
    user_outside_the_room_cannot_apply,
    guest_on_mic_and_host_cannot_apply
);

async fn viewer_applies_and_the_host_gets_the_number(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    assert_eq!(bob.apply(&live).await.ok(), json!({"detail": "OK"}));
    assert_eq!(bob.user_type().await, 2);
    app.wait_for_outbox().await;
    let messages = app.messages_to(&host).await;
    assert_eq!(
        messages.last().unwrap()["message"]["content"]["num_list"],
        json!([1, 1, 0, 0])
    );
}

async fn repeated_application_sends_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.applicant(&live, "bob", Gender::Male).await;
    app.wait_for_outbox().await;
    let before = app.messages_to(&host).await.len();
    bob.apply(&live).await.ok();
    app.wait_for_outbox().await;
    assert_eq!(app.messages_to(&host).await.len(), before);
}

async fn user_outside_the_room_cannot_apply(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let other = app.matchmaker("other").await.open_room().await["live_id"].clone();
    let bob = app.guest("bob", Gender::Male).await;
    bob.apply(&live).await.refused(409, "not_in_room");
    bob.enter(&other).await.ok();
    bob.apply(&live).await.refused(409, "not_in_room");
    assert_eq!(bob.user_type().await, 1);
}

async fn guest_on_mic_and_host_cannot_apply(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    bob.apply(&live).await.refused(409, "on_mic");
    host.apply(&live).await.refused(409, "hosting");
}
