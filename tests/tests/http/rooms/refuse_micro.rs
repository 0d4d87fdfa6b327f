//! `qlive_room/refuse_micro/`, and the `response` message that the host gets.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    refusing_withdraws_the_application,
    refusing_an_invitation_sends_reject_to_the_host,
    refusing_without_application_or_invitation_changes_nothing,
    guest_on_mic_cannot_refuse
);

/// The contents of the `response` messages to the host.
async fn responses(app: &TestApp, host: &TestClient) -> Vec<Value> {
    app.wait_for_outbox().await;
    let messages = app.messages_to(host).await;
    messages
        .iter()
        .filter(|message| message["message"]["type"] == "response")
        .map(|message| message["message"]["content"].clone())
        .collect()
}

async fn refusing_withdraws_the_application(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.applicant(&live, "bob", Gender::Male).await;
    assert_eq!(bob.refuse(&live).await.ok(), json!({"detail": "OK"}));
    assert_eq!(bob.user_type().await, 1);
    assert_eq!(
        responses(&app, &host).await,
        Vec::<Value>::new(),
        "there was no invitation to respond to"
    );
    let num = app.messages_to(&host).await.pop().unwrap();
    assert_eq!(num["message"]["content"]["num_list"], json!([0, 1, 0, 0]));
}

async fn refusing_an_invitation_sends_reject_to_the_host(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    host.invite(&live, &bob).await.ok();
    bob.refuse(&live).await.ok();
    let expected = json!({"group_id": group, "user_id": bob.user_id, "data": "reject"});
    assert_eq!(responses(&app, &host).await, [expected]);
    bob.accept(&live).await.refused(409, "not_admitted");
}

async fn refusing_without_application_or_invitation_changes_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    bob.refuse(&live).await.ok();
    bob.enter(&live).await.ok();
    bob.refuse(&live).await.ok();
    assert_eq!(bob.user_type().await, 1);
}

async fn guest_on_mic_cannot_refuse(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    bob.refuse(&live).await.refused(409, "on_mic");
}
