//! Refunds that an operator requests: which coins are taken back, and what becomes debt.

use futures_util::future::join_all;
use qlive_payments::{NewBlock, PaymentsError};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, fen, gifts, provider_paths, wait_until};
use qlive_types::{Coins, Gender};
use serde_json::{Value, json};

on_both!(
    refund_takes_the_coins_at_once_and_is_requested_once,
    spent_coins_become_debt_that_the_next_recharge_pays,
    refund_takes_bought_before_granted_coins_and_no_income,
    partial_refunds_never_exceed_the_order,
    concurrent_refunds_never_exceed_the_order,
    refund_concurrent_with_a_recharge_leaves_no_debt_beside_gold,
    coins_of_a_failed_refund_pay_the_debt,
);

async fn refund_takes_the_coins_at_once_and_is_requested_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.refund(&order, Some(fen(150))).await.unwrap();
    assert_eq!(bob.balances().await, (45, 0), "a quarter of 60 is taken");
    app.wait_for_refunds(&order, &[(150, "done")]).await;
    assert_eq!(
        bob.order_state(&order).await,
        "paid",
        "the order is refunded in part"
    );
    app.refund(&order, None).await.unwrap();
    assert_eq!(bob.balances().await, (0, 0));
    app.wait_for_refunds(&order, &[(150, "done"), (450, "done")])
        .await;
    assert_eq!(bob.order_state(&order).await, "refunded");
    let third = app.refund(&order, None).await;
    assert!(
        matches!(third, Err(PaymentsError::NotRefundable(_))),
        "{third:?}"
    );
    assert_eq!(app.sandbox_calls(provider_paths::REFUND).await, 2);
    assert_eq!(app.system_balance("wechat_pay").await, 0);
    let wallet = bob.wallet().await;
    let rows = wallet["results"].as_array().unwrap();
    let kinds: Vec<&Value> = rows.iter().map(|row| &row["kind"]).collect();
    assert_eq!(kinds, ["refund", "refund", "recharge"]);
}

async fn spent_coins_become_debt_that_the_next_recharge_pays(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let alice = app.guest("alice", Gender::Female).await;
    bob.give(&alice, gifts::BEAR, 1, json!({})).await.ok();
    assert_eq!(bob.balances().await, (8, 0));
    app.refund(&order, None).await.unwrap();
    assert_eq!((bob.balances().await, app.debt(&bob).await), ((0, 0), 52));
    assert_eq!(
        alice.balances().await,
        (0, 26),
        "the receiver of the gift keeps the income"
    );
    let ten_coins = bob.create_order(blocks::TEN).await;
    app.pay(&ten_coins).await;
    assert_eq!(
        (bob.balances().await, app.debt(&bob).await),
        ((0, 0), 42),
        "all ten coins pay debt"
    );
    let sixty_coins = bob.create_order(blocks::SIXTY).await;
    app.pay(&sixty_coins).await;
    assert_eq!((bob.balances().await, app.debt(&bob).await), ((18, 0), 0));
    app.audit().await;
}

async fn refund_takes_bought_before_granted_coins_and_no_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let alice = app.guest("alice", Gender::Female).await;
    app.set_config("EXCHANGE_RATE", "1").await;
    app.grant(&bob, 30).await;
    app.grant(&alice, 99).await;
    alice.give(&bob, gifts::PERFUME, 1, json!({})).await.ok();
    bob.give(&alice, gifts::BEAR, 1, json!({})).await.ok();
    // The bear cost 30 granted and 22 bought coins; 38 bought coins are left.
    assert_eq!(bob.balances().await, (38, 99));
    app.grant(&bob, 10).await;
    app.refund(&order, None).await.unwrap();
    assert_eq!(
        (bob.balances().await, app.debt(&bob).await),
        ((0, 99), 12),
        "the refund takes 38 bought and 10 granted coins and leaves 12 of debt"
    );
    app.audit().await;
}

async fn partial_refunds_never_exceed_the_order(db: TestDb) {
    let app = TestApp::start(db).await;
    let block = NewBlock {
        gold: Coins::new(10).unwrap(),
        price: fen(3),
        product_id: None,
    };
    let payments = &app.services.payments;
    let block = payments.add_block(app.operator(), block).await.unwrap();
    let (bob, order) = app.buyer("bob", block).await;
    for coins_left in [6, 2, 0] {
        app.refund(&order, Some(fen(1))).await.unwrap();
        assert_eq!(bob.balances().await, (coins_left, 0));
    }
    let more = app.refund(&order, Some(fen(1))).await;
    assert!(
        matches!(more, Err(PaymentsError::NotRefundable(_))),
        "{more:?}"
    );
    // The coins of each part are rounded up. Once no coin is left, the rest of the money is still
    // refunded.
    let (carl, order) = app.buyer("carl", blocks::TEN).await;
    for _ in 0..11 {
        app.refund(&order, Some(fen(5))).await.unwrap();
    }
    assert_eq!((carl.balances().await, app.debt(&carl).await), ((0, 0), 0));
    app.audit().await;
}

async fn concurrent_refunds_never_exceed_the_order(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let refunds = join_all((0..8).map(|_| app.refund(&order, Some(fen(400))))).await;
    assert_eq!(refunds.iter().filter(|refund| refund.is_ok()).count(), 1);
    assert_eq!(bob.balances().await, (20, 0));
    app.audit().await;
}

async fn refund_concurrent_with_a_recharge_leaves_no_debt_beside_gold(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    let sixty_coins = app.add_gift("sixty coins", 60).await;
    for _ in 0..25 {
        let first = bob.create_order(blocks::SIXTY).await;
        let second = bob.create_order(blocks::SIXTY).await;
        app.pay(&first).await;
        bob.give(&alice, sixty_coins, 1, json!({})).await.ok();
        let refunding = async {
            // The operator tries again when the transaction lost against the recharge.
            while let Err(error) = app.refund(&first, None).await {
                assert!(
                    matches!(error, PaymentsError::Store(_) | PaymentsError::Ledger(_)),
                    "{error}"
                );
            }
        };
        tokio::join!(refunding, app.pay(&second));
        assert_eq!(
            (bob.balances().await, app.debt(&bob).await),
            ((0, 0), 0),
            "the new gold pays the debt"
        );
    }
    app.audit().await;
}

async fn coins_of_a_failed_refund_pay_the_debt(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, sixty_coins) = app.buyer("bob", blocks::SIXTY).await;
    let ten_coins = bob.create_order(blocks::TEN).await;
    app.pay(&ten_coins).await;
    let alice = app.guest("alice", Gender::Female).await;
    bob.give(&alice, gifts::CHOCOLATE, 7, json!({})).await.ok();
    app.hold_refunds().await;
    let number = app.refund(&ten_coins, None).await.unwrap();
    app.refund(&sixty_coins, None).await.unwrap();
    assert_eq!(app.debt(&bob).await, 70);
    wait_until("WeChat closes the refund", || {
        app.finish_refund(&number, "closed")
    })
    .await;
    assert_eq!(
        (bob.balances().await, app.debt(&bob).await),
        ((0, 0), 60),
        "the ten returned coins pay debt"
    );
    app.audit().await;
}
