//! Section 4: what every message carries.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    messages_carry_their_number,
    many_changes_make_one_num,
    an_unknown_account_is_imported,
    a_lost_group_is_made_anew,
    a_refusal_is_parked_and_the_lane_goes_on,
    a_storm_of_gifts_delays_no_seat,
    a_group_that_exists_is_success,
    a_dead_signature_is_replaced_at_once,
    without_cloud_credentials_no_stream_is_cut
);

async fn messages_carry_their_number(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&room["live_id"]).await;
    host.off_mic(&room["live_id"], &bob, Gender::Male)
        .await
        .ok();
    house.delivered().await;
    let told = house.told_group(room["group_id"].as_str().unwrap()).await;
    let seqs: Vec<i64> = told
        .iter()
        .map(|told| told["custom"]["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2]);
    let custom = &told[0]["custom"];
    assert_eq!(custom["live_id"], room["live_id"]);
    assert!(custom["id"].as_i64() < told[1]["custom"]["id"].as_i64());
    assert_eq!(custom["broadcast_id"], told[1]["custom"]["broadcast_id"]);
    let age = house.clock.now().millis() - custom["at"].as_i64().unwrap();
    assert!((0..60_000).contains(&age));
    host.invite(&room["live_id"], &bob).await.ok();
    house.delivered().await;
    let invite = house.told(&bob).await.pop().unwrap();
    assert_eq!(
        (&invite["message"]["type"], &invite["custom"]["seq"]),
        (&json!("invite"), &json!(2)),
        "the current one"
    );
    assert_eq!(told[0]["from"], "administrator");
}

async fn many_changes_make_one_num(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let mut guests = Vec::new();
    for number in 0..16 {
        guests.push(house.guest(&format!("guest{number}"), Gender::Male).await);
    }
    futures_util::future::join_all(guests.iter().map(|guest| guest.enter(&live))).await;
    house.delivered().await;
    let told = house.told(&host).await;
    assert!(told.len() < 12, "{} for sixteen changes", told.len());
    assert_eq!(
        told.last().unwrap()["message"]["content"]["num_list"],
        json!([0, 16, 0, 0])
    );
}

async fn an_unknown_account_is_imported(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    house.delivered().await;
    house
        .fault(json!({"path": "/v4/openim/sendmsg", "errcode": 90012, "times": 1}))
        .await;
    bob.enter(&live).await.ok();
    house.delivered().await;
    assert_eq!(
        house.told(&host).await.pop().unwrap()["message"]["type"],
        "num"
    );
    let imports = house.outside().await["calls"]["/v4/im_open_login_svc/account_import"]
        .as_i64()
        .unwrap();
    assert!(imports >= 3, "host, bob, and the host again");
}

async fn a_lost_group_is_made_anew(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    house
        .fault(
            json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 10010, "times": 1}),
        )
        .await;
    house
        .guest("bob", Gender::Male)
        .await
        .take_mic(&room["live_id"])
        .await;
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1"]
    );
    assert_eq!(
        house.outside().await["calls"]["/v4/group_open_http_svc/create_group"],
        2
    );
}

async fn a_refusal_is_parked_and_the_lane_goes_on(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let room = host.open_room().await;
    let bob = house.guest("bob", Gender::Male).await;
    house
        .fault(
            json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 80001, "times": 1}),
        )
        .await;
    bob.take_mic(&room["live_id"]).await;
    bob.off_mic(&room["live_id"], &bob, Gender::Male).await.ok();
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["off 1"]
    );
    let listed = house.parts.office.list().await.unwrap();
    assert_eq!((listed.len(), listed[0].status), (1, "parked"));
    assert!(listed[0].detail.contains("80001"), "{}", listed[0].detail);
    let by = qlive_store::audit::Operator {
        name: "ops".into(),
        reason: String::new(),
    };
    assert!(
        house
            .parts
            .office
            .retry(by.clone(), listed[0].id)
            .await
            .unwrap()
    );
    assert!(
        !house.parts.office.retry(by, listed[0].id).await.unwrap(),
        "only what is parked"
    );
    house.delivered().await;
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await.len(),
        2
    );
}

async fn a_storm_of_gifts_delays_no_seat(db: TestDb) {
    use qlive_outbox::{Effect, Gift, Subject, Words, post};
    use qlive_types::{BroadcastId, LiveId};
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    let group = room["group_id"].as_str().unwrap();
    let (bob, eve) = (
        house.guest("bob", Gender::Male).await,
        house.guest("eve", Gender::Female).await,
    );
    bob.enter(&room["live_id"]).await.ok();
    house.delivered().await;
    let about = Subject {
        live: LiveId::new(room["live_id"].as_i64().unwrap()),
        broadcast: BroadcastId::new(1),
    };
    let (giver, receiver, now) = (eve.id(), bob.id(), house.clock.now());
    house
        .parts
        .db
        .write(move |conn| {
            for _ in 0..200 {
                let gift = Gift {
                    gift_id: 1,
                    gift_title: "rose".into(),
                    gift_num: 2,
                    gift_image: String::new(),
                    effect: String::new(),
                    user_id: giver,
                    nickname: "eve".into(),
                    to_user_id: receiver,
                    to_nickname: "bob".into(),
                };
                post(
                    conn,
                    now,
                    &Effect::Group {
                        about,
                        words: Words::Gift(gift),
                    },
                )?;
            }
            Ok::<_, qlive_store::StoreError>(())
        })
        .await
        .unwrap();
    house.parts.office.wake();
    bob.take_mic(&room["live_id"]).await;
    house.delivered().await;
    let told = house.told_group(group).await;
    let seat = told
        .iter()
        .position(|told| told["message"]["type"] == "reset")
        .unwrap();
    assert!(seat <= 5, "the seat came after {seat} gifts");
    let gifts: Vec<_> = told
        .iter()
        .filter(|told| told["message"]["type"] == "gift")
        .collect();
    let given: i64 = gifts
        .iter()
        .map(|told| told["message"]["content"]["gift_num"].as_i64().unwrap())
        .sum();
    assert_eq!(given, 400, "none is lost");
    assert!(gifts.len() <= 20, "{} messages for 200 gifts", gifts.len());
    assert_eq!(gifts[0]["priority"], "Normal");
    let expected = json!({"gift_id": 1, "gift_title": "rose", "gift_num": gifts[0]["message"]["content"]["gift_num"],
        "gift_image": "", "effect": "", "user_id": eve.user_id, "nickname": "eve",
        "to_user_id": bob.user_id, "to_nickname": "bob"});
    assert_eq!(gifts[0]["message"]["content"], expected);
}

async fn a_group_that_exists_is_success(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    house.delivered().await;
    let by = qlive_store::audit::Operator {
        name: "ops".into(),
        reason: String::new(),
    };
    house
        .parts
        .rooms
        .grant_matchmaker(by, host.id())
        .await
        .unwrap();
    house.delivered().await;
    assert_eq!(house.parts.office.stats().await.unwrap().parked, 0);
    assert_eq!(
        house.outside().await["calls"]["/v4/group_open_http_svc/create_group"],
        2
    );
}

async fn a_dead_signature_is_replaced_at_once(db: TestDb) {
    let house = House::open(db).await;
    let room = house.host().await.open_room().await;
    house.delivered().await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.enter(&room["live_id"]).await.ok();
    house.delivered().await;
    house
        .fault(
            json!({"path": "/v4/group_open_http_svc/send_group_msg", "errcode": 70001, "times": 1}),
        )
        .await;
    bob.apply(&room["live_id"]).await.ok();
    bob.accept(&room["live_id"]).await.ok();
    house.delivered().await;
    assert_eq!(
        house.outside().await["calls"]["/v4/group_open_http_svc/send_group_msg"],
        2
    );
    assert_eq!(
        house.story(room["group_id"].as_str().unwrap()).await,
        ["on 1"]
    );
    let metrics = house
        .http
        .get(format!("{}/metrics", house.url))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        metrics.contains("qlive_upstream_errors_total{system=\"im\"} 0"),
        "nothing failed"
    );
}

async fn without_cloud_credentials_no_stream_is_cut(db: TestDb) {
    let mut house = House::open(db).await;
    let host = house.host().await;
    let live = host.open_room().await["live_id"].clone();
    let bob = house.guest("bob", Gender::Male).await;
    bob.take_mic(&live).await;
    house.settings.live.as_mut().unwrap().secret_id = None;
    let house = house.restart(0).await;
    host.off_mic(&live, &bob, Gender::Male).await.ok();
    house.delivered().await;
    assert_eq!(house.outside().await["stream_orders"], json!([]));
    assert_eq!(
        house.parts.office.stats().await.unwrap().parked,
        0,
        "it is skipped, not stuck"
    );
    house.close().await;
}
