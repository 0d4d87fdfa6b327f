//! 13. `qlive_room/live_end/`

use diesel::prelude::*;
use qlive_store::schema::{broadcast_log, members};
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    everybody_is_out,
    its_length_is_on_record,
    only_the_host,
    an_operator_may_too
);

async fn everybody_is_out(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let (bob, eve) = (
        house.guest("bob", Gender::Male).await,
        house.guest("eve", Gender::Female).await,
    );
    bob.take_mic(&room["live_id"]).await;
    eve.enter(&room["live_id"]).await.ok();
    assert_eq!(
        host.end(&room["live_id"]).await.ok(),
        json!({"detail": "OK"})
    );
    for phone in [&host, &bob, &eve] {
        assert_eq!(phone.user_type().await, 0);
    }
    host.end(&room["live_id"]).await.ok();
    house.delivered().await;
    let told = house.told_group(room["group_id"].as_str().unwrap()).await;
    let over = told.last().unwrap();
    assert_eq!(over["message"], json!({"type": "over", "content": ""}));
    assert_eq!(
        (&over["custom"]["reason"], &over["priority"]),
        (&json!("ended"), &json!("High"))
    );
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1", "over"],
        "once, and alone"
    );
    eventually("the streams on stage are cut", || async {
        let outside = house.outside().await;
        let cut = |phone: &str| {
            outside["stream_orders"]
                .as_array()
                .unwrap()
                .iter()
                .any(|order| order["stream"] == json!(phone))
        };
        cut(&bob.user_id) && cut(&host.user_id) && !cut(&eve.user_id)
    })
    .await;
}

async fn its_length_is_on_record(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    house.advance(100);
    host.end(&live).await.ok();
    let rows: Vec<(i64, i64, i64, String)> = house
        .parts
        .db
        .read(|conn| {
            let columns = (
                broadcast_log::room_id,
                broadcast_log::started_at,
                broadcast_log::ended_at,
                broadcast_log::reason,
            );
            Ok::<_, StoreError>(broadcast_log::table.select(columns).load(conn)?)
        })
        .await
        .unwrap();
    let (room, started, ended, reason) = rows[0].clone();
    assert_eq!(
        (rows.len(), json!(room), reason.as_str()),
        (1, live, "ended")
    );
    assert!((100_000..110_000).contains(&(ended - started)));
}

async fn only_the_host(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    bob.end(&live).await.refused(403, "not_host");
    bob.end(&json!(999)).await.refused(404, "unknown_room");
    assert_eq!(host.user_type().await, 5);
}

async fn an_operator_may_too(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let live = qlive_types::LiveId::new(room["live_id"].as_i64().unwrap());
    let by = qlive_store::audit::Operator {
        name: "ops".into(),
        reason: "test".into(),
    };
    house.parts.rooms.end_by_operator(by, live).await.unwrap();
    assert_eq!(host.user_type().await, 0);
    house.delivered().await;
    let over = house
        .told_group(room["group_id"].as_str().unwrap())
        .await
        .pop()
        .unwrap();
    assert_eq!(over["custom"]["reason"], "operator");
    let left: i64 = house
        .parts
        .db
        .read(|conn| Ok::<_, StoreError>(members::table.count().get_result(conn)?))
        .await
        .unwrap();
    assert_eq!(left, 0);
}
