//! Operators' decisions on withdrawals.

use qlive_payments::{PaymentsError, WithdrawalState};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use serde_json::json;

use crate::support::{Shop, operator, withdrawal_request};
use crate::withdrawals::{approve, earner};

on_both!(
    amount_above_the_limit_needs_two_operators,
    decided_withdrawal_is_not_decided_again,
    rejection_returns_the_income_and_is_logged,
    unsubmitted_transfer_can_be_rejected,
    transfer_that_wechat_does_not_have_can_be_rejected,
    transfer_that_wechat_has_is_not_rejected,
    approval_waits_until_the_debt_is_paid,
    nothing_is_withdrawn_without_the_setting,
);

const REQUEST_PATH: &str = "/v3/fund-app/mch-transfer/transfer-bills";

async fn amount_above_the_limit_needs_two_operators(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 20_001).await;
    let at_limit = shop.withdraw(user, 10_000, "w1").await;
    let above = shop.withdraw(user, 10_001, "w2").await;
    let approve = |name, id| shop.payments().approve_withdrawal(operator(name), id);
    assert!(approve("olga", at_limit.id).await.unwrap());
    assert!(!approve("olga", above.id).await.unwrap());
    let stored = shop.withdrawal(&above).await;
    assert_eq!(stored.state, WithdrawalState::ApprovedOnce);
    assert_eq!(stored.first_approval.as_deref(), Some("olga"));
    assert!(matches!(
        approve("olga", above.id).await,
        Err(PaymentsError::SameOperator)
    ));
    assert!(approve("pavel", above.id).await.unwrap());
    let stored = shop.withdrawal(&above).await;
    assert_eq!(stored.state, WithdrawalState::Approved);
}

async fn decided_withdrawal_is_not_decided_again(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    let payments = shop.payments();
    payments
        .reject_withdrawal(operator("olga"), withdrawal.id)
        .await
        .unwrap();
    let approved = payments.approve_withdrawal(operator("olga"), withdrawal.id);
    assert!(matches!(approved.await, Err(PaymentsError::AlreadyDecided)));
    let rejected = payments.reject_withdrawal(operator("olga"), withdrawal.id);
    assert!(matches!(rejected.await, Err(PaymentsError::AlreadyDecided)));
    for unknown in [
        payments
            .approve_withdrawal(operator("olga"), 99)
            .await
            .map(drop),
        payments.reject_withdrawal(operator("olga"), 99).await,
    ] {
        assert!(matches!(unknown, Err(PaymentsError::UnknownWithdrawal)));
    }
    assert_eq!(shop.income_and_held(user).await, (1_000, 0));
}

async fn rejection_returns_the_income_and_is_logged(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    shop.payments()
        .reject_withdrawal(operator("olga"), withdrawal.id)
        .await
        .unwrap();
    let stored = shop.withdrawal(&withdrawal).await;
    assert_eq!(stored.state, WithdrawalState::Rejected);
    assert_eq!(stored.detail, "a test", "the operator's reason");
    assert_eq!(shop.income_and_held(user).await, (1_000, 0));
    assert_eq!(
        shop.logged_actions().await,
        ["blocks add", "withdrawals reject"]
    );
    shop.audit().await;
}

async fn unsubmitted_transfer_can_be_rejected(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    shop.payments()
        .reject_withdrawal(operator("olga"), withdrawal.id)
        .await
        .unwrap();
    assert_eq!(shop.income_and_held(user).await, (1_000, 0));
    assert_eq!(shop.calls(REQUEST_PATH).await, 0);
    shop.audit().await;
}

async fn transfer_that_wechat_does_not_have_can_be_rejected(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let fault =
        json!({"path": REQUEST_PATH, "exact": true, "status": 403, "errcode": "NOT_ENOUGH"});
    shop.fault(fault).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    shop.poll_until("it is requested", async || {
        shop.calls(REQUEST_PATH).await == 1
    })
    .await;
    let reject = || {
        shop.payments()
            .reject_withdrawal(operator("olga"), withdrawal.id)
    };
    assert!(
        matches!(reject().await, Err(PaymentsError::QueryUnderWay)),
        "its request may not have arrived yet"
    );
    shop.test.advance(121);
    reject().await.unwrap();
    let stored = shop.withdrawal(&withdrawal).await;
    assert_eq!(stored.state, WithdrawalState::Rejected);
    assert_eq!(shop.income_and_held(user).await, (1_000, 0));
    shop.audit().await;
}

async fn transfer_that_wechat_has_is_not_rejected(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let lost = json!({"path": REQUEST_PATH, "exact": true, "drop_answer": true, "times": 1});
    shop.fault(lost).await;
    let query = format!("{REQUEST_PATH}/out-bill-no");
    shop.fault(json!({"path": query, "status": 503})).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    shop.poll_until("it is requested", async || {
        shop.calls(REQUEST_PATH).await == 1
    })
    .await;
    let reject = || {
        shop.payments()
            .reject_withdrawal(operator("olga"), withdrawal.id)
    };
    shop.test.advance(121);
    assert!(matches!(
        reject().await,
        Err(PaymentsError::ProviderSilent(_))
    ));
    shop.clear_faults().await;
    shop.test.advance(121);
    assert!(matches!(reject().await, Err(PaymentsError::AlreadyDecided)));
    let stored = shop.withdrawal(&withdrawal).await;
    assert_eq!(stored.state, WithdrawalState::AwaitingConfirmation);
    assert_eq!(shop.income_and_held(user).await, (600, 400));
}

async fn approval_waits_until_the_debt_is_paid(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    let order = shop.paid_order(user).await;
    shop.spend_bought(user, 60).await;
    shop.refund(&order, None).await;
    let approved = shop
        .payments()
        .approve_withdrawal(operator("olga"), withdrawal.id);
    assert!(matches!(approved.await, Err(PaymentsError::InDebt)));
    shop.paid_order(user).await;
    approve(&shop, &withdrawal).await;
}

async fn nothing_is_withdrawn_without_the_setting(db: TestDb) {
    let test = TestServices::start_with(db, |settings| {
        settings.payouts.transfer_scene_id = String::new();
    })
    .await;
    let user = test.user("alice", qlive_types::Gender::Female).await;
    let payments = &test.services.payments;
    let request = withdrawal_request(user, 100, "w1");
    assert!(matches!(
        payments.request_withdrawal(request).await.err(),
        Some(PaymentsError::WithdrawalsOff)
    ));
    assert!(matches!(
        payments.approve_withdrawal(operator("olga"), 1).await,
        Err(PaymentsError::WithdrawalsOff)
    ));
}
