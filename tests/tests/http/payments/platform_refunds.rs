//! Refunds that a merchant made at the platform and whose notice was lost: an operator imports them
//! by their number.

use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, fen, order_number};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    lost_wechat_pay_refund_is_reported_and_imported_by_its_number,
    lost_virtual_refund_is_reported_and_imported_by_a_number,
    order_first_queried_after_its_refund_is_credited_and_reported,
    refund_of_another_payment_of_the_order_takes_no_coins,
    push_with_the_number_of_another_orders_refund_is_refused,
);

/// Refunds a part of an order at the platform; the notices about it are lost.
async fn refund_without_notice(app: &TestApp, order: &Value, fen: i64) {
    app.lose_next_notice("/pay_notify/").await;
    app.lose_next_notice("/wx_notify/").await;
    app.refund_at_platform(order, fen).await;
    app.clear_faults().await;
}

/// The number of the only refund that WeChat has.
async fn only_refund(app: &TestApp) -> String {
    let refunds = app.sandbox_state().await["refunds"].clone();
    refunds.as_object().unwrap().keys().next().unwrap().clone()
}

/// Imports a refund of an order by its number.
async fn import_refund(app: &TestApp, order: &Value, number: &str) -> Result<(), PaymentsError> {
    let payments = &app.services.payments;
    let queried = payments.import_platform_refund(app.operator(), order_number(order), number);
    queried.await.map(drop)
}

#[track_caller]
fn assert_not_refundable(result: Result<(), PaymentsError>) {
    assert!(
        matches!(result, Err(PaymentsError::NotRefundable(_))),
        "{result:?}"
    );
}

#[track_caller]
fn assert_unknown_to_provider(result: Result<(), PaymentsError>) {
    assert!(
        matches!(result, Err(PaymentsError::ProviderSilent(_))),
        "{result:?}"
    );
}

/// Asserts that a query of the order reports a refund that is not recorded.
async fn assert_unrecorded_refund_is_reported(app: &TestApp, order: &Value) {
    let error = app.query_order(order).await.unwrap_err().to_string();
    assert!(error.contains("nothing is on record"), "{error}");
}

async fn lost_wechat_pay_refund_is_reported_and_imported_by_its_number(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let (carl, carls_order) = app.buyer("carl", blocks::SIXTY).await;
    refund_without_notice(&app, &order, 300).await;
    assert_unrecorded_refund_is_reported(&app, &order).await;
    let number = only_refund(&app).await;
    assert_not_refundable(import_refund(&app, &carls_order, &number).await);
    assert_unknown_to_provider(import_refund(&app, &order, "never-made").await);
    assert_eq!(
        (bob.balances().await, carl.balances().await),
        ((60, 0), (60, 0))
    );
    for _ in 0..2 {
        import_refund(&app, &order, &number).await.unwrap();
        assert_eq!(
            (bob.balances().await, app.refund_states(&order).await),
            ((30, 0), vec![(300, "done")])
        );
    }
    app.query_order(&order).await.unwrap();
    let log = app.audit_log().await;
    let logged = log
        .iter()
        .filter(|row| format!("{row:?}").contains("refunded by the platform"));
    assert_eq!(logged.count(), 1, "{log:?}");
    // Refunds that the server requested are queried by the poller and cannot be imported.
    let requested = app.refund(&order, Some(fen(100))).await.unwrap();
    app.wait_for_refunds(&order, &[(300, "done"), (100, "done")])
        .await;
    assert_not_refundable(import_refund(&app, &order, &requested).await);
    app.audit().await;
}

async fn lost_virtual_refund_is_reported_and_imported_by_a_number(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    assert_unknown_to_provider(import_refund(&app, &order, "xr-1").await);
    refund_without_notice(&app, &order, 300).await;
    assert_unrecorded_refund_is_reported(&app, &order).await;
    assert_not_refundable(import_refund(&app, &order, "").await);
    import_refund(&app, &order, "xr-1").await.unwrap();
    assert_eq!(
        (bob.balances().await, app.refund_states(&order).await),
        ((30, 0), vec![(300, "done")])
    );
    app.query_order(&order).await.unwrap();
    // The push arrives late, with the number that the operator did not know. It takes no more.
    let late_push = json!({
        "Event": "xpay_refund_notify",
        "OpenId": "sandbox-bob",
        "WxRefundId": "xr-true",
        "MchRefundId": "",
        "MchOrderId": order_number(&order),
        "RefundFee": 300,
        "RetCode": 0,
    });
    let answer = app.sandbox_post_json("pushes", late_push).await;
    assert_eq!(answer["status"], 503);
    assert_eq!(bob.balances().await, (30, 0));
    // A recorded number cannot be used for the refund of another order.
    let (carl, carls_order) = app.buyer("carl", blocks::SIXTY).await;
    refund_without_notice(&app, &carls_order, 600).await;
    assert_not_refundable(import_refund(&app, &carls_order, "xr-1").await);
    assert_eq!(carl.balances().await, (60, 0));
    app.audit().await;
}

async fn order_first_queried_after_its_refund_is_credited_and_reported(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    refund_without_notice(&app, &order, 600).await;
    assert_unrecorded_refund_is_reported(&app, &order).await;
    assert_eq!(bob.balances().await, (60, 0));
    let number = only_refund(&app).await;
    import_refund(&app, &order, &number).await.unwrap();
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "refunded")
    );
    app.audit().await;
}

/// Sends the notice of a finished refund of 600 fen, made in the console for a transaction, and
/// returns the status that the server answered.
async fn send_refund(app: &TestApp, order: &Value, refund_id: &str, transaction: &str) -> u64 {
    let notice = json!({
        "mchid": "1900000001",
        "out_trade_no": order_number(order),
        "out_refund_no": "console-1",
        "refund_id": refund_id,
        "transaction_id": transaction,
        "refund_status": "SUCCESS",
        "amount": {"total": 600, "refund": 600},
    });
    app.send_pay_notice("REFUND.SUCCESS", "refund", notice, json!({}))
        .await
}

async fn refund_of_another_payment_of_the_order_takes_no_coins(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let payments = &app.services.payments;
    let recorded = payments.order(order_number(&order)).await.unwrap();
    for another in ["4299-another", ""] {
        let status = send_refund(&app, &order, "5031", another).await;
        assert_eq!(status, 400, "{another:?}");
        assert_eq!(
            (bob.balances().await, app.refund_states(&order).await),
            ((60, 0), vec![])
        );
    }
    let transaction = recorded.transaction_id.unwrap();
    let status = send_refund(&app, &order, "5031", &transaction).await;
    assert_eq!(status, 204);
    assert_eq!(bob.balances().await, (0, 0));
    // The notice of such a refund may arrive before the notice of the payment that was credited.
    let carl = app.guest("carl", Gender::Male).await;
    let order = carl.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    let status = send_refund(&app, &order, "5032", "4299-another").await;
    assert_eq!(status, 400);
    assert_eq!(carl.balances().await, (60, 0));
    app.audit().await;
}

async fn push_with_the_number_of_another_orders_refund_is_refused(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let (carl, carls_order) = app.buyer("carl", blocks::SIXTY).await;
    let push = |order: &Value| {
        json!({"Event": "xpay_refund_notify", "OpenId": "sandbox-bob", "WxRefundId": "xr-1",
            "MchRefundId": "", "MchOrderId": order_number(order), "RefundFee": 300, "RetCode": 0})
    };
    for (order, status) in [(&order, 200), (&order, 200), (&carls_order, 400)] {
        let answer = app.sandbox_post_json("pushes", push(order)).await;
        assert_eq!(answer["status"], status, "{order}");
    }
    assert_eq!(app.callback_count("push", "mismatch").await, 1);
    assert_eq!(
        (bob.balances().await, carl.balances().await),
        ((30, 0), (60, 0))
    );
    app.audit().await;
}
