//! `qlive_gift/`: the catalogue of gifts.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, gifts};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    catalogue_is_paged_and_sorted_by_price,
    page_past_the_end_is_404_and_malformed_page_is_400,
    disabled_gift_is_neither_listed_nor_given,
    empty_catalogue_has_one_empty_page,
);

async fn catalogue_is_paged_and_sorted_by_price(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let first = bob.get("qlive_gift/", json!({})).await.ok();
    let link = |page: i64| json!(app.url_of(&format!("qlive_gift/?page={page}")));
    assert_eq!(
        (&first["count"], &first["next"], &first["previous"]),
        (&json!(9), &link(2), &json!(null))
    );
    let rows = first["results"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    let rose = json!({
        "id": gifts::ROSE,
        "name": "玫瑰",
        "image": format!("{}/pictures/gifts/rose.svg", app.url),
        "gold": 1,
        "effect": "rose",
    });
    assert_eq!(rows[1], rose, "the cheapest gift comes first");
    let second = bob.get("qlive_gift/", json!({"page": "2"})).await.ok();
    assert_eq!(
        (&second["count"], &second["next"], &second["previous"]),
        (&json!(9), &json!(null), &link(1))
    );
    assert_eq!(second["results"][0]["name"], "城堡");
    let by_link = bob.get("qlive_gift/?page=2", json!({})).await.ok();
    assert_eq!(by_link, second);
}

async fn page_past_the_end_is_404_and_malformed_page_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let past_the_end = bob.get("qlive_gift/", json!({"page": 3})).await;
    past_the_end.refused(404, "invalid_page");
    for page in [json!(0), json!(-1), json!("two"), json!("99999999999")] {
        let malformed = bob.get("qlive_gift/", json!({"page": page})).await;
        malformed.refused(400, "invalid");
    }
}

async fn disabled_gift_is_neither_listed_nor_given(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    let catalogue = &app.services.gifts;
    let disabled = catalogue.disable(app.operator(), gifts::LIKE).await;
    disabled.unwrap();
    let first = bob.get("qlive_gift/", json!({})).await.ok();
    assert_eq!(
        (&first["count"], &first["next"], &first["results"][0]["id"]),
        (&json!(8), &json!(null), &json!(gifts::ROSE))
    );
    let given = bob.give(&alice, gifts::LIKE, 1, json!({})).await;
    given.refused(404, "unknown_gift");
}

async fn empty_catalogue_has_one_empty_page(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for gift in 1..=9 {
        let disabled = app.services.gifts.disable(app.operator(), gift).await;
        disabled.unwrap();
    }
    let empty = bob.get("qlive_gift/", json!({"page": 1})).await.ok();
    assert_eq!(
        empty,
        json!({"count": 0, "next": null, "previous": null, "results": []})
    );
}
