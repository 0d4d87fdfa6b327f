//! Refunds of virtual orders that fail or whose answers are unclear.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, order_number, provider_paths, wait_until};
use serde_json::{Value, json};

on_both!(
    refused_virtual_refund_returns_the_coins,
    failed_virtual_refund_returns_the_coins_and_can_be_repeated,
    answer_to_a_repeated_request_returns_no_coins_of_refunded_money,
    answer_that_contradicts_a_refund_in_progress_is_ignored,
    forged_push_about_a_failed_refund_returns_no_coins,
);

/// Error codes of `refund_order`.
const INVALID_PARAMETER: i64 = 268_490_002;
const ALREADY_REFUNDED: i64 = 268_490_005;
const REFUND_IN_PROGRESS: i64 = 268_490_014;
const LEFT_FEE_MISMATCH: i64 = 268_490_016;

async fn requests(app: &TestApp) -> u64 {
    app.sandbox_calls(provider_paths::XPAY_REFUND).await
}

async fn wait_for_requests(app: &TestApp, times: u64) {
    app.wait_for_sandbox_calls(provider_paths::XPAY_REFUND, times)
        .await;
}

/// Makes xpay answer the next refund request with this error code.
async fn fail_next_request(app: &TestApp, errcode: i64) {
    let path = provider_paths::XPAY_REFUND;
    app.add_fault(json!({"path": path, "errcode": errcode, "times": 1}))
        .await;
}

/// Waits long enough for the server to process an answer.
async fn wait_for_processing() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

async fn refused_virtual_refund_returns_the_coins(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (carl, order) = app.buyer("carl", blocks::SIXTY).await;
    fail_next_request(&app, INVALID_PARAMETER).await;
    app.refund(&order, None).await.unwrap();
    carl.wait_for_balances(60, 0).await;
    assert_eq!(app.refund_states(&order).await, [(600, "refused")]);
    app.audit().await;
}

/// Chooses secure or plain JSON pushes.
async fn set_push_mode(app: &TestApp, secure: bool) {
    let mode = json!({"secure": secure, "xml": false});
    app.sandbox_post("push", mode).await;
}

/// One refund fails, of which the server learns by a push or by a query, and the next succeeds.
async fn fail_and_repeat_refund(app: &TestApp, name: &str, secure: bool, push_arrives: bool) {
    set_push_mode(app, secure).await;
    let (buyer, order) = app.buyer(name, blocks::SIXTY).await;
    let number = app.refund(&order, None).await.unwrap();
    assert_eq!(buyer.balances().await, (0, 0));
    if !push_arrives {
        app.lose_next_notice("/wx_notify/").await;
    }
    wait_until("WeChat fails the refund", || {
        app.finish_refund(&number, "closed")
    })
    .await;
    if !push_arrives {
        app.advance(130);
    }
    buyer.wait_for_balances(60, 0).await;
    assert_eq!(app.refund_states(&order).await, [(600, "refused")]);
    // The order still shows the failed refund at xpay, which says nothing about the next one.
    let before = requests(app).await;
    let number = app.refund(&order, None).await.unwrap();
    wait_for_requests(app, before + 1).await;
    app.advance(130);
    wait_for_requests(app, before + 2).await;
    wait_for_processing().await;
    assert_eq!(
        app.refund_states(&order).await,
        [(600, "refused"), (600, "asked")]
    );
    set_push_mode(app, true).await;
    assert!(app.finish_refund(&number, "success").await);
    assert_eq!(
        app.refund_states(&order).await,
        [(600, "refused"), (600, "done")]
    );
}

async fn failed_virtual_refund_returns_the_coins_and_can_be_repeated(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    app.hold_refunds().await;
    fail_and_repeat_refund(&app, "bob", true, true).await;
    fail_and_repeat_refund(&app, "carl", false, true).await;
    fail_and_repeat_refund(&app, "dora", true, false).await;
    app.audit().await;
}

async fn answer_to_a_repeated_request_returns_no_coins_of_refunded_money(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    // The refund succeeded and its push was lost. The repeated request is answered with an error.
    for (errcode, is_final) in [
        (ALREADY_REFUNDED, true),
        (INVALID_PARAMETER, true),
        (LEFT_FEE_MISMATCH, true),
        (REFUND_IN_PROGRESS, false),
    ] {
        let (buyer, order) = app.buyer(&format!("buyer{errcode}"), blocks::SIXTY).await;
        app.lose_next_notice("/wx_notify/").await;
        let before = requests(&app).await;
        app.refund(&order, None).await.unwrap();
        wait_for_requests(&app, before + 1).await;
        fail_next_request(&app, errcode).await;
        app.advance(130);
        wait_for_requests(&app, before + 2).await;
        if !is_final {
            wait_for_processing().await;
            assert_eq!(
                app.refund_states(&order).await,
                [(600, "asked")],
                "a refund in progress is not done"
            );
            app.advance(130);
        }
        app.wait_for_refunds(&order, &[(600, "done")]).await;
        assert_eq!(buyer.balances().await, (0, 0));
    }
    app.audit().await;
}

async fn answer_that_contradicts_a_refund_in_progress_is_ignored(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    app.hold_refunds().await;
    let (buyer, order) = app.buyer("buyer", blocks::SIXTY).await;
    app.refund(&order, None).await.unwrap();
    wait_for_requests(&app, 1).await;
    for (errcode, times) in [(ALREADY_REFUNDED, 2), (LEFT_FEE_MISMATCH, 3)] {
        fail_next_request(&app, errcode).await;
        app.advance(130);
        wait_for_requests(&app, times).await;
        wait_for_processing().await;
        assert_eq!(
            (app.refund_states(&order).await, buyer.balances().await),
            (vec![(600, "asked")], (0, 0)),
            "{errcode}"
        );
    }
    app.audit().await;
}

async fn forged_push_about_a_failed_refund_returns_no_coins(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    set_push_mode(&app, false).await;
    // The refund succeeds, and the push about it is lost.
    app.lose_next_notice("/wx_notify/").await;
    let number = app.refund(&order, None).await.unwrap();
    wait_for_requests(&app, 1).await;
    let send_forged_push = async |refund_number: &str, wechat_number: &str, result: i64| -> Value {
        let push = json!({
            "Event": "xpay_refund_notify",
            "OpenId": "sandbox-bob",
            "WxRefundId": wechat_number,
            "MchRefundId": refund_number,
            "MchOrderId": order_number(&order),
            "RefundFee": 600,
            "RetCode": result,
        });
        app.sandbox_post_json("pushes", push).await
    };
    let failure = send_forged_push(&number, "xr-1", 1).await;
    assert_eq!(failure["status"], 503, "the refund did not fail");
    let second_refund = send_forged_push("", "xr-2", 0).await;
    assert_eq!(
        second_refund["status"], 503,
        "the platform did not refund the order again"
    );
    assert_eq!((bob.balances().await, app.debt(&bob).await), ((0, 0), 0));
    app.advance(130);
    app.wait_for_refunds(&order, &[(600, "done")]).await;
    app.audit().await;
}
