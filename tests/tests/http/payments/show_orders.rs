//! `qlive_pay/order/`: what a user and an operator see of orders.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, order_number, provider_paths, query_path, wait_until};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    unpaid_order_is_not_credited,
    order_of_another_user_is_404_and_invalid_wait_is_400,
    waiting_request_ends_when_the_order_is_paid,
    waiting_request_queries_the_provider_when_the_notice_is_lost,
    list_has_the_last_twenty_orders_and_unknown_order_is_404,
    banned_user_cannot_buy_or_withdraw_but_sees_orders,
    operator_query_reports_contradictions_and_missing_answers,
);

const PATH: &str = "qlive_pay/order/";

async fn unpaid_order_is_not_credited(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    assert_eq!(app.metric("qlive_orders_waiting").await, 1);
    app.advance(15);
    let oldest = app.metric("qlive_orders_oldest_seconds").await;
    assert!((15..60).contains(&oldest), "{oldest}");
    wait_until("WeChat Pay is queried", || async {
        app.sandbox_calls(&query_path(&order)).await >= 1
    })
    .await;
    assert_eq!(
        (bob.order_state(&order).await.as_str(), bob.balances().await),
        ("created", (0, 0))
    );
}

async fn order_of_another_user_is_404_and_invalid_wait_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, alice) = app.bob_and_alice().await;
    let order = bob.create_order(blocks::TEN).await;
    let query = json!({"out_trade_no": order["out_trade_no"]});
    let to_another_user = alice.get(PATH, query.clone()).await;
    to_another_user.refused(404, "unknown_order");
    let shown = bob.get(PATH, query).await.ok();
    assert_eq!(
        (&shown["gold"], &shown["price"], &shown["state"]),
        (&json!(10), &json!(1), &json!("created"))
    );
    assert_eq!(bob.orders().await, json!([shown]));
    assert_eq!(alice.orders().await, json!([]));
    for wait in [0, 6, -1] {
        let query = json!({"out_trade_no": order["out_trade_no"], "wait": wait});
        bob.get(PATH, query).await.refused(400, "invalid");
    }
}

async fn waiting_request_ends_when_the_order_is_paid(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let query = json!({"out_trade_no": order["out_trade_no"], "wait": 5});
    let paying = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.pay(&order).await;
    };
    let (shown, ()) = tokio::join!(bob.get(PATH, query), paying);
    assert_eq!(shown.ok()["state"], "paid");
}

async fn waiting_request_queries_the_provider_when_the_notice_is_lost(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, _) = app.buyer("bob", blocks::SIXTY).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    app.advance(4);
    let query = json!({"out_trade_no": order["out_trade_no"], "wait": 1});
    let shown = bob.get(PATH, query).await.ok();
    assert_eq!(
        (&shown["state"], bob.balances().await),
        (&json!("paid"), (120, 0))
    );
}

async fn list_has_the_last_twenty_orders_and_unknown_order_is_404(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut numbers = Vec::new();
    for _ in 0..21 {
        let order = bob.create_order(blocks::TEN).await;
        app.pay(&order).await;
        numbers.push(order_number(&order).to_owned());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let listed = bob.orders().await;
    let listed: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(order_number)
        .collect();
    numbers.reverse();
    assert_eq!(listed, numbers[..20]);
    let unknown = bob.get(PATH, json!({"out_trade_no": "Q".repeat(65)})).await;
    unknown.refused(404, "unknown_order");
}

async fn banned_user_cannot_buy_or_withdraw_but_sees_orders(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.ban(bob.id()).await;
    let body = json!({"block_id": blocks::SIXTY});
    bob.post("qlive_pay/", body).await.refused(403, "banned");
    let withdrawal = bob.try_withdraw(10, "a").await;
    withdrawal.refused(403, "banned");
    let query = json!({"out_trade_no": order["out_trade_no"]});
    bob.get(PATH, query).await.ok();
    assert_eq!(bob.balances().await, (60, 0));
}

async fn operator_query_reports_contradictions_and_missing_answers(db: TestDb) {
    let app = TestApp::start(db).await;
    let (_, order) = app.buyer("bob", blocks::SIXTY).await;
    assert!(app.query_order(&order).await.is_ok());
    let query_error = async |fault: Value| {
        app.add_fault(fault).await;
        app.query_order(&order).await.unwrap_err().to_string()
    };
    let path = provider_paths::QUERY_ORDER;
    let unknown_to_provider =
        json!({"path": path, "status": 404, "errcode": "ORDER_NOT_EXIST", "times": 1});
    let contradiction = query_error(unknown_to_provider).await;
    assert!(
        contradiction.contains("paid here, but not there"),
        "{contradiction}"
    );
    let outage = json!({"path": path, "status": 503, "times": 1});
    let no_answer = query_error(outage).await;
    assert!(no_answer.contains("no clear answer"), "{no_answer}");
}
