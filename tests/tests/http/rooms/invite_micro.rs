//! `qlive_room/invite_micro/` and `qlive_room/decline_micro/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient, wait_until};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    invited_viewer_accepts_and_the_host_gets_the_response,
    invitation_expires_and_the_host_gets_timeout,
    invalid_invitations_are_refused,
    only_the_host_may_invite_and_decline,
    declining_without_application_changes_nothing,
);

/// What the last `response` message to the host says.
async fn last_response(app: &TestApp, host: &TestClient) -> Option<Value> {
    app.wait_for_outbox().await;
    let messages = app.messages_to(host).await;
    messages
        .iter()
        .rev()
        .find(|sent| sent["message"]["type"] == "response")
        .map(|sent| sent["message"]["content"]["data"].clone())
}

async fn invited_viewer_accepts_and_the_host_gets_the_response(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    assert_eq!(
        host.invite(&live, &bob).await.ok(),
        json!({"expires_in": 60})
    );
    app.wait_for_outbox().await;
    let invite = app.messages_to(&bob).await.pop().unwrap();
    assert_eq!(
        invite["message"],
        json!({"type": "invite", "content": {"group_id": group}})
    );
    assert_eq!(invite["lifetime"], 60);
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
    assert_eq!(last_response(&app, &host).await, Some(json!("accept")));
}

async fn invitation_expires_and_the_host_gets_timeout(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    host.invite(&live, &bob).await.ok();
    app.advance(61);
    bob.accept(&live).await.refused(409, "not_admitted");
    wait_until("the host gets the response", || async {
        last_response(&app, &host).await == Some(json!("timeout"))
    })
    .await;
}

async fn invalid_invitations_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let (adam, bob) = (
        app.guest("adam", Gender::Male).await,
        app.guest("bob", Gender::Male).await,
    );
    host.invite(&live, &bob).await.refused(409, "not_in_room");
    adam.take_mic(&live).await;
    bob.enter(&live).await.ok();
    host.invite(&live, &bob).await.refused(409, "seat_taken");
    host.invite(&live, &adam).await.refused(409, "on_mic");
    host.invite(&live, &host).await.refused(409, "hosting");
    let body = json!({"live_id": live, "user_id": "10000000"});
    host.post("qlive_room/invite_micro/", body)
        .await
        .refused(404, "unknown_user");
    host.end(&live).await.ok();
    host.invite(&live, &bob).await.refused(409, "not_live");
}

async fn only_the_host_may_invite_and_decline(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let (bob, eve) = (
        app.guest("bob", Gender::Male).await,
        app.guest("eve", Gender::Female).await,
    );
    bob.enter(&live).await.ok();
    eve.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    eve.invite(&live, &bob).await.refused(403, "not_host");
    eve.decline(&live, &bob).await.refused(403, "not_host");
    assert_eq!(bob.user_type().await, 2);
}

async fn declining_without_application_changes_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    host.decline(&live, &bob).await.ok();
    bob.enter(&live).await.ok();
    host.decline(&live, &bob).await.ok();
    bob.apply(&live).await.ok();
    assert_eq!(
        bob.accept(&live).await.ok()["code"],
        "success",
        "the guest still needs no invitation"
    );
}
