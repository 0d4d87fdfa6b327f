//! `qlive_gift/push_gift/`: gifts of and to users with a debt.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient, blocks, gifts};
use serde_json::{Value, json};

on_both!(
    income_of_a_debtor_is_neither_given_nor_withdrawn,
    new_income_pays_the_debt_first,
    share_of_a_host_in_debt_pays_the_debt_first,
    refund_among_gifts_loses_no_coin,
);

/// `alice` with 1000 coins of old income and a debt of 52, and `bob`, who got them.
async fn debtor(app: &TestApp) -> (TestClient, TestClient) {
    let alice = app.earner(1000).await;
    let bob = TestClient::login(app, "bob").await;
    let order = app.buy_and_give(&alice, &bob).await;
    app.refund(&order, None).await.unwrap();
    assert_eq!(
        (app.debt(&alice).await, alice.balances().await),
        (52, (0, 1000))
    );
    (alice, bob)
}

async fn income_of_a_debtor_is_neither_given_nor_withdrawn(db: TestDb) {
    let app = TestApp::start(db).await;
    let (alice, bob) = debtor(&app).await;
    let before = bob.balances().await;
    let refused = json!({"status": "failed", "code": "failed", "detail": "账户余额不足",
        "gold": 0, "income": 1000});
    let give = |request_id: &str| {
        let extra = json!({"request_id": request_id});
        alice.give(&bob, gifts::ROSE, 10, extra)
    };
    assert_eq!(give("g1").await.ok(), refused);
    alice.try_withdraw(100, "w1").await.refused(409, "in_debt");
    assert_eq!(
        (alice.balances().await, bob.balances().await),
        ((0, 1000), before)
    );
    let free = alice.give(&bob, gifts::LIKE, 1, json!({})).await;
    assert_eq!(free.ok()["code"], "success", "what costs nothing is given");
    app.grant(&alice, 9).await;
    assert_eq!(
        give("g1").await.ok()["gold"],
        9,
        "income does not add to the gold"
    );
    let from_gold = alice.give(&bob, gifts::ROSE, 9, json!({})).await;
    assert_eq!(from_gold.ok()["gold"], 0);
    let order = alice.create_order(blocks::SIXTY).await;
    app.pay(&order).await;
    assert_eq!(
        (app.debt(&alice).await, alice.balances().await),
        (0, (8, 1000))
    );
    let given = give("g1").await.ok();
    assert_eq!(
        (&given["code"], &given["income"]),
        (&json!("success"), &json!(998))
    );
    alice.withdraw(100, "w1").await;
    app.audit().await;
}

async fn new_income_pays_the_debt_first(db: TestDb) {
    let app = TestApp::start(db).await;
    let (alice, bob) = debtor(&app).await;
    app.grant(&bob, 200).await;
    for (debt, income) in [(42, 1000), (32, 1000)] {
        bob.give(&alice, gifts::CHOCOLATE, 1, json!({})).await.ok();
        assert_eq!(
            (app.debt(&alice).await, alice.balances().await),
            (debt, (0, income))
        );
    }
    let received = |row: &Value| json!([row["kind"], row["amount"], row["income"]]);
    let wallet = alice.wallet().await;
    assert_eq!(
        received(&wallet["results"][0]),
        json!(["gift_received", 0, 1000])
    );
    bob.give(&alice, gifts::CHOCOLATE, 5, json!({})).await.ok();
    assert_eq!(
        (app.debt(&alice).await, alice.balances().await),
        (0, (0, 1018))
    );
    let wallet = alice.wallet().await;
    assert_eq!(
        received(&wallet["results"][0]),
        json!(["gift_received", 18, 1018])
    );
    let young = alice.try_withdraw(1001, "w1").await;
    young.refused(409, "not_withdrawable");
    alice.withdraw(1000, "w2").await;
    app.audit().await;
}

async fn share_of_a_host_in_debt_pays_the_debt_first(db: TestDb) {
    let app = TestApp::start(db).await;
    let (stage, bob, alice) = app.stage_with_bob_and_alice().await;
    let order = app.buy_and_give(&stage.host, &bob).await;
    app.refund(&order, None).await.unwrap();
    app.set_config("HOST_RATE", "0.5").await;
    app.advance(2);
    app.grant(&bob, 1000).await;
    for (debt, income) in [(2, 0), (0, 48)] {
        bob.give(&alice, gifts::CHOCOLATE, 10, json!({})).await.ok();
        let host = &stage.host;
        assert_eq!(
            (app.debt(host).await, host.balances().await),
            (debt, (0, income))
        );
    }
    assert_eq!(alice.balances().await, (0, 100));
    app.audit().await;
}

async fn refund_among_gifts_loses_no_coin(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let bob = TestClient::login(&app, "bob").await;
    let order = app.buy_and_give(&alice, &bob).await;
    app.grant(&bob, 300).await;
    // Both give: Alice the last gold and then income, until there is a debt.
    let giving = (0..20).map(|at| {
        let (from, to) = if at % 2 == 0 {
            (&alice, &bob)
        } else {
            (&bob, &alice)
        };
        from.give(to, gifts::CHOCOLATE, 1, json!({}))
    });
    let (answers, refunded) = tokio::join!(join_all(giving), app.refund(&order, None));
    refunded.unwrap();
    let is_given = |answer: &qlive_tests::Answer| answer.body["code"] == "success";
    assert!(
        answers.iter().skip(1).step_by(2).all(is_given),
        "bob has gold"
    );
    let spent = answers
        .iter()
        .step_by(2)
        .filter(|one| is_given(one))
        .count();
    let spent = 10 * i64::try_from(spent).unwrap();
    let (gold, income) = alice.balances().await;
    let debt = app.debt(&alice).await;
    // Alice had 8 coins and 1000 of income, got 10 × 10, and lost 60 by the refund.
    assert_eq!(gold + income - debt, 8 + 1000 + 100 - 60 - spent);
    assert!(gold == 0 || debt == 0, "{gold} gold beside {debt} of debt");
    app.audit().await;
}
