//! The review of withdrawals by operators, and debt.

use std::time::Duration;

use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient, blocks, gifts, named_operator, provider_paths};
use serde_json::{Value, json};

on_both!(
    rejected_withdrawal_returns_the_income,
    amount_above_the_limit_needs_two_operators,
    withdrawal_in_debt_is_409,
    debt_after_approval_delays_the_transfer,
);

/// Approves a withdrawal. The result is false while it needs a second approval.
async fn approve(app: &TestApp, operator: &str, withdrawal: &Value) -> Result<bool, PaymentsError> {
    let id = withdrawal["id"].as_i64().unwrap();
    let payments = &app.services.payments;
    payments
        .approve_withdrawal(named_operator(operator), id)
        .await
}

/// Buys sixty coins and spends 52 of them on a gift for `bob`.
async fn buy_and_spend(app: &TestApp, alice: &TestClient) -> Value {
    let order = alice.create_order(blocks::SIXTY).await;
    app.pay(&order).await;
    let bob = TestClient::login(app, "bob").await;
    alice.give(&bob, gifts::BEAR, 1, json!({})).await.ok();
    order
}

async fn rejected_withdrawal_returns_the_income(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(1000, "w").await;
    app.reject_withdrawal(&withdrawal).await.unwrap();
    alice.wait_for_withdrawal(&withdrawal, "rejected").await;
    assert_eq!(
        (alice.balances().await, app.held(&alice).await),
        ((0, 1000), 0)
    );
    let approval = approve(&app, "olga", &withdrawal).await;
    assert!(
        matches!(approval, Err(PaymentsError::AlreadyDecided)),
        "{approval:?}"
    );
    let rejection = app.reject_withdrawal(&withdrawal).await;
    assert!(
        matches!(rejection, Err(PaymentsError::AlreadyDecided)),
        "{rejection:?}"
    );
    alice.withdraw(1000, "w2").await;
    app.audit().await;
}

async fn amount_above_the_limit_needs_two_operators(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.payouts.second_operator_above_fen = 1_000;
    })
    .await;
    let alice = app.earner(1000).await;
    let at_the_limit = alice.withdraw(100, "a").await;
    let above = alice.withdraw(101, "b").await;
    app.approve_withdrawal(&at_the_limit).await;
    let is_approved = approve(&app, "olga", &above).await.unwrap();
    assert!(!is_approved, "a second operator must approve");
    let same_operator = approve(&app, "olga", &above).await;
    assert!(
        matches!(same_operator, Err(PaymentsError::SameOperator)),
        "{same_operator:?}"
    );
    alice.wait_for_withdrawal(&above, "review").await;
    assert!(approve(&app, "pavel", &above).await.unwrap());
    alice.wait_for_withdrawal(&above, "confirm").await;
    let third = approve(&app, "quinn", &above).await;
    assert!(
        matches!(third, Err(PaymentsError::AlreadyDecided)),
        "{third:?}"
    );
}

async fn withdrawal_in_debt_is_409(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let order = buy_and_spend(&app, &alice).await;
    app.refund(&order, None).await.unwrap();
    let in_debt = alice.try_withdraw(100, "a").await;
    in_debt.refused(409, "in_debt");
    let order = alice.create_order(blocks::SIXTY).await;
    app.pay(&order).await;
    alice.withdraw(100, "a").await;
    app.audit().await;
}

async fn debt_after_approval_delays_the_transfer(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let approved = alice.withdraw(100, "early").await;
    let in_review = alice.withdraw(100, "late").await;
    // One withdrawal is approved before the debt, but WeChat does not accept its transfer.
    app.add_fault(json!({
        "path": provider_paths::TRANSFER,
        "exact": true,
        "status": 500,
        "errcode": "SYSTEM_ERROR",
        "times": 1,
    }))
    .await;
    app.approve_withdrawal(&approved).await;
    app.wait_for_sandbox_calls(provider_paths::TRANSFER, 1)
        .await;
    let order = buy_and_spend(&app, &alice).await;
    app.refund(&order, None).await.unwrap();
    let approval = approve(&app, "olga", &in_review).await;
    assert!(
        matches!(approval, Err(PaymentsError::InDebt)),
        "{approval:?}"
    );
    app.advance(130);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        (
            app.sandbox_calls(provider_paths::TRANSFER).await,
            app.held(&alice).await
        ),
        (1, 200),
        "no transfer is requested while there is debt"
    );
    let order = alice.create_order(blocks::SIXTY).await;
    app.pay(&order).await;
    app.advance(130);
    alice.wait_for_withdrawal(&approved, "confirm").await;
    app.approve_withdrawal(&in_review).await;
    app.audit().await;
}
