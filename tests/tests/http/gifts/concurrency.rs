//! `qlive_gift/push_gift/`: many gifts at the same time.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, gifts};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    concurrent_gifts_never_spend_more_than_the_balance,
    concurrent_gifts_spend_granted_bought_and_income_coins_to_zero,
    concurrent_gifts_in_both_directions_do_not_deadlock,
);

async fn concurrent_gifts_never_spend_more_than_the_balance(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.grant(&bob, 403).await;
    let gift = app.add_gift("ten coins", 10).await;
    let answers = join_all((0..100).map(|_| bob.give(&alice, gift, 1, json!({})))).await;
    let codes: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.ok()["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes.iter().filter(|code| *code == "success").count(), 40);
    assert_eq!(codes.iter().filter(|code| *code == "failed").count(), 60);
    assert_eq!(
        (bob.balances().await, alice.balances().await),
        ((3, 0), (0, 200))
    );
    app.audit().await;
}

async fn concurrent_gifts_spend_granted_bought_and_income_coins_to_zero(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    app.set_config("EXCHANGE_RATE", "1").await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay(&order).await;
    app.grant(&bob, 13).await;
    app.grant(&alice, 27).await;
    let one_coin = app.add_gift("one coin", 1).await;
    let ten_coins = app.add_gift("ten coins", 10).await;
    alice.give(&bob, one_coin, 27, json!({})).await.ok();
    // Bob has 13 granted, 60 bought and 27 income coins. Of ten gifts of ten coins, the second
    // takes granted and bought coins, and the eighth bought coins and income.
    let answers = join_all((0..100).map(|_| bob.give(&alice, ten_coins, 1, json!({})))).await;
    let given = answers
        .into_iter()
        .map(|answer| answer.ok())
        .filter(|answer| answer["code"] == "success")
        .count();
    assert_eq!(
        (given, bob.balances().await, alice.balances().await),
        (10, (0, 0), (0, 100))
    );
    app.audit().await;
}

async fn concurrent_gifts_in_both_directions_do_not_deadlock(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    let carl = app.guest("carl", Gender::Male).await;
    for client in [&bob, &alice, &carl] {
        app.grant(client, 100).await;
    }
    let clients = [&bob, &alice, &carl];
    let giving = (0..60).map(|turn: usize| {
        let from = clients[turn % 3];
        let to = clients[(turn + 1 + turn / 3 % 2) % 3];
        from.give(to, gifts::ROSE, 1, json!({}))
    });
    for answer in join_all(giving).await {
        assert_eq!(answer.ok()["code"], "success");
    }
    assert_eq!(
        app.system_balance("platform").await,
        60,
        "half a coin is rounded down, so the platform keeps the whole coin"
    );
}
