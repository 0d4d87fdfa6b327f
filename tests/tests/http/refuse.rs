//! 19. `qlive_room/refuse_micro/`, and the response that the host gets.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    an_application_is_withdrawn,
    an_invitation_is_turned_down,
    otherwise_nothing_changes,
    not_on_the_mic
);

async fn responses(house: &House, host: &qlive_tests::Phone) -> Vec<Value> {
    house.delivered().await;
    let told = house.told(host).await;
    told.iter()
        .filter(|told| told["message"]["type"] == "response")
        .map(|told| told["message"]["content"].clone())
        .collect()
}

async fn an_application_is_withdrawn(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    assert_eq!(bob.refuse(&live).await.ok(), json!({"detail": "OK"}));
    assert_eq!(bob.user_type().await, 1);
    assert_eq!(
        responses(&house, &host).await,
        Vec::<Value>::new(),
        "nobody had invited him"
    );
    let num = house.told(&host).await.pop().unwrap();
    assert_eq!(num["message"]["content"]["num_list"], json!([0, 1, 0, 0]));
}

async fn an_invitation_is_turned_down(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&room["live_id"]).await.ok();
    host.invite(&room["live_id"], &bob).await.ok();
    bob.refuse(&room["live_id"]).await.ok();
    let expected = json!({"group_id": room["group_id"], "user_id": bob.user_id, "data": "reject"});
    assert_eq!(responses(&house, &host).await, [expected]);
    bob.accept(&room["live_id"])
        .await
        .refused(409, "not_admitted");
}

async fn otherwise_nothing_changes(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.refuse(&live).await.ok();
    bob.enter(&live).await.ok();
    bob.refuse(&live).await.ok();
    assert_eq!(bob.user_type().await, 1);
}

async fn not_on_the_mic(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    bob.refuse(&live).await.refused(409, "on_mic");
}
