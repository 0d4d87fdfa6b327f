//! Refunds that WeChat refuses, closes, cannot complete or does not answer.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, order_number, provider_paths, wait_until};
use serde_json::json;

on_both!(
    refused_refund_returns_the_coins,
    closed_refund_returns_the_coins_and_a_later_success_changes_nothing,
    abnormal_refund_stays_open_until_it_is_resolved,
    refund_without_answer_is_requested_again_under_the_same_number,
);

async fn refused_refund_returns_the_coins(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.add_fault(json!({
        "path": provider_paths::REFUND,
        "exact": true,
        "status": 403,
        "errcode": "USER_ACCOUNT_ABNORMAL",
        "times": 1,
    }))
    .await;
    app.refund(&order, None).await.unwrap();
    bob.wait_for_balances(60, 0).await;
    assert_eq!(app.refund_states(&order).await, [(600, "refused")]);
    assert_eq!(bob.order_state(&order).await, "paid");
    app.refund(&order, None).await.unwrap();
    wait_until("the second refund is done", || async {
        bob.order_state(&order).await == "refunded"
            && app.refund_states(&order).await.last() == Some(&(600, "done"))
    })
    .await;
    assert_eq!(bob.balances().await, (0, 0));
    app.audit().await;
}

async fn closed_refund_returns_the_coins_and_a_later_success_changes_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.hold_refunds().await;
    let number = app.refund(&order, None).await.unwrap();
    app.wait_for_sandbox_calls(provider_paths::REFUND, 1).await;
    assert_eq!(
        app.refund_states(&order).await,
        [(600, "asked")],
        "an accepted request is not a finished refund"
    );
    wait_until("WeChat closes the refund", || {
        app.finish_refund(&number, "closed")
    })
    .await;
    assert_eq!(
        (bob.balances().await, app.refund_states(&order).await),
        ((60, 0), vec![(600, "refused")])
    );
    // A later notice of success contradicts the record: accepted, counted and logged.
    let success = json!({
        "mchid": "1900000001",
        "out_trade_no": order_number(&order),
        "out_refund_no": number,
        "refund_id": "5030",
        "refund_status": "SUCCESS",
        "amount": {"total": 600, "refund": 600},
    });
    let status = app
        .send_pay_notice("REFUND.SUCCESS", "refund", success, json!({}))
        .await;
    assert_eq!(status, 204);
    assert_eq!(
        (
            bob.balances().await,
            app.callback_count("pay", "contradiction").await
        ),
        ((60, 0), 1)
    );
    app.audit().await;
}

async fn abnormal_refund_stays_open_until_it_is_resolved(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.hold_refunds().await;
    let number = app.refund(&order, None).await.unwrap();
    wait_until("the card does not accept the refund", || {
        app.finish_refund(&number, "abnormal")
    })
    .await;
    app.advance(700);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        (bob.balances().await, app.refund_states(&order).await),
        ((0, 0), vec![(600, "asked")])
    );
    // The merchant resolves it in the console of WeChat Pay.
    assert!(app.finish_refund(&number, "success").await);
    app.wait_for_refunds(&order, &[(600, "done")]).await;
}

async fn refund_without_answer_is_requested_again_under_the_same_number(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let path = provider_paths::REFUND;
    // The first request fails, the answer to the second is lost, and so is WeChat's notice.
    let failure = json!({
        "path": path,
        "exact": true,
        "status": 500,
        "errcode": "SYSTEM_ERROR",
        "times": 1,
    });
    app.add_fault(failure).await;
    let lost_answer = json!({"path": path, "exact": true, "drop_answer": true, "times": 1});
    app.add_fault(lost_answer).await;
    app.add_fault(json!({"path": "/pay_notify/", "notice": "lost"}))
        .await;
    let number = app.refund(&order, None).await.unwrap();
    app.wait_for_sandbox_calls(path, 1).await;
    assert_eq!(
        (bob.balances().await, app.refund_states(&order).await),
        ((0, 0), vec![(600, "asked")])
    );
    app.add_fault(json!({
        "path": format!("{path}/{number}"),
        "status": 500,
        "errcode": "SYSTEM_ERROR",
        "times": 1,
    }))
    .await;
    app.wait_and_advance("a query finds the refund done", || async {
        app.refund_states(&order).await == [(600, "done")]
    })
    .await;
    assert_eq!(
        app.sandbox_calls(path).await,
        2,
        "requested again once, under the same number"
    );
    assert_eq!(bob.balances().await, (0, 0));
    app.audit().await;
}
