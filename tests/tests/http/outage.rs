//! IM gone: no request waits for it, and afterwards every room shows the truth. Several instances keep order.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    an_hour_without_im,
    a_lost_answer_is_repeated_with_the_same_random,
    two_instances_keep_order,
    an_ended_room_is_told_only_that,
    without_an_outage_a_quick_restart_is_told_in_full,
    a_restart_hands_its_lanes_on,
    a_restart_leaves_no_lease_that_was_just_being_taken,
    a_late_cut_spares_who_is_on_stage_again,
);

async fn an_hour_without_im(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let live = &room["live_id"];
    let group = room["group_id"].as_str().unwrap();
    let (bob, carl, eve) = (
        house.guest("bob", Gender::Male).await,
        house.guest("carl", Gender::Male).await,
        house.guest("eve", Gender::Female).await,
    );
    house.delivered().await;
    house
        .fault(json!({"path": "/v4/", "latency_ms": 4500, "status": 500}))
        .await;
    let started = std::time::Instant::now();
    bob.take_mic(live).await;
    bob.off_mic(live, &bob, Gender::Male).await.ok();
    carl.take_mic(live).await;
    eve.take_mic(live).await;
    host.off_mic(live, &eve, Gender::Female).await.ok();
    host.invite(live, &eve).await.ok();
    assert!(
        started.elapsed().as_millis() < 4500,
        "ten requests, and none waits for IM"
    );
    house.advance(3600);
    house.no_faults().await;
    house.advance(60);
    // An hour of silence of all phones: keep them in the room.
    house.delivered().await;
    assert_eq!(
        house
            .story(group)
            .await
            .iter()
            .filter(|told| *told == "on 1")
            .count(),
        1,
        "one reset a seat"
    );
    let told = house.told_group(group).await;
    let on = told
        .iter()
        .find(|told| told["message"]["content"]["content_type"] == "on")
        .unwrap();
    assert_eq!(on["message"]["content"]["user_id"], json!(carl.user_id));
    assert_eq!(house.story(group).await, ["on 1", "off 2"]);
    let for_eve: Vec<String> = house
        .told(&eve)
        .await
        .iter()
        .map(|told| told["message"]["type"].to_string())
        .collect();
    assert_eq!(for_eve, ["\"kickout\""], "the invitation has expired");
    let nums: Vec<Value> = house
        .told(&host)
        .await
        .iter()
        .filter(|told| told["message"]["type"] == "num")
        .cloned()
        .collect();
    assert_eq!(nums.len(), 1);
    assert_eq!(
        nums[0]["message"]["content"]["num_list"],
        json!([0, 2, 0, 1])
    );
}

async fn a_lost_answer_is_repeated_with_the_same_random(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    house.delivered().await;
    house.fault(json!({"path": "/v4/group_open_http_svc/send_group_msg", "drop_answer": true, "times": 1})).await;
    house
        .guest("bob", Gender::Male)
        .await
        .take_mic(&room["live_id"])
        .await;
    eventually("it was told twice", || async {
        house
            .messages_with_doubles("group", room["group_id"].as_str().unwrap())
            .await
            .len()
            == 2
    })
    .await;
    let told = house
        .messages_with_doubles("group", room["group_id"].as_str().unwrap())
        .await;
    assert_eq!(
        (&told[0]["random"], &told[0]["text"], &told[0]["custom"]),
        (&told[1]["random"], &told[1]["text"], &told[1]["custom"])
    );
    assert_eq!(
        (&told[0]["double"], &told[1]["double"]),
        (&json!(false), &json!(true)),
        "IM drops the second"
    );
}

async fn two_instances_keep_order(db: TestDb) {
    let house = House::open(db).await;
    let second = house.second().await;
    let room = house.host().await.open_room().await;
    let live = &room["live_id"];
    let bob = house.guest("bob", Gender::Male).await;
    let elsewhere = bob.at(&second);
    bob.enter(live).await.ok();
    let mut expected = Vec::new();
    // Fewer than can be told in ten seconds: then it would be arrears, of which only the last is told.
    for round in 0..12 {
        let (phone, other) = if round % 2 == 0 {
            (&bob, &elsewhere)
        } else {
            (&elsewhere, &bob)
        };
        phone.apply(live).await.ok();
        assert_eq!(other.accept(live).await.ok()["code"], "success");
        phone.off_mic(live, &bob, Gender::Male).await.ok();
        expected.extend(["on 1", "off 1"]);
    }
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        expected
    );
    let told = house.told_group(room["group_id"].as_str().unwrap()).await;
    let seqs: Vec<i64> = told
        .iter()
        .map(|told| told["custom"]["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=24).collect::<Vec<_>>());
    second.close().await;
}

async fn an_ended_room_is_told_only_that(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    house.delivered().await;
    house.fault(json!({"path": "/v4/", "status": 500})).await;
    bob.take_mic(&room["live_id"]).await;
    host.end(&room["live_id"]).await.ok();
    // What was sent off before the end is no business of this test.
    eventually("the seat is given up", || async {
        untold(&house).await == ["over"]
    })
    .await;
    house.advance(600);
    house.no_faults().await;
    house.advance(60);
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["over"]
    );
    // And when a new broadcast is live, not even that.
    house.fault(json!({"path": "/v4/", "status": 500})).await;
    host.open_room().await;
    host.end(&room["live_id"]).await.ok();
    host.open_room().await;
    house.advance(600);
    eventually("the end is given up", || async {
        untold(&house).await.is_empty()
    })
    .await;
    house.no_faults().await;
    house.advance(60);
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["over"]
    );
}

/// What rooms still have to be told: `seat_taken`, `over`, …
async fn untold(house: &House) -> Vec<String> {
    let rows = house.parts.office.list().await.unwrap();
    rows.iter()
        .filter_map(|row| row.effect["words"]["type"].as_str().map(str::to_owned))
        .collect()
}

async fn without_an_outage_a_quick_restart_is_told_in_full(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    host.end(&room["live_id"]).await.ok();
    host.open_room().await;
    bob.take_mic(&room["live_id"]).await;
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1", "over", "on 1"]
    );
}

async fn a_restart_hands_its_lanes_on(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    house.delivered().await;
    house.fault(json!({"path": "/v4/group_open_http_svc/send_group_msg", "latency_ms": 3000, "times": 1})).await;
    house
        .guest("bob", Gender::Male)
        .await
        .take_mic(&room["live_id"])
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    // Stopped in the middle of a delivery.
    let house = house.restart(0).await;
    eventually(
        "it is told, and nobody waits for the lease of who is gone",
        || async {
            !house
                .story(room["group_id"].as_str().unwrap())
                .await
                .is_empty()
        },
    )
    .await;
    house.close().await;
}

async fn a_restart_leaves_no_lease_that_was_just_being_taken(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    house.delivered().await;
    let [slow, fast] = if house.database_url().starts_with("sqlite") {
        SLOW_LANES_ON_SQLITE
    } else {
        SLOW_LANES
    };
    house.sql(slow).await;
    bob.take_mic(&live).await;
    // Stopped while it takes a lane.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let house = house.restart(0).await;
    house.sql(fast).await;
    house.delivered().await;
    house.close().await;
}

/// What makes taking a new lane slow, and what ends that.
const SLOW_LANES: [&str; 2] = [
    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';
     CREATE TRIGGER slow BEFORE INSERT ON outbox_lanes FOR EACH ROW EXECUTE FUNCTION slow()",
    "DROP TRIGGER slow ON outbox_lanes",
];
const SLOW_LANES_ON_SQLITE: [&str; 2] = [
    "CREATE TRIGGER slow AFTER INSERT ON outbox_lanes BEGIN
     SELECT max(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000) SELECT n FROM c);
     END",
    "DROP TRIGGER slow",
];

async fn a_late_cut_spares_who_is_on_stage_again(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    house.delivered().await;
    house.fault(json!({"path": "/", "status": 500})).await;
    host.off_mic(&live, &bob, Gender::Male).await.ok();
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
    house.no_faults().await;
    house.advance(60);
    house.delivered().await;
    assert_eq!(house.outside().await["stream_orders"], json!([]));
}
