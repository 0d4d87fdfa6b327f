//! Operators' decisions on withdrawals.

use qlive_payments::{PaymentsError, RefundedGiver, WithdrawalState};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use serde_json::json;

use crate::support::{Shop, coins, fen, operator, withdrawal_request};
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
    requests_of_a_week_need_two_operators_together,
    withdrawal_of_a_banned_user_is_not_approved,
    ban_after_the_approval_stops_the_transfer,
    review_shows_refunds_of_those_who_gave_the_income,
);

const REQUEST_PATH: &str = "/v3/fund-app/mch-transfer/transfer-bills";

async fn amount_above_the_limit_needs_two_operators(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 20_001).await;
    let at_limit = shop.withdraw(user, 10_000, "w1").await;
    let approve = |name, id| shop.payments().approve_withdrawal(operator(name), id);
    assert!(approve("olga", at_limit.id).await.unwrap());
    // What was requested more than a week ago does not count.
    shop.test.advance(7 * 86_400 + 1);
    let above = shop.withdraw(user, 10_001, "w2").await;
    assert!(!approve("olga", above.id).await.unwrap());
    let stored = shop.withdrawal(&above).await;
    assert_eq!(stored.state, WithdrawalState::ApprovedOnce);
    assert_eq!(stored.first_approval.as_deref(), Some("olga"));
    for same in ["olga", "OLGA ", "ｏｌｇａ", "ol\u{200B}ga"] {
        let approved = approve(same, above.id).await;
        assert!(
            matches!(approved, Err(PaymentsError::SameOperator)),
            "{same:?}"
        );
    }
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

async fn requests_of_a_week_need_two_operators_together(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 40_000).await;
    let approve = |name, id| shop.payments().approve_withdrawal(operator(name), id);
    let returned = shop.withdraw(user, 9_000, "w0").await;
    let rejected = shop
        .payments()
        .reject_withdrawal(operator("olga"), returned.id);
    rejected.await.unwrap();
    let first = shop.withdraw(user, 6_000, "w1").await;
    shop.test.advance(86_400);
    let second = shop.withdraw(user, 4_000, "w2").await;
    shop.test.advance(86_400);
    let third = shop.withdraw(user, 3, "w3").await;
    assert!(
        approve("olga", second.id).await.unwrap(),
        "1,000 yuan in all"
    );
    assert!(
        !approve("olga", third.id).await.unwrap(),
        "above 1,000 yuan"
    );
    assert!(
        approve("olga", first.id).await.unwrap(),
        "later ones do not count"
    );
    assert!(approve("pavel", third.id).await.unwrap());
    let (_, summary) = shop
        .payments()
        .withdrawal_to_review(third.id)
        .await
        .unwrap();
    assert_eq!(summary.amount_of_week, fen(100_030));
}

async fn withdrawal_of_a_banned_user_is_not_approved(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 20_000).await;
    let withdrawal = shop.withdraw(user, 11_000, "w1").await;
    let approve = |name| {
        shop.payments()
            .approve_withdrawal(operator(name), withdrawal.id)
    };
    let rooms = &shop.test.services.rooms;
    // The ban comes after an operator saw the withdrawal, before the first or second approval.
    for (name, before, after) in [
        (
            "olga",
            WithdrawalState::InReview,
            WithdrawalState::ApprovedOnce,
        ),
        (
            "pavel",
            WithdrawalState::ApprovedOnce,
            WithdrawalState::Approved,
        ),
    ] {
        rooms.ban(operator("test"), user).await.unwrap();
        assert!(matches!(approve(name).await, Err(PaymentsError::Banned)));
        assert_eq!(shop.withdrawal(&withdrawal).await.state, before);
        let (_, summary) = shop
            .payments()
            .withdrawal_to_review(withdrawal.id)
            .await
            .unwrap();
        assert!(summary.banned_at.is_some());
        rooms.unban(operator("test"), user).await.unwrap();
        approve(name).await.unwrap();
        assert_eq!(shop.withdrawal(&withdrawal).await.state, after);
    }
    assert_eq!(shop.income_and_held(user).await, (9_000, 11_000));
}

async fn ban_after_the_approval_stops_the_transfer(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let carl = shop.user("carl").await;
    shop.earn(carl, 1_000).await;
    let user = earner(&shop, 1_000).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    let rooms = &shop.test.services.rooms;
    rooms.ban(operator("test"), user).await.unwrap();
    // One that is due later is requested: the poller has come to both.
    shop.test.advance(1);
    let of_carl = shop.withdraw(carl, 400, "w1").await;
    approve(&shop, &of_carl).await;
    shop.poll_until("the other one is requested", async || {
        shop.withdrawal(&of_carl).await.state == WithdrawalState::AwaitingConfirmation
    })
    .await;
    let stored = shop.withdrawal(&withdrawal).await;
    assert_eq!(stored.state, WithdrawalState::Approved);
    shop.test.advance(121);
    let rejected = shop
        .payments()
        .reject_withdrawal(operator("olga"), withdrawal.id);
    rejected.await.unwrap();
    assert_eq!(shop.calls(REQUEST_PATH).await, 1);
    assert_eq!(shop.income_and_held(user).await, (1_000, 0));
    shop.audit().await;
}

async fn review_shows_refunds_of_those_who_gave_the_income(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let (bob, carl) = (shop.user("bob").await, shop.user("carl").await);
    // What was given before the refunded order does not come from it.
    shop.paid_order(carl).await;
    shop.give_bought(carl, user, 7).await;
    shop.test.advance(60);
    let order = shop.paid_order(bob).await;
    shop.give_bought(bob, user, 30).await;
    let of_carl = shop.paid_order(carl).await;
    shop.refund(&order, Some(300)).await;
    shop.refund(&of_carl, None).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    let review = async || {
        let review = shop.payments().withdrawal_to_review(withdrawal.id).await;
        review.unwrap().1
    };
    let summary = review().await;
    let of_bob = RefundedGiver {
        giver: bob,
        orders: 1,
        refunded: fen(300),
        refunded_coins: coins(30),
        income: coins(30),
    };
    assert_eq!(summary.refunded_givers, [of_bob]);
    assert_eq!((summary.banned_at, summary.debt), (None, coins(0)));
    assert_eq!(summary.amount_of_week, fen(4_000));
    let age = shop.test.clock.now().since(summary.account_created_at);
    assert!(age.as_secs() >= 8 * 86_400, "{age:?}");
    shop.test.advance(30 * 86_400 + 1);
    assert_eq!(review().await.refunded_givers, [], "the refund is old");
}
