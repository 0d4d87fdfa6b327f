//! 10. `qlive_room/apply_micro/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    a_viewer_applies,
    as_often_as_he_likes,
    only_in_that_room,
    not_on_the_mic_nor_hosting
);

async fn a_viewer_applies(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    assert_eq!(bob.apply(&live).await.ok(), json!({"detail": "OK"}));
    assert_eq!(bob.user_type().await, 2);
    house.delivered().await;
    let told = house.told(&host).await;
    assert_eq!(
        told.last().unwrap()["message"]["content"]["num_list"],
        json!([1, 1, 0, 0])
    );
}

async fn as_often_as_he_likes(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    house.delivered().await;
    let before = house.told(&host).await.len();
    bob.apply(&live).await.ok();
    house.delivered().await;
    assert_eq!(house.told(&host).await.len(), before);
}

async fn only_in_that_room(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let other = house.matchmaker("other").await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.apply(&live).await.refused(409, "not_in_room");
    bob.enter(&other).await.ok();
    bob.apply(&live).await.refused(409, "not_in_room");
    assert_eq!(bob.user_type().await, 1);
}

async fn not_on_the_mic_nor_hosting(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    bob.apply(&live).await.refused(409, "on_mic");
    host.apply(&live).await.refused(409, "hosting");
}
