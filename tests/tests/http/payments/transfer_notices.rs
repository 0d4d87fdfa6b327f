//! WeChat Pay's notices about transfers.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use serde_json::{Value, json};

on_both!(
    mismatched_notice_is_400_and_unknown_transfer_is_ignored,
    repeated_success_pays_once_and_a_later_failure_changes_nothing,
    success_of_a_withdrawal_in_review_is_400,
    success_after_a_failure_is_accepted_and_counted,
);

/// The notice that a transfer of this amount succeeded.
fn success(number: &str, fen: i64) -> Value {
    json!({
        "mch_id": "1900000001",
        "out_bill_no": number,
        "state": "SUCCESS",
        "transfer_amount": fen,
    })
}

/// Sends a notice about a transfer and returns the status that the server answered.
async fn send_notice(app: &TestApp, notice: Value) -> u64 {
    let event = "MCHTRANSFER.BILL.FINISHED";
    app.send_pay_notice(event, "mch_payment", notice, json!({}))
        .await
}

async fn mismatched_notice_is_400_and_unknown_transfer_is_ignored(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(400, "w").await;
    app.approve_withdrawal(&withdrawal).await;
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    let (number, _) = app.only_transfer().await;
    for (key, value) in [
        ("mch_id", json!("1900000009")),
        ("transfer_amount", json!(3999)),
        ("transfer_amount", json!(null)),
    ] {
        let mut mismatched = success(&number, 4000);
        mismatched[key] = value;
        assert_eq!(send_notice(&app, mismatched).await, 400, "{key}");
    }
    assert_eq!(send_notice(&app, success("W1", 4000)).await, 204);
    assert_eq!(app.held(&alice).await, 400);
    let shown = alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    assert_eq!(shown["state"], "confirm");
    assert_eq!(send_notice(&app, success(&number, 4000)).await, 204);
    alice.wait_for_withdrawal(&withdrawal, "paid").await;
    app.audit().await;
}

async fn repeated_success_pays_once_and_a_later_failure_changes_nothing(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(400, "w").await;
    app.approve_withdrawal(&withdrawal).await;
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    let (number, _) = app.only_transfer().await;
    for _ in 0..2 {
        assert_eq!(send_notice(&app, success(&number, 4000)).await, 204);
    }
    alice.wait_for_withdrawal(&withdrawal, "paid").await;
    let mut failure = success(&number, 4000);
    failure["state"] = json!("FAIL");
    assert_eq!(send_notice(&app, failure).await, 204);
    assert_eq!(
        (alice.balances().await, app.held(&alice).await),
        ((0, 600), 0),
        "a paid withdrawal stays paid"
    );
    app.audit().await;
}

async fn success_of_a_withdrawal_in_review_is_400(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(50, "review").await;
    let number = app.transfer_number(&alice, &withdrawal).await;
    assert_eq!(send_notice(&app, success(&number, 500)).await, 400);
    app.advance(1_300);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let shown = alice.wait_for_withdrawal(&withdrawal, "review").await;
    assert_eq!(shown["state"], "review");
    assert_eq!(app.held(&alice).await, 50);
    app.audit().await;
}

async fn success_after_a_failure_is_accepted_and_counted(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(100, "late").await;
    app.approve_withdrawal(&withdrawal).await;
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    let number = app.transfer_number(&alice, &withdrawal).await;
    app.finish_transfer(&number, "fail").await;
    let before = alice.balances().await;
    assert_eq!(send_notice(&app, success(&number, 1000)).await, 204);
    assert_eq!(app.callback_count("pay", "contradiction").await, 1);
    assert_eq!(alice.balances().await, before);
    app.audit().await;
}
