//! `qlive_room/sync/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    it_tells_what_was_missed,
    members_only,
    it_changes_nothing_but_shows_the_stage
);

async fn it_tells_what_was_missed(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let live = &room["live_id"];
    let (bob, eve) = (
        house.guest("bob", Gender::Male).await,
        house.guest("eve", Gender::Female).await,
    );
    bob.take_mic(live).await;
    eve.take_mic(live).await;
    bob.off_mic(live, &bob, Gender::Male).await.ok();
    house.delivered().await;
    let sync = |since: i64| eve.get("qlive_room/sync/", json!({"live_id": live, "since": since}));
    let all = sync(0).await.ok();
    let told = house.told_group(room["group_id"].as_str().unwrap()).await;
    assert_eq!(
        (&all["seq"], &all["user_type"], &all["male"]),
        (&json!(3), &json!(4), &json!({}))
    );
    assert_eq!(all["num_list"], json!([0, 1, 0, 1]));
    let events = all["events"].as_array().unwrap();
    let seqs: Vec<i64> = events
        .iter()
        .map(|event| event["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2, 3]);
    for (event, told) in events.iter().zip(&told) {
        assert_eq!(
            (&event["message"], &event["id"], &event["seq"]),
            (
                &told["message"],
                &told["custom"]["id"],
                &told["custom"]["seq"]
            )
        );
        assert_eq!(
            (&event["broadcast_id"], &event["at"]),
            (&told["custom"]["broadcast_id"], &told["custom"]["at"])
        );
    }
    assert_eq!(sync(2).await.ok()["events"].as_array().unwrap().len(), 1);
    assert_eq!(sync(3).await.ok()["events"], json!([]));
    let without_since: Value = eve
        .get("qlive_room/sync/", json!({"live_id": live}))
        .await
        .ok();
    assert_eq!(without_since["events"].as_array().unwrap().len(), 3);
}

async fn members_only(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.get("qlive_room/sync/", json!({"live_id": live, "since": 0}))
        .await
        .refused(403, "members_only");
    bob.get("qlive_room/sync/", json!({"live_id": 999, "since": 0}))
        .await
        .refused(404, "unknown_room");
}

async fn it_changes_nothing_but_shows_the_stage(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    let entered = bob.enter(&live).await.ok();
    let synced = bob
        .get("qlive_room/sync/", json!({"live_id": live, "since": 0}))
        .await
        .ok();
    for (key, value) in entered.as_object().unwrap() {
        assert_eq!(&synced[key], value, "{key}");
    }
}
