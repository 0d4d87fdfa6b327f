//! `qlive_user/wallet/`: the history of a user's balances, and who sees balances.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, gifts};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    history_has_each_change_with_the_balances_after_it,
    history_is_paged,
    balances_of_another_user_are_not_shown,
    page_links_start_with_the_public_url,
);

const PATH: &str = "qlive_user/wallet/";

/// The rows of a history page: kind, amount, gold and income after it.
fn rows(wallet: &Value) -> Vec<Value> {
    let rows = wallet["results"].as_array().unwrap();
    rows.iter()
        .map(|row| json!([row["kind"], row["amount"], row["gold"], row["income"]]))
        .collect()
}

async fn history_has_each_change_with_the_balances_after_it(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    bob.give(&alice, gifts::CHOCOLATE, 3, json!({})).await.ok();
    alice.give(&bob, gifts::CHOCOLATE, 1, json!({})).await.ok();
    let wallet = bob.wallet().await;
    assert_eq!(
        rows(&wallet),
        [
            json!(["gift_received", 5, 70, 5]),
            json!(["gift_sent", -30, 70, 0]),
            json!(["grant", 100, 100, 0]),
        ]
    );
    assert_eq!(
        (&wallet["count"], &wallet["next"], &wallet["previous"]),
        (&json!(3), &json!(null), &json!(null))
    );
    assert!(wallet["results"][0]["at"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(
        rows(&alice.wallet().await),
        [
            json!(["gift_sent", -10, 0, 5]),
            json!(["gift_received", 15, 0, 15])
        ]
    );
    let carl = app.guest("carl", Gender::Male).await;
    assert_eq!(
        carl.wallet().await,
        json!({"count": 0, "next": null, "previous": null, "results": []})
    );
}

async fn history_is_paged(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for _ in 0..9 {
        app.grant(&bob, 1).await;
    }
    let first = bob.get(PATH, json!({"page": 1})).await.ok();
    assert_eq!(first["next"], app.url_of("qlive_user/wallet/?page=2"));
    let second = bob.get(PATH, json!({"page": 2})).await.ok();
    let results = second["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["gold"]), (1, &json!(1)));
    assert_eq!(second["previous"], app.url_of("qlive_user/wallet/?page=1"));
}

async fn balances_of_another_user_are_not_shown(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 100).await;
    app.grant(&alice, 100).await;
    bob.give(&alice, gifts::CHOCOLATE, 5, json!({})).await.ok();
    assert_eq!(alice.balances().await, (100, 25));
    let query = json!({"user_id": alice.user_id});
    let other = bob.get("qlive_user/get_userinfo/", query).await.ok();
    assert_eq!((&other["gold"], &other["income"]), (&json!(0), &json!(0)));
    let body = json!({"age": 30});
    let own = bob.post("qlive_user/update_userinfo/", body).await.ok();
    assert_eq!((&own["gold"], &own["income"]), (&json!(50), &json!(0)));
}

async fn page_links_start_with_the_public_url(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.server.public_url = "http://localhost:9/".into();
    })
    .await;
    let bob = app.guest("bob", Gender::Male).await;
    let first = bob.get("qlive_gift/", json!({})).await.ok();
    assert_eq!(
        first["next"],
        "http://localhost:9/wx/api/qlive/qlive_gift/?page=2"
    );
}
