//! `qlive_room/matchmaker_enter/`: a matchmaker opens their room.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    matchmaker_opens_the_room_and_its_im_group,
    opening_again_resumes_the_broadcast,
    other_users_cannot_open_a_room,
    banned_matchmaker_gets_status_failed,
    opening_leaves_the_room_that_was_watched,
    room_without_im_group_is_not_ready,
    group_name_refused_by_im_is_replaced,
    revoking_the_role_ends_the_broadcast,
);

async fn matchmaker_opens_the_room_and_its_im_group(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    let room = host.open_room().await;
    assert_eq!(
        (&room["status"], &room["user_id"], &room["nickname"]),
        (&json!("ok"), &json!(host.user_id), &json!("红娘"))
    );
    assert_eq!(
        room["play_url"],
        json!(format!("rtmp://play.sandbox.invalid/live/{}", host.user_id))
    );
    assert!(room["push_url"].as_str().unwrap().contains("txSecret="));
    assert_eq!(host.user_type().await, 5);
    let state = app.sandbox_state().await;
    let group = &state["groups"][room["group_id"].as_str().unwrap()];
    assert_eq!(
        (&group["Name"], &group["Type"]),
        (&json!("红娘"), &json!("AVChatRoom"))
    );
}

async fn opening_again_resumes_the_broadcast(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    let first = host.open_room().await;
    let bob = app.guest("bob", Gender::Male).await;
    bob.enter(&first["live_id"]).await.ok();
    app.advance(5);
    let again = host.open_room().await;
    assert_eq!(
        (&first["live_id"], &first["presence"]),
        (&again["live_id"], &again["presence"])
    );
    assert_ne!(first["push_url"], again["push_url"]);
    assert_eq!(bob.user_type().await, 1, "viewers stay");
    host.end(&first["live_id"]).await.ok();
    let next = host.open_room().await;
    assert_eq!(next["live_id"], first["live_id"]);
    assert_eq!(
        next["presence"].as_i64(),
        first["presence"].as_i64().map(|number| number + 1)
    );
}

async fn other_users_cannot_open_a_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    bob.post("qlive_room/matchmaker_enter/", json!({}))
        .await
        .refused(403, "not_matchmaker");
}

async fn banned_matchmaker_gets_status_failed(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    app.ban(host.id()).await;
    assert_eq!(host.open_room().await, json!({"status": "failed"}));
}

async fn opening_leaves_the_room_that_was_watched(db: TestDb) {
    let app = TestApp::start(db).await;
    let (one, two) = (app.matchmaker("one").await, app.matchmaker("two").await);
    let other = two.open_room().await["live_id"].clone();
    one.enter(&other).await.ok();
    one.open_room().await;
    assert_eq!(one.user_type().await, 5);
    assert_eq!(
        two.enter(&other).await.ok()["num_list"],
        json!([0, 0, 0, 0])
    );
}

async fn room_without_im_group_is_not_ready(db: TestDb) {
    let app = TestApp::start(db).await;
    app.add_fault(json!({"path": "/v4/group_open_http_svc/create_group", "status": 500}))
        .await;
    let bob = app.guest("bob", Gender::Male).await;
    app.grant_matchmaker(&bob).await;
    let refused = bob.post("qlive_room/matchmaker_enter/", json!({})).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(503, "room_not_ready");
    app.clear_faults().await;
    app.wait_for_outbox().await;
    assert_eq!(bob.open_room().await["status"], "ok");
}

async fn group_name_refused_by_im_is_replaced(db: TestDb) {
    let app = TestApp::start(db).await;
    let maker = app.guest("maker", Gender::Female).await;
    let name = json!({"nickname": "违禁"});
    maker.post("qlive_user/update_userinfo/", name).await.ok();
    app.grant_matchmaker(&maker).await;
    let room = maker.open_room().await;
    assert_eq!(room["status"], "ok");
    let state = app.sandbox_state().await;
    assert_eq!(
        state["groups"][room["group_id"].as_str().unwrap()]["Name"],
        "qlive",
        "IM refused the name of the room"
    );
}

async fn revoking_the_role_ends_the_broadcast(db: TestDb) {
    let app = TestApp::start(db).await;
    let maker = app.matchmaker("maker").await;
    let room = maker.open_room().await;
    let bob = app.guest("bob", Gender::Male).await;
    bob.enter(&room["live_id"]).await.ok();
    app.revoke_matchmaker(&maker).await;
    assert_eq!((maker.user_type().await, bob.user_type().await), (0, 0));
    maker
        .post("qlive_room/matchmaker_enter/", json!({}))
        .await
        .refused(403, "not_matchmaker");
    app.wait_for_outbox().await;
    let over = app
        .group_messages(room["group_id"].as_str().unwrap())
        .await
        .pop()
        .unwrap();
    assert_eq!(over["custom"]["reason"], "revoked");
}
