//! 17, 18 and 21. `leave_room/`, `logout/` and `get_user_state/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    leaving_frees_the_seat,
    not_being_there_is_well,
    the_host_leaving_ends_the_broadcast,
    logging_out_leaves_whatever_room,
    hiding_only_starts_the_grace,
    the_state_says_where_one_is,
);

async fn leaving_frees_the_seat(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    let answer = bob.leave(&room["live_id"]).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.ok(), json!({"detail": "OK"}));
    assert_eq!(bob.user_type().await, 0);
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1", "off 1"]
    );
    let num = house.told(&host).await.pop().unwrap();
    assert_eq!(num["message"]["content"]["num_list"], json!([0, 0, 0, 0]));
}

async fn not_being_there_is_well(db: TestDb) {
    let house = House::open(db).await;
    let (one, two) = (house.matchmaker("one").await, house.matchmaker("two").await);
    let first = one.open_room().await["live_id"].clone();
    let second = two.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.leave(&first).await.ok();
    bob.enter(&first).await.ok();
    bob.leave(&second).await.ok();
    bob.leave(&json!(999)).await.ok();
    assert_eq!(bob.user_type().await, 1, "still where he was");
}

async fn the_host_leaving_ends_the_broadcast(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&room["live_id"]).await.ok();
    host.leave(&room["live_id"]).await.ok();
    assert_eq!(bob.user_type().await, 0);
    house.delivered().await;
    let over = house
        .told_group(room["group_id"].as_str().unwrap())
        .await
        .pop()
        .unwrap();
    assert_eq!(
        (&over["message"]["type"], &over["custom"]["reason"]),
        (&json!("over"), &json!("host_left"))
    );
}

async fn logging_out_leaves_whatever_room(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    bob.logout().await.ok();
    assert_eq!(bob.user_type().await, 0);
    bob.enter(&live).await.ok();
    host.logout().await.ok();
    assert_eq!((host.user_type().await, bob.user_type().await), (0, 0));
    host.logout().await.ok();
}

async fn hiding_only_starts_the_grace(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    house.play(&bob, json!({"im": "lost", "told": false})).await;
    bob.get("qlive_user/logout/", json!({"reason": "hide"}))
        .await
        .ok();
    assert_eq!(
        host.enter(&live).await.ok()["male"]["nickname"],
        "bob",
        "seat and place stay"
    );
    house.advance(61);
    qlive_tests::eventually("he is gone", || async {
        host.enter(&live).await.ok()["male"] == json!({})
    })
    .await;
    assert_eq!(bob.user_type().await, 0);
}

async fn the_state_says_where_one_is(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let bob = house.guest("bob", Gender::Male).await;
    let state = || bob.get("qlive_user/get_user_state/", json!({}));
    assert_eq!(
        state().await.ok(),
        json!({"live_room_name": "", "live_id": 0, "group_id": "", "user_type": 0})
    );
    let room = host.open_room().await;
    bob.enter(&room["live_id"]).await.ok();
    bob.apply(&room["live_id"]).await.ok();
    let expected = json!({"live_room_name": "红娘", "live_id": room["live_id"], "group_id": room["group_id"], "user_type": 2});
    assert_eq!(state().await.ok(), expected);
}
