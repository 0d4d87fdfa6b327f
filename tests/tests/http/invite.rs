//! `qlive_room/invite_micro/` and `qlive_room/decline_micro/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    a_guest_is_invited_and_accepts,
    an_invitation_lapses,
    it_is_refused_where_it_makes_no_sense,
    only_by_the_host,
    declining_what_is_not_applied_changes_nothing,
);

async fn response(house: &House, host: &qlive_tests::Phone) -> Option<Value> {
    house.delivered().await;
    let told = house.told(host).await;
    told.iter()
        .rev()
        .find(|told| told["message"]["type"] == "response")
        .map(|told| told["message"]["content"]["data"].clone())
}

async fn a_guest_is_invited_and_accepts(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&room["live_id"]).await.ok();
    assert_eq!(
        host.invite(&room["live_id"], &bob).await.ok(),
        json!({"expires_in": 60})
    );
    house.delivered().await;
    let invite = house.told(&bob).await.pop().unwrap();
    assert_eq!(
        invite["message"],
        json!({"type": "invite", "content": {"group_id": room["group_id"]}})
    );
    assert_eq!(invite["lifetime"], 60);
    assert_eq!(bob.accept(&room["live_id"]).await.ok()["code"], "success");
    assert_eq!(response(&house, &host).await, Some(json!("accept")));
}

async fn an_invitation_lapses(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    host.invite(&live, &bob).await.ok();
    house.advance(61);
    bob.accept(&live).await.refused(409, "not_admitted");
    eventually("the host hears of it", || async {
        response(&house, &host).await == Some(json!("timeout"))
    })
    .await;
}

async fn it_is_refused_where_it_makes_no_sense(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let (adam, bob) = (
        house.guest("adam", Gender::Male).await,
        house.guest("bob", Gender::Male).await,
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

async fn only_by_the_host(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let (bob, eve) = (
        house.guest("bob", Gender::Male).await,
        house.guest("eve", Gender::Female).await,
    );
    bob.enter(&live).await.ok();
    eve.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    eve.invite(&live, &bob).await.refused(403, "not_host");
    eve.decline(&live, &bob).await.refused(403, "not_host");
    assert_eq!(bob.user_type().await, 2);
}

async fn declining_what_is_not_applied_changes_nothing(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    host.decline(&live, &bob).await.ok();
    bob.enter(&live).await.ok();
    host.decline(&live, &bob).await.ok();
    bob.apply(&live).await.ok();
    assert_eq!(
        bob.accept(&live).await.ok()["code"],
        "success",
        "he was not barred"
    );
}
