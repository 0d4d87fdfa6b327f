//! Refunds of virtual orders. xpay tells only how much of an order is left, not which refund took
//! it, so that one refund at a time is requested.

use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, fen, order_number, provider_paths, wait_until};
use serde_json::{Value, json};

on_both!(
    virtual_refund_is_done_after_its_push_or_a_query,
    platform_refund_takes_what_a_query_confirms_and_no_more,
    second_refund_of_a_virtual_order_waits_for_the_first,
    refund_without_a_configured_provider_is_refused,
);

async fn virtual_refund_is_done_after_its_push_or_a_query(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.refund(&order, Some(fen(200))).await.unwrap();
    assert_eq!(bob.balances().await, (40, 0));
    app.wait_for_refunds(&order, &[(200, "done")]).await;
    // The push about the next refund is lost; a query finds it.
    app.lose_next_notice("/wx_notify/").await;
    app.refund(&order, None).await.unwrap();
    app.wait_for_sandbox_calls(provider_paths::XPAY_REFUND, 2)
        .await;
    app.advance(60);
    app.wait_for_refunds(&order, &[(200, "done"), (400, "done")])
        .await;
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "refunded")
    );
    app.audit().await;
}

/// A push about a platform refund of bob's order.
fn platform_refund(order: &Value, number: &str, fen: i64) -> Value {
    json!({
        "Event": "xpay_refund_notify",
        "OpenId": "sandbox-bob",
        "WxRefundId": number,
        "MchRefundId": "",
        "MchOrderId": order_number(order),
        "RefundFee": fen,
        "RetCode": 0,
    })
}

async fn platform_refund_takes_what_a_query_confirms_and_no_more(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let send_push = async |push: Value| app.sandbox_post_json("pushes", push).await;
    app.add_fault(json!({"path": "/wx_notify/", "notice": "doubled", "times": 1}))
        .await;
    app.refund_at_platform(&order, 300).await;
    assert_eq!(bob.balances().await, (30, 0));
    // In plain mode anybody can send a push, so the server queries the order first.
    app.sandbox_post("push", json!({"secure": false, "xml": true}))
        .await;
    let forged = send_push(platform_refund(&order, "xr-forged", 300)).await;
    assert_eq!(forged["status"], 503);
    assert_eq!(bob.balances().await, (30, 0));
    // A push with a wrong amount takes what the query shows as refunded. The true push that
    // follows then finds nothing more.
    app.lose_next_notice("/wx_notify/").await;
    app.refund_at_platform(&order, 200).await;
    let wrong_amount = send_push(platform_refund(&order, "xr-other", i64::MAX)).await;
    assert_eq!(wrong_amount["status"], 200);
    assert_eq!(
        (bob.balances().await, app.refund_states(&order).await),
        ((10, 0), vec![(300, "done"), (200, "done")])
    );
    let true_push = send_push(platform_refund(&order, "xr-true", 200)).await;
    assert_eq!(true_push["status"], 503);
    let mut without_result = platform_refund(&order, "xr-no-result", 1);
    without_result.as_object_mut().unwrap().remove("RetCode");
    let without_result = send_push(without_result).await;
    assert_eq!(without_result["status"], 400);
    assert_eq!(bob.balances().await, (10, 0));
    app.refund_at_platform(&order, 100).await;
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "refunded")
    );
    app.audit().await;
}

async fn second_refund_of_a_virtual_order_waits_for_the_first(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.hold_refunds().await;
    let first = app.refund(&order, Some(fen(100))).await.unwrap();
    let second = app.refund(&order, Some(fen(100))).await;
    assert!(
        matches!(second, Err(PaymentsError::RefundUnderWay)),
        "{second:?}"
    );
    wait_until("the first refund succeeds", || {
        app.finish_refund(&first, "success")
    })
    .await;
    assert_eq!(
        (bob.balances().await, app.refund_states(&order).await),
        ((50, 0), vec![(100, "done")])
    );
    app.refund(&order, Some(fen(100))).await.unwrap();
    app.audit().await;
}

async fn refund_without_a_configured_provider_is_refused(db: TestDb) {
    let mut app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.settings.virtual_payment = None;
    app.settings.payments.provider = None;
    let app = app.restart(0).await;
    let refund = app.refund(&order, None).await;
    assert!(
        matches!(refund, Err(PaymentsError::ProviderUnavailable)),
        "{refund:?}"
    );
    assert_eq!(bob.balances().await, (60, 0));
    app.close().await;
}
