//! The visit number, `presence` on the wire: a late request of an earlier visit changes nothing.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    leave_requests_of_an_earlier_visit_change_nothing,
    apply_and_accept_of_an_earlier_visit_are_moved,
    requests_of_the_current_visit_work
);

async fn leave_requests_of_an_earlier_visit_change_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let host = app.host().await;
    let room = host.open_room().await;
    let live = room["live_id"].clone();
    let bob = app.guest("bob", Gender::Male).await;
    let first = bob.enter(&live).await.ok()["presence"].clone();
    bob.leave(&live).await.ok();
    let second = bob.take_mic(&live).await;
    assert_eq!(second["code"], "success");
    bob.get(
        "qlive_room/leave_room/",
        json!({"live_id": live, "presence": first}),
    )
    .await
    .ok();
    bob.get("qlive_user/logout/", json!({"presence": first}))
        .await
        .ok();
    let off = json!({"live_id": live, "user_id": bob.user_id, "gender": 1, "presence": first});
    bob.get("qlive_room/leave_micro/", off).await.ok();
    bob.post(
        "qlive_room/refuse_micro/",
        json!({"live_id": live, "presence": first}),
    )
    .await
    .ok();
    assert_eq!(bob.user_type().await, 3);
    host.leave(&live).await.ok();
    host.open_room().await;
    host.post(
        "qlive_room/live_end/",
        json!({"live_id": live, "presence": room["presence"]}),
    )
    .await
    .ok();
    assert_eq!(host.user_type().await, 5);
}

async fn apply_and_accept_of_an_earlier_visit_are_moved(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    let first = bob.enter(&live).await.ok()["presence"].clone();
    bob.leave(&live).await.ok();
    bob.enter(&live).await.ok();
    let late = json!({"live_id": live, "presence": first});
    bob.post("qlive_room/apply_micro/", late.clone())
        .await
        .refused(409, "moved");
    bob.post("qlive_room/accept_micro/", late)
        .await
        .refused(409, "moved");
    assert_eq!(bob.user_type().await, 1);
}

async fn requests_of_the_current_visit_work(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    let presence = bob.enter(&live).await.ok()["presence"].clone();
    let now = json!({"live_id": live, "presence": presence});
    bob.post("qlive_room/apply_micro/", now.clone()).await.ok();
    bob.post("qlive_room/accept_micro/", now.clone()).await.ok();
    assert_eq!(bob.user_type().await, 3);
    bob.get("qlive_room/leave_room/", now).await.ok();
    assert_eq!(bob.user_type().await, 0);
}
