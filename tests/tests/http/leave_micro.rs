//! 12. `qlive_room/leave_micro/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    the_guest_himself,
    the_host_puts_him_down,
    nobody_else,
    his_gender_must_be_right,
    post_does_the_same
);

async fn the_guest_himself(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    let answer = bob.off_mic(&room["live_id"], &bob, Gender::Male).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.ok(), json!({"detail": "OK"}));
    assert_eq!(bob.user_type().await, 1);
    bob.off_mic(&room["live_id"], &bob, Gender::Male).await.ok();
    house.delivered().await;
    let told = house.told_group(room["group_id"].as_str().unwrap()).await;
    assert_eq!(
        told[1]["message"],
        json!({"type": "reset", "content": {"content_type": "off", "user_id": bob.user_id, "gender": 1}})
    );
    assert_eq!(told.len(), 2, "again changes nothing");
    assert_eq!(
        house.told(&bob).await,
        Vec::<serde_json::Value>::new(),
        "he knows"
    );
    assert_eq!(
        house.outside().await["stream_orders"],
        json!([]),
        "nobody cut him"
    );
    bob.apply(&room["live_id"]).await.ok();
    assert_eq!(
        bob.accept(&room["live_id"]).await.ok()["code"],
        "success",
        "he may come back"
    );
}

async fn the_host_puts_him_down(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    host.off_mic(&room["live_id"], &bob, Gender::Male)
        .await
        .ok();
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1", "off 1"]
    );
    let kickout = house.told(&bob).await.pop().unwrap();
    assert_eq!(
        kickout["message"],
        json!({"type": "kickout", "content": {"group_id": room["group_id"]}})
    );
    assert_eq!(
        (&kickout["custom"]["reason"], &kickout["lifetime"]),
        (&json!("host"), &json!(60))
    );
    eventually("his stream is cut", || async {
        let orders = house.outside().await["stream_orders"].clone();
        orders[0]["action"] == "DropLiveStream" && orders[0]["stream"] == json!(bob.user_id)
    })
    .await;
}

async fn nobody_else(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    let carol = house.guest("carol", Gender::Female).await;
    carol.enter(&live).await.ok();
    carol
        .off_mic(&live, &bob, Gender::Male)
        .await
        .refused(403, "not_allowed");
    let other = house.matchmaker("other").await;
    other.open_room().await;
    other
        .off_mic(&live, &bob, Gender::Male)
        .await
        .refused(403, "not_allowed");
    assert_eq!(bob.user_type().await, 3);
}

async fn his_gender_must_be_right(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    let body = host
        .off_mic(&live, &bob, Gender::Female)
        .await
        .refused(400, "invalid");
    assert_eq!(body["field"], "gender");
    assert_eq!(bob.user_type().await, 3);
}

async fn post_does_the_same(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    let body = json!({"live_id": live, "user_id": bob.user_id, "gender": "1"});
    bob.post("qlive_room/leave_micro/", body).await.ok();
    assert_eq!(bob.user_type().await, 1);
}
