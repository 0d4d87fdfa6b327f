//! `qlive_pay/`: which blocks of gold can be bought.

use qlive_payments::NewBlock;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, fen};
use qlive_types::{Coins, Gender};
use reqwest::Method;
use serde_json::json;

on_both!(
    blocks_are_listed_cheapest_first,
    unknown_or_disabled_block_is_404_and_malformed_block_is_400,
    block_without_product_id_cannot_be_bought_by_virtual_payment,
);

const PATH: &str = "qlive_pay/";

/// Adds a block of 7 coins for 1 fen, without a product id, and returns its id.
async fn add_block(app: &TestApp) -> i64 {
    let block = NewBlock {
        gold: Coins::new(7).unwrap(),
        price: fen(1),
        product_id: None,
    };
    let payments = &app.services.payments;
    payments.add_block(app.operator(), block).await.unwrap()
}

async fn disable_block(app: &TestApp, id: i64) {
    let payments = &app.services.payments;
    payments.disable_block(app.operator(), id).await.unwrap();
}

async fn blocks_are_listed_cheapest_first(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let id = add_block(&app).await;
    let response = bob.request(Method::GET, PATH).send().await.unwrap();
    let text = response.text().await.unwrap();
    let first = [
        format!(r#"[{{"id":{id},"gold":7,"price":0.01}}"#),
        r#"{"id":2,"gold":10,"price":1}"#.to_owned(),
        r#"{"id":1,"gold":60,"price":6}"#.to_owned(),
    ];
    assert!(text.starts_with(&first.join(",")), "{text}");
    disable_block(&app, id).await;
    let listed = bob.get(PATH, json!({})).await.ok();
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["id"]),
        (6, &json!(blocks::TEN))
    );
}

async fn unknown_or_disabled_block_is_404_and_malformed_block_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let unknown = bob.post(PATH, json!({"block_id": 999})).await;
    unknown.refused(404, "unknown_block");
    disable_block(&app, blocks::SIXTY).await;
    let body = json!({"block_id": blocks::SIXTY});
    let disabled = bob.post(PATH, body).await;
    disabled.refused(404, "unknown_block");
    for malformed in [json!("x"), json!([1]), json!(1.5)] {
        let answer = bob.post(PATH, json!({"block_id": malformed})).await;
        answer.refused(400, "invalid");
    }
    let missing = bob.post(PATH, json!({})).await;
    missing.refused(400, "missing");
    assert_eq!(bob.orders().await, json!([]));
}

async fn block_without_product_id_cannot_be_bought_by_virtual_payment(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let id = add_block(&app).await;
    let answer = bob.post(PATH, json!({"block_id": id})).await;
    answer.refused(409, "provider_unavailable");
}
