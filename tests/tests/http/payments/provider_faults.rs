//! Answers of WeChat Pay that are missing, unclear, forged or slow.

use std::time::Duration;

use qlive_payments::OrderState;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, order_number, provider_paths, query_path, wait_until};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    unclear_answer_leaves_the_order_open,
    answer_with_invalid_signature_is_ignored,
    order_paid_while_it_is_being_closed_is_credited,
    slow_answer_does_not_delay_the_next_attempt,
);

/// The recorded state of an order, which is read without querying the provider.
async fn recorded_state(app: &TestApp, order: &Value) -> OrderState {
    let payments = &app.services.payments;
    payments.order(order_number(order)).await.unwrap().state
}

async fn unclear_answer_leaves_the_order_open(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let path = query_path(&order);
    let faults = [
        json!({"status": 500, "errcode": "SYSTEM_ERROR"}),
        json!({"status": 429, "errcode": "FREQUENCY_LIMITED"}),
        json!({"status": 404}),
        json!({"drop_answer": true}),
    ];
    for (mut fault, queries) in faults.into_iter().zip(1..) {
        fault["path"] = json!(path);
        fault["exact"] = json!(true);
        fault["times"] = json!(1);
        app.add_fault(fault).await;
        // The order is long expired, but no clear answer says that it is unpaid.
        app.advance(1_900);
        app.wait_for_sandbox_calls(&path, queries).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(recorded_state(&app, &order).await, OrderState::Created);
    }
    assert_eq!(app.sandbox_calls(&format!("{path}/close")).await, 0);
    app.pay_late_without_notice(&order).await;
    app.advance(1_900);
    bob.wait_for_balances(60, 0).await;
}

async fn answer_with_invalid_signature_is_ignored(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let carl = app.guest("carl", Gender::Male).await;
    let bobs_order = bob.create_order(blocks::SIXTY).await;
    let carls_order = carl.create_order(blocks::TEN).await;
    let path = query_path(&bobs_order);
    app.add_fault(json!({"path": path, "tampered": true})).await;
    app.pay_without_notice(&bobs_order).await;
    app.advance(11);
    wait_until("the order is queried", || async {
        app.sandbox_calls(&path).await >= 1
    })
    .await;
    let error = app.query_order(&bobs_order).await.unwrap_err().to_string();
    assert!(error.contains("no clear answer"), "{error}");
    assert_eq!(bob.balances().await, (0, 0));
    app.clear_faults().await;
    app.advance(700);
    bob.wait_for_balances(60, 0).await;
    // Nor is an order created on an answer with an invalid signature.
    let fault = json!({"path": provider_paths::CREATE_ORDER, "tampered": true, "times": 1});
    app.add_fault(fault).await;
    let body = json!({"block_id": blocks::TEN});
    let created = carl.post("qlive_pay/", body).await;
    created.refused(503, "provider_silent");
    app.pay(&carls_order).await;
    app.audit().await;
}

async fn order_paid_while_it_is_being_closed_is_credited(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    // The user pays between the query and the close. WeChat Pay refuses the close, and the next
    // query finds the payment.
    let close = format!("{}/close", query_path(&order));
    app.add_fault(json!({"path": close, "latency_ms": 1_500, "times": 1}))
        .await;
    app.advance(1_801);
    app.wait_for_sandbox_calls(&close, 1).await;
    app.pay_late_without_notice(&order).await;
    tokio::time::sleep(Duration::from_millis(2_000)).await;
    assert_eq!(recorded_state(&app, &order).await, OrderState::Created);
    app.advance(700);
    bob.wait_for_balances(60, 0).await;
}

/// Waits for three attempts. The clock moves while the answers are still on their way, by the
/// time that must pass between the starts of two attempts.
async fn wait_for_three_attempts(app: &TestApp, path: &str) {
    for (attempt, seconds_to_next) in [(1, 21), (2, 31), (3, 0)] {
        wait_until(&format!("attempt {attempt} of {path}"), || async {
            app.sandbox_calls(path).await >= attempt
        })
        .await;
        app.advance(seconds_to_next);
    }
}

async fn slow_answer_does_not_delay_the_next_attempt(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1_000).await;
    let (_, paid_order) = app.buyer("buyer", blocks::SIXTY).await;
    let bob = app.guest("bob", Gender::Male).await;
    let open_order = bob.create_order(blocks::SIXTY).await;
    let withdrawal = alice.withdraw(100, "w").await;
    let query = query_path(&open_order);
    for path in [provider_paths::REFUND, provider_paths::TRANSFER, &query] {
        app.add_fault(json!({
            "path": path,
            "exact": true,
            "latency_ms": 700,
            "status": 500,
            "errcode": "SYSTEM_ERROR",
        }))
        .await;
    }
    app.advance(11);
    wait_for_three_attempts(&app, &query).await;
    app.refund(&paid_order, None).await.unwrap();
    wait_for_three_attempts(&app, provider_paths::REFUND).await;
    app.approve_withdrawal(&withdrawal).await;
    wait_for_three_attempts(&app, provider_paths::TRANSFER).await;
}
