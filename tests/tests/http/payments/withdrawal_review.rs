//! The review of withdrawals by operators, and debt.

use std::time::Duration;

use qlive_payments::{PaymentsError, RefundedGiver};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient, blocks, fen, named_operator, provider_paths};
use qlive_types::{Coins, Gender};
use serde_json::{Value, json};

on_both!(
    rejected_withdrawal_returns_the_income,
    amount_above_the_limit_needs_two_operators,
    withdrawal_in_debt_is_409,
    debt_after_approval_delays_the_transfer,
    requests_of_a_week_need_two_operators_together,
    withdrawal_of_a_banned_user_is_not_approved,
    ban_after_approval_delays_the_transfer,
    refunded_coins_that_were_given_away_show_at_the_receivers_withdrawal,
);

/// Approves a withdrawal. The result is false while it needs a second approval.
async fn approve(app: &TestApp, operator: &str, withdrawal: &Value) -> Result<bool, PaymentsError> {
    let id = withdrawal["id"].as_i64().unwrap();
    let payments = &app.services.payments;
    payments
        .approve_withdrawal(named_operator(operator), id)
        .await
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
    for same in ["olga", "OLGA ", " Ｏlga", "ol\u{AD}ga\u{200B}"] {
        let same_operator = approve(&app, same, &above).await;
        assert!(
            matches!(same_operator, Err(PaymentsError::SameOperator)),
            "{same:?}: {same_operator:?}"
        );
    }
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
    let bob = TestClient::login(&app, "bob").await;
    let order = app.buy_and_give(&alice, &bob).await;
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
    let bob = TestClient::login(&app, "bob").await;
    let order = app.buy_and_give(&alice, &bob).await;
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

async fn requests_of_a_week_need_two_operators_together(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.payouts.second_operator_above_fen = 2_000;
    })
    .await;
    let alice = app.earner(1000).await;
    let returned = alice.withdraw(200, "returned").await;
    app.reject_withdrawal(&returned).await.unwrap();
    let within = [
        alice.withdraw(100, "a").await,
        alice.withdraw(100, "b").await,
    ];
    app.advance(6 * 86_400);
    let above = alice.withdraw(100, "c").await;
    for withdrawal in &within {
        assert!(approve(&app, "olga", withdrawal).await.unwrap());
    }
    assert!(!approve(&app, "olga", &above).await.unwrap());
    assert!(approve(&app, "pavel", &above).await.unwrap());
    for withdrawal in &within {
        alice.wait_for_withdrawal(withdrawal, "confirm").await;
        let number = app.transfer_number(&alice, withdrawal).await;
        app.finish_transfer(&number, "confirm").await;
    }
    app.advance(86_400);
    let a_week_later = alice.withdraw(100, "d").await;
    assert!(
        approve(&app, "olga", &a_week_later).await.unwrap(),
        "only the one of yesterday counts"
    );
}

async fn withdrawal_of_a_banned_user_is_not_approved(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(100, "w").await;
    assert_eq!(app.review_summary(&withdrawal).await.banned_at, None);
    // The ban comes after an operator has seen the withdrawal.
    app.ban(alice.id()).await;
    let approval = approve(&app, "olga", &withdrawal).await;
    assert!(
        matches!(approval, Err(PaymentsError::Banned)),
        "{approval:?}"
    );
    let summary = app.review_summary(&withdrawal).await;
    assert!(summary.banned_at.is_some());
    alice.wait_for_withdrawal(&withdrawal, "review").await;
    assert_eq!(app.held(&alice).await, 100);
    let approvals = app.audit_log().await.into_iter();
    let approvals = approvals.filter(|(_, action, ..)| action == "withdrawals approve");
    assert_eq!(approvals.count(), 0, "nothing was approved");
    app.unban(alice.id()).await;
    app.approve_withdrawal(&withdrawal).await;
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
}

async fn ban_after_approval_delays_the_transfer(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let withdrawal = alice.withdraw(100, "w").await;
    app.add_fault(json!({
        "path": provider_paths::TRANSFER,
        "exact": true,
        "status": 500,
        "errcode": "SYSTEM_ERROR",
        "times": 1,
    }))
    .await;
    app.approve_withdrawal(&withdrawal).await;
    app.wait_for_sandbox_calls(provider_paths::TRANSFER, 1)
        .await;
    app.ban(alice.id()).await;
    app.advance(130);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        (
            app.sandbox_calls(provider_paths::TRANSFER).await,
            app.held(&alice).await
        ),
        (1, 100),
        "no transfer is requested for a banned user"
    );
    app.unban(alice.id()).await;
    app.advance(130);
    alice.wait_for_withdrawal(&withdrawal, "confirm").await;
    app.audit().await;
}

async fn refunded_coins_that_were_given_away_show_at_the_receivers_withdrawal(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1000).await;
    let carl = app.guest("carl", Gender::Male).await;
    let dora = app.guest("dora", Gender::Female).await;
    let order = app.buy_and_give(&carl, &alice).await;
    // Dora gave as much, and has no refund.
    app.buy_and_give(&dora, &alice).await;
    app.refund(&order, Some(fen(300))).await.unwrap();
    let withdrawal = alice.withdraw(100, "w").await;
    let summary = app.review_summary(&withdrawal).await;
    let coins = |amount| Coins::new(amount).unwrap();
    let expected = RefundedGiver {
        giver: carl.id(),
        orders: 1,
        refunded: fen(300),
        refunded_coins: coins(30),
        income: coins(52),
    };
    assert_eq!(summary.refunded_givers, [expected]);
    assert_eq!(
        (summary.debt, summary.amount_of_week),
        (coins(0), fen(1_000))
    );
    let age = app.clock.now().since(summary.account_created_at);
    assert!(age.as_secs() >= 8 * 86_400, "{age:?}");
    assert_eq!(app.debt(&carl).await, 22);
    app.audit().await;
}
