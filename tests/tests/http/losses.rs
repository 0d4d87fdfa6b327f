//! Losses and graces: no ghost stays, nobody is put out for a moment's silence.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::json;
use std::time::Duration;

on_both!(
    a_lost_guest_keeps_his_seat_for_a_while,
    any_call_brings_him_back,
    leaving_calls_do_not,
    a_login_at_im_brings_him_back,
    who_is_online_after_all_stays,
    who_pushes_stays,
    an_older_event_is_ignored,
    a_viewer_who_leaves_the_group_is_gone,
    a_guest_who_leaves_the_group_has_his_grace,
    an_exit_older_than_his_entry_is_ignored,
    a_lost_host_ends_the_broadcast,
    graces_survive_a_restart,
    a_silent_im_decides_nothing,
    the_silent_are_asked_about,
);

/// Long enough for the keeper to have looked.
async fn keeper_looked() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}

async fn a_lost_guest_keeps_his_seat_for_a_while(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"im": "lost"})).await;
    house.advance(45);
    keeper_looked().await;
    assert!(host.sees_man_on_mic(&live).await);
    house.advance(16);
    eventually("he is gone", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
    assert_eq!(bob.user_type().await, 0);
    house.delivered().await;
    let group = host.open_room().await["group_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(house.story(&group).await, ["on 1", "off 1"]);
}

async fn any_call_brings_him_back(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"im": "lost"})).await;
    assert_eq!(bob.user_type().await, 3);
    house.advance(61);
    keeper_looked().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn leaving_calls_do_not(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"im": "lost"})).await;
    bob.leave(&json!(999)).await.ok();
    bob.get("qlive_user/logout/", json!({"reason": "hide"}))
        .await
        .ok();
    house.advance(61);
    eventually("he is gone", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn a_login_at_im_brings_him_back(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"im": "lost"})).await;
    house.play(&bob, json!({"im": "back"})).await;
    house.advance(61);
    keeper_looked().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn who_is_online_after_all_stays(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"im": "lost"})).await;
    // He is back, but that callback got lost.
    house.play(&bob, json!({"im": "back", "told": false})).await;
    house.advance(61);
    keeper_looked().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn who_pushes_stays(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"stream": "start"})).await;
    house.play(&bob, json!({"im": "lost"})).await;
    house.advance(61);
    keeper_looked().await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn an_older_event_is_ignored(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    let now = house.clock.now().millis();
    house.play(&bob, json!({"im": "back", "at": now})).await;
    house.play(&bob, json!({"im": "lost", "at": now - 1})).await;
    house.advance(61);
    keeper_looked().await;
    assert!(
        host.sees_man_on_mic(&live).await,
        "the loss came before the login"
    );
}

async fn a_viewer_who_leaves_the_group_is_gone(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let eve = house.guest("eve", Gender::Female).await;
    eve.enter(&room["live_id"]).await.ok();
    house.play(&eve, json!({"exits": room["group_id"]})).await;
    assert_eq!(
        host.enter(&room["live_id"]).await.ok()["num_list"],
        json!([0, 0, 0, 0])
    );
}

async fn a_guest_who_leaves_the_group_has_his_grace(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    let group = host.open_room().await["group_id"].clone();
    house.play(&bob, json!({"im": "lost", "told": false})).await;
    house.play(&bob, json!({"exits": group})).await;
    assert!(host.sees_man_on_mic(&live).await);
    house.advance(61);
    eventually("he is gone", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn an_exit_older_than_his_entry_is_ignored(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let eve = house.guest("eve", Gender::Female).await;
    let before = house.clock.now().millis() - 10;
    eve.enter(&room["live_id"]).await.ok();
    house
        .play(&eve, json!({"exits": room["group_id"], "at": before}))
        .await;
    assert_eq!(eve.user_type().await, 1);
}

async fn a_lost_host_ends_the_broadcast(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&host, json!({"im": "lost"})).await;
    house.advance(61);
    keeper_looked().await;
    assert_eq!(
        bob.enter(&live).await.ok()["owner"],
        json!({}),
        "a host has longer"
    );
    house.advance(120);
    eventually("it is over", || async { bob.user_type().await == 0 }).await;
}

async fn graces_survive_a_restart(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    let eve = house.guest("eve", Gender::Female).await;
    eve.take_mic(&live).await;
    house.play(&eve, json!({"stream": "start"})).await;
    house.play(&eve, json!({"stream": "stop"})).await;
    house.play(&bob, json!({"im": "lost"})).await;
    let house = house.restart(30).await;
    keeper_looked().await;
    assert!(
        host.sees_man_on_mic(&live).await,
        "the rest of his grace still runs"
    );
    let house = house.restart(31).await;
    eventually("both are gone", || async {
        let seen = host.enter(&live).await.ok();
        seen["male"] == json!({}) && seen["female"] == json!({})
    })
    .await;
    house.close().await;
}

async fn a_silent_im_decides_nothing(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"im": "lost"})).await;
    house
        .fault(json!({"path": "/v4/openim/query_online_status", "status": 500}))
        .await;
    house.advance(61);
    keeper_looked().await;
    assert!(host.sees_man_on_mic(&live).await);
    house.no_faults().await;
    house.advance(6);
    eventually("he is gone", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn the_silent_are_asked_about(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    let eve = house.guest("eve", Gender::Female).await;
    eve.take_mic(&live).await;
    // Bob's phone dies, and the callback that says so is lost. Eve just says nothing.
    house.play(&bob, json!({"im": "lost", "told": false})).await;
    house.advance(181);
    keeper_looked().await;
    assert!(
        host.sees_man_on_mic(&live).await,
        "being asked about is a loss, not an end"
    );
    house.advance(61);
    eventually("the ghost is gone", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
    assert_ne!(
        host.enter(&live).await.ok()["female"],
        json!({}),
        "the silent stay"
    );
}
