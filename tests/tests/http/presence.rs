//! `presence`: calls that come late change nothing.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    late_leaves_are_idle,
    late_claims_have_moved,
    present_calls_work
);

async fn late_leaves_are_idle(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let live = room["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
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

async fn late_claims_have_moved(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
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

async fn present_calls_work(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    let presence = bob.enter(&live).await.ok()["presence"].clone();
    let now = json!({"live_id": live, "presence": presence});
    bob.post("qlive_room/apply_micro/", now.clone()).await.ok();
    bob.post("qlive_room/accept_micro/", now.clone()).await.ok();
    assert_eq!(bob.user_type().await, 3);
    bob.get("qlive_room/leave_room/", now).await.ok();
    assert_eq!(bob.user_type().await, 0);
}
