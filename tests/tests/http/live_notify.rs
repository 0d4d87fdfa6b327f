//! `live_notify/`: streams that start, stop, and overtake each other.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone, eventually};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    a_stopped_stream_is_a_loss,
    a_new_start_cancels_it,
    a_call_does_not,
    a_stop_of_an_older_push_is_ignored,
    a_stop_that_we_caused_frees_nothing_more,
    whoever_is_not_on_stage_is_cut,
    a_forged_callback_is_refused,
    a_hosts_stop_hides_him_until_he_is_back,
    a_seat_without_a_stream_is_freed,
);

async fn a_stopped_stream_is_a_loss(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"stream": "start"})).await;
    let said = house.play(&bob, json!({"stream": "stop"})).await;
    assert_eq!(said[0], json!({"status": 200, "answer": {"code": 0}}));
    house.advance(45);
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert!(host.sees_man_on_mic(&live).await, "the grace runs");
    house.advance(16);
    eventually("he is gone", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
    assert_eq!(bob.user_type().await, 0);
}

async fn a_new_start_cancels_it(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    for what in ["start", "stop", "start"] {
        house.play(&bob, json!({"stream": what})).await;
    }
    house.advance(70);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert!(host.sees_man_on_mic(&live).await);
}

async fn a_call_does_not(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"stream": "start"})).await;
    house.play(&bob, json!({"stream": "stop"})).await;
    assert_eq!(bob.user_type().await, 3);
    house.advance(61);
    eventually("he is gone", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
}

async fn a_stop_of_an_older_push_is_ignored(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    let now = house.clock.now().millis();
    house
        .play(&bob, json!({"stream": "start", "at": now}))
        .await;
    house
        .play(&bob, json!({"stream": "start", "at": now + 2000}))
        .await;
    // The stop of the first push comes late: CSS gives it the first push's sequence.
    let key = "sandbox-callback-key";
    let t = house.clock.now().secs() + 600;
    let sign = md5_hex(&format!("{key}{t}"));
    let stop = json!({"event_type": 0, "stream_id": bob.user_id, "sequence": format!("{}-1", bob.user_id),
        "event_time": now / 1000 + 3, "t": t, "sign": sign});
    let request = house.http.post(house.at("live_notify/")).json(&stop);
    house
        .stranger()
        .send("post", "live_notify/", request)
        .await
        .ok();
    house.advance(70);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert!(host.sees_man_on_mic(&live).await);
}

fn md5_hex(text: &str) -> String {
    use md5::Digest as _;
    md5::Md5::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

async fn a_stop_that_we_caused_frees_nothing_more(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    house.play(&bob, json!({"stream": "start"})).await;
    host.off_mic(&live, &bob, Gender::Male).await.ok();
    house.play(&bob, json!({"stream": "stop"})).await;
    house.advance(70);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(bob.user_type().await, 1, "he watches on");
}

async fn whoever_is_not_on_stage_is_cut(db: TestDb) {
    let house = House::open(db).await;
    let live = house.host().await.open_room().await["live_id"].clone();
    let (bob, eve) = (
        house.guest("bob", Gender::Male).await,
        house.guest("eve", Gender::Female).await,
    );
    bob.enter(&live).await.ok();
    for phone in [&bob, &eve] {
        house.play(phone, json!({"stream": "start"})).await;
    }
    eventually("both are cut", || async {
        let orders = house.outside().await["stream_orders"].clone();
        let cut = |phone: &Phone| {
            orders.as_array().unwrap().iter().any(|order| {
                order["action"] == "DropLiveStream" && order["stream"] == phone.user_id.as_str()
            })
        };
        cut(&bob) && cut(&eve)
    })
    .await;
}

async fn a_forged_callback_is_refused(db: TestDb) {
    let house = House::open(db).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    let t = house.clock.now().secs() + 600;
    for forged in [
        json!({}),
        json!({"t": t, "sign": "00"}),
        json!({"t": t - 7200, "sign": md5_hex(&format!("sandbox-callback-key{}", t - 7200))}),
    ] {
        let mut stop =
            json!({"event_type": 0, "stream_id": bob.user_id, "sequence": "x", "event_time": 1});
        stop.as_object_mut()
            .unwrap()
            .extend(forged.as_object().unwrap().clone());
        let request = house.http.post(house.at("live_notify/")).json(&stop);
        house
            .stranger()
            .send("post", "live_notify/", request)
            .await
            .refused(401, "bad_signature");
    }
    assert!(host.sees_man_on_mic(&live).await);
}

async fn a_hosts_stop_hides_him_until_he_is_back(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    house.play(&host, json!({"stream": "start"})).await;
    house.play(&host, json!({"stream": "stop"})).await;
    let seen = bob.enter(&room["live_id"]).await.ok();
    assert_eq!(
        (&seen["owner"], &seen["anchor_info"]["nickname"]),
        (&json!({}), &json!("红娘"))
    );
    house.play(&host, json!({"stream": "start"})).await;
    assert_ne!(bob.enter(&room["live_id"]).await.ok()["owner"], json!({}));
    house.play(&host, json!({"stream": "stop"})).await;
    house.advance(181);
    eventually("the broadcast ends", || async {
        bob.user_type().await == 0
    })
    .await;
    house.delivered().await;
    let over = house
        .told_group(room["group_id"].as_str().unwrap())
        .await
        .pop()
        .unwrap();
    assert_eq!(over["custom"]["reason"], "host_lost");
}

async fn a_seat_without_a_stream_is_freed(db: TestDb) {
    let house = House::open_with(db, |settings| settings.rooms.stream_start_secs = 20).await;
    let (host, bob, live) = house.with_man_on_mic().await;
    let eve = house.guest("eve", Gender::Female).await;
    eve.take_mic(&live).await;
    house.play(&eve, json!({"stream": "start"})).await;
    house.advance(21);
    eventually("his seat is free", || async {
        !host.sees_man_on_mic(&live).await
    })
    .await;
    assert_eq!((bob.user_type().await, eve.user_type().await), (1, 4));
}
