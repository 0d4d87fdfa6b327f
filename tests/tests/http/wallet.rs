//! `qlive_user/wallet/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    every_movement_is_told_with_what_was_left,
    pages_follow_each_other,
    a_purse_is_its_owners_alone,
    links_are_those_of_the_public_url
);

async fn every_movement_is_told_with_what_was_left(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let alice = house.guest("alice", Gender::Female).await;
    house.grant(&bob, 100).await;
    bob.give(&alice, 4, 3, json!({})).await.ok();
    alice.give(&bob, 4, 1, json!({})).await.ok();
    let told = |wallet: &Value| -> Vec<Value> {
        let row = |row: &Value| json!([row["kind"], row["amount"], row["gold"], row["income"]]);
        wallet["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(row)
            .collect()
    };
    let wallet = bob.get("qlive_user/wallet/", json!({})).await.ok();
    let expected = [
        json!(["gift_received", 5, 70, 5]),
        json!(["gift_sent", -30, 70, 0]),
        json!(["grant", 100, 100, 0]),
    ];
    assert_eq!(told(&wallet), expected);
    assert_eq!(
        (&wallet["count"], &wallet["next"], &wallet["previous"]),
        (&json!(3), &json!(null), &json!(null))
    );
    assert!(wallet["results"][0]["at"].as_i64().unwrap() > 1_700_000_000_000);
    let hers = alice.get("qlive_user/wallet/", json!({})).await.ok();
    assert_eq!(
        told(&hers),
        [
            json!(["gift_sent", -10, 0, 5]),
            json!(["gift_received", 15, 0, 15])
        ]
    );
    let nobodys = house
        .guest("carl", Gender::Male)
        .await
        .get("qlive_user/wallet/", json!({}))
        .await
        .ok();
    assert_eq!(
        nobodys,
        json!({"count": 0, "next": null, "previous": null, "results": []})
    );
}

async fn pages_follow_each_other(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    for _ in 0..9 {
        house.grant(&bob, 1).await;
    }
    let first = bob.get("qlive_user/wallet/", json!({"page": 1})).await.ok();
    assert_eq!(first["next"], house.at("qlive_user/wallet/?page=2"));
    let second = bob.get("qlive_user/wallet/", json!({"page": 2})).await.ok();
    assert_eq!(
        (
            second["results"].as_array().unwrap().len(),
            &second["results"][0]["gold"]
        ),
        (1, &json!(1))
    );
    assert_eq!(second["previous"], house.at("qlive_user/wallet/?page=1"));
}

async fn a_purse_is_its_owners_alone(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = (
        house.guest("bob", Gender::Male).await,
        house.guest("alice", Gender::Female).await,
    );
    house.grant(&bob, 100).await;
    house.grant(&alice, 100).await;
    bob.give(&alice, 4, 5, json!({})).await.ok();
    assert_eq!(alice.purse().await, (100, 25));
    let seen = bob
        .get(
            "qlive_user/get_userinfo/",
            json!({"user_id": alice.user_id}),
        )
        .await
        .ok();
    assert_eq!((&seen["gold"], &seen["income"]), (&json!(0), &json!(0)));
    let mine = bob
        .post("qlive_user/update_userinfo/", json!({"age": 30}))
        .await
        .ok();
    assert_eq!((&mine["gold"], &mine["income"]), (&json!(50), &json!(0)));
}

async fn links_are_those_of_the_public_url(db: TestDb) {
    let public = "http://localhost:9/";
    let house = House::open_with(db, |settings| settings.server.public_url = public.into()).await;
    let bob = house.guest("bob", Gender::Male).await;
    let first = bob.get("qlive_gift/", json!({})).await.ok();
    assert_eq!(
        first["next"],
        "http://localhost:9/wx/api/qlive/qlive_gift/?page=2"
    );
}
