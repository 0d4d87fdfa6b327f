//! 6. `qlive_gift/`

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    the_catalogue_is_paged,
    past_the_end_there_is_no_page,
    disabled_gifts_are_not_shown,
    an_empty_catalogue_has_a_page
);

async fn the_catalogue_is_paged(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let first = bob.get("qlive_gift/", json!({})).await.ok();
    let link = |page: i64| json!(house.at(&format!("qlive_gift/?page={page}")));
    assert_eq!(
        (&first["count"], &first["next"], &first["previous"]),
        (&json!(9), &link(2), &json!(null))
    );
    let rows = first["results"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    let rose = json!({"id": 2, "name": "玫瑰", "image": "https://example.com/gifts/rose.png", "gold": 1, "effect": "rose"});
    assert_eq!(rows[1], rose, "cheapest first");
    let second = bob.get("qlive_gift/", json!({"page": "2"})).await.ok();
    assert_eq!(
        (&second["count"], &second["next"], &second["previous"]),
        (&json!(9), &json!(null), &link(1))
    );
    assert_eq!(second["results"][0]["name"], "城堡");
    let followed = bob.get("qlive_gift/?page=2", json!({})).await.ok();
    assert_eq!(followed, second);
}

async fn past_the_end_there_is_no_page(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.get("qlive_gift/", json!({"page": 3}))
        .await
        .refused(404, "invalid_page");
    for wrong in [json!(0), json!(-1), json!("two"), json!("99999999999")] {
        bob.get("qlive_gift/", json!({"page": wrong}))
            .await
            .refused(400, "invalid");
    }
}

async fn disabled_gifts_are_not_shown(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let alice = house.guest("alice", Gender::Female).await;
    house
        .parts
        .gifts
        .disable(house.operator(), 1)
        .await
        .unwrap();
    let first = bob.get("qlive_gift/", json!({})).await.ok();
    assert_eq!(
        (&first["count"], &first["next"], &first["results"][0]["id"]),
        (&json!(8), &json!(null), &json!(2))
    );
    bob.give(&alice, 1, 1, json!({}))
        .await
        .refused(404, "unknown_gift");
}

async fn an_empty_catalogue_has_a_page(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    for gift in 1..=9 {
        house
            .parts
            .gifts
            .disable(house.operator(), gift)
            .await
            .unwrap();
    }
    let empty = bob.get("qlive_gift/", json!({"page": 1})).await.ok();
    assert_eq!(
        empty,
        json!({"count": 0, "next": null, "previous": null, "results": []})
    );
}
