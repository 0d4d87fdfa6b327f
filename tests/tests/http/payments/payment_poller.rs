//! The payment poller: it queries the provider about orders, refunds and transfers of which no
//! notice arrived.

use std::time::Duration;

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, provider_paths, query_path, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    lost_notice_is_queried_by_one_of_several_instances,
    unpaid_order_is_closed_and_then_no_longer_queried,
    closed_virtual_order_is_queried_once_more_after_a_day,
    each_refund_and_transfer_is_requested_by_one_instance,
    paid_order_queried_by_an_operator_is_not_queried_again,
    queries_of_the_buyer_do_not_delay_the_poller,
);

/// The path of a query about an order of virtual payment.
const VIRTUAL_QUERY: &str = "/xpay/query_order";

/// Waits long enough for the payment poller to run once.
async fn wait_for_poller() {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
}

async fn lost_notice_is_queried_by_one_of_several_instances(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = app.second_instance().await;
    let third = app.second_instance().await;
    let bob = app.guest("bob", Gender::Male).await;
    let orders = join_all((0..12).map(|_| bob.create_order(blocks::SIXTY))).await;
    for order in &orders {
        app.pay_without_notice(order).await;
    }
    app.advance(11);
    bob.wait_for_balances(720, 0).await;
    wait_for_poller().await;
    for order in &orders {
        assert_eq!(app.sandbox_calls(&query_path(order)).await, 1, "{order}");
    }
    app.audit().await;
    second.close().await;
    third.close().await;
}

async fn unpaid_order_is_closed_and_then_no_longer_queried(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let path = query_path(&order);
    app.advance(11);
    app.wait_for_sandbox_calls(&path, 1).await;
    assert_eq!(bob.order_state(&order).await, "created");
    app.advance(1_800);
    wait_until("the order is closed", || async {
        bob.order_state(&order).await == "closed"
    })
    .await;
    assert_eq!(app.sandbox_calls(&format!("{path}/close")).await, 1);
    app.advance(2 * 86_400);
    wait_for_poller().await;
    let queries = app.sandbox_calls(&path).await;
    assert!(
        queries <= 4,
        "a closed order was queried {queries} times in two days"
    );
    assert_eq!(bob.balances().await, (0, 0));
}

async fn closed_virtual_order_is_queried_once_more_after_a_day(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let never_paid = bob.create_order(blocks::SIXTY).await;
    let paid_late = bob.create_order(blocks::SIXTY).await;
    app.advance(1_900);
    for order in [&never_paid, &paid_late] {
        wait_until("the order is closed", || async {
            bob.order_state(order).await == "closed"
        })
        .await;
    }
    let queries = app.sandbox_calls(VIRTUAL_QUERY).await;
    wait_for_poller().await;
    assert_eq!(
        app.sandbox_calls(VIRTUAL_QUERY).await,
        queries,
        "closed orders wait for their last check"
    );
    // Virtual payment cannot close an order on its side: the user may still pay, and the push
    // about it may be lost.
    app.pay_without_notice(&paid_late).await;
    app.advance(86_500);
    bob.wait_for_balances(60, 0).await;
    wait_for_poller().await;
    assert_eq!(
        app.sandbox_calls(VIRTUAL_QUERY).await,
        queries + 2,
        "each order is queried once more"
    );
    assert_eq!(bob.order_state(&never_paid).await, "closed");
    assert_eq!(bob.order_state(&paid_late).await, "paid");
    app.audit().await;
}

async fn each_refund_and_transfer_is_requested_by_one_instance(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = app.second_instance().await;
    let third = app.second_instance().await;
    let alice = app.earner(1_000).await;
    let (mut orders, mut withdrawals) = (Vec::new(), Vec::new());
    // The answers are slow, so that every instance polls while a request is in progress.
    for path in ["/v3/refund/", "/v3/fund-app/"] {
        app.add_fault(json!({"path": path, "latency_ms": 1_500}))
            .await;
    }
    // A user has at most three open withdrawals.
    for number in 0..3 {
        let (_, order) = app.buyer(&format!("buyer{number}"), blocks::TEN).await;
        orders.push(order);
        withdrawals.push(alice.withdraw(100, &format!("w{number}")).await);
    }
    for (order, withdrawal) in orders.iter().zip(&withdrawals) {
        app.refund(order, None).await.unwrap();
        app.approve_withdrawal(withdrawal).await;
    }
    for (order, withdrawal) in orders.iter().zip(&withdrawals) {
        wait_until("the refund is finished", || async {
            let refunds = app.refund_states(order).await;
            refunds.iter().all(|(_, state)| *state != "asked")
        })
        .await;
        alice.wait_for_withdrawal(withdrawal, "confirm").await;
    }
    assert_eq!(app.sandbox_calls(provider_paths::REFUND).await, 3);
    assert_eq!(app.sandbox_calls(provider_paths::TRANSFER).await, 3);
    app.audit().await;
    second.close().await;
    third.close().await;
}

async fn paid_order_queried_by_an_operator_is_not_queried_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let path = query_path(&order);
    let queried = app.query_order(&order).await.unwrap();
    assert_eq!(queried.state_name(), "paid");
    assert_eq!(app.sandbox_calls(&path).await, 1);
    app.advance(700);
    wait_for_poller().await;
    assert_eq!(
        (app.sandbox_calls(&path).await, bob.balances().await),
        (1, (60, 0))
    );
}

async fn queries_of_the_buyer_do_not_delay_the_poller(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    for request in 1..=6 {
        app.advance(3);
        assert_eq!(bob.order_state(&order).await, "created");
        assert!(app.sandbox_calls(&query_path(&order)).await >= request);
    }
    app.pay_without_notice(&order).await;
    app.advance(31);
    bob.wait_for_balances(60, 0).await;
}
