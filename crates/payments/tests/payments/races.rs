//! The same thing at the same time, on two instances.

use futures_util::future::join_all;
use qlive_payments::{Accepted, CallbackOutcome, PaymentsError, RefundState, WithdrawalState};
use qlive_store::StoreError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::notices::payment_notice;
use crate::support::{Shop, fen, operator, signed, withdrawal_request};
use crate::withdrawals::{approve, earner};

on_both!(
    concurrent_notices_credit_once,
    notice_and_query_credit_once,
    two_pollers_query_an_order_once,
    concurrent_refunds_never_take_more_than_is_left,
    concurrent_withdrawals_never_hold_more_than_there_is,
    concurrent_equal_requests_make_one_withdrawal,
    concurrent_approvals_by_one_operator_count_once,
    rejection_and_poller_never_both_win,
    recharge_and_refund_leave_no_debt_beside_gold,
    concurrent_orders_never_exceed_the_bound,
    concurrent_withdrawals_never_exceed_three_open,
    concurrent_withdrawals_need_the_real_name_together,
);

/// Whether a transaction gave up because others changed the same rows.
fn is_busy(error: &PaymentsError) -> bool {
    matches!(error, PaymentsError::Store(StoreError::Busy))
}

async fn concurrent_notices_credit_once(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.pay(&order).await;
    let second = shop.test.second_instance();
    let notice = shop.last_notice();
    let outcomes = join_all((0..8).map(|at| {
        let payments = [shop.payments(), &second.payments][at % 2].clone();
        let notice = notice.clone();
        async move {
            payments
                .handle_pay_notice(&signed(&notice), &notice.body)
                .await
        }
    }))
    .await;
    let applied = outcomes
        .iter()
        .filter(|one| matches!(one, Ok(CallbackOutcome::Accepted(Accepted::Applied))));
    assert_eq!(applied.count(), 1, "{outcomes:?}");
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}

async fn notice_and_query_credit_once(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let second = shop.test.second_instance();
    for round in 1..=4 {
        let order = shop.order(user).await;
        shop.pay(&order).await;
        let notice = shop.last_notice();
        let (handled, queried) = tokio::join!(
            shop.handle_notice(&notice),
            second.payments.query_order(operator("test"), &order.number),
        );
        assert!(
            matches!(handled, CallbackOutcome::Accepted(_)),
            "{handled:?}"
        );
        assert_eq!(queried.unwrap().state_name(), "paid");
        assert_eq!(shop.bought_and_debt(user).await, (60 * round, 0));
    }
    shop.audit().await;
}

async fn two_pollers_query_an_order_once(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let mut orders = Vec::new();
    for _ in 0..6 {
        let order = shop.order(user).await;
        shop.pay_unreported(&order).await;
        orders.push(order);
    }
    shop.test.advance(11);
    let second = shop.test.second_instance();
    let stop = tokio_util::sync::CancellationToken::new();
    let other = tokio::spawn(second.payment_poller().run(stop.clone()));
    shop.poll_until("all are paid", async || {
        shop.bought_and_debt(user).await == (360, 0)
    })
    .await;
    stop.cancel();
    other.await.unwrap();
    for order in &orders {
        let path = format!("/v3/pay/transactions/out-trade-no/{}", order.number);
        assert_eq!(shop.calls(&path).await, 1);
    }
    shop.audit().await;
}

async fn concurrent_refunds_never_take_more_than_is_left(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let second = shop.test.second_instance();
    let requested = join_all((0..6).map(|at| {
        let payments = [shop.payments(), &second.payments][at % 2].clone();
        let number = order.number.clone();
        async move {
            payments
                .request_refund(operator("test"), &number, Some(fen(200)))
                .await
        }
    }))
    .await;
    let accepted = requested.iter().filter(|one| one.is_ok()).count();
    for error in requested.iter().filter_map(|one| one.as_ref().err()) {
        let is_refused = matches!(error, PaymentsError::NotRefundable(_));
        assert!(is_refused || is_busy(error), "{error}");
    }
    assert!((1..=3).contains(&accepted), "{accepted}");
    assert_eq!(
        shop.refund_states(&order).await,
        vec![(200, RefundState::Requested); accepted]
    );
    let left = 60 - 20 * i64::try_from(accepted).unwrap();
    assert_eq!(shop.bought_and_debt(user).await, (left, 0));
    shop.audit().await;
}

async fn concurrent_withdrawals_never_hold_more_than_there_is(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let second = shop.test.second_instance();
    let requested = join_all((0..6).map(|at| {
        let payments = [shop.payments(), &second.payments][at % 2].clone();
        let request = withdrawal_request(user, 400, &format!("w{at}"));
        async move { payments.request_withdrawal(request).await }
    }))
    .await;
    let accepted = requested.iter().filter(|one| one.is_ok()).count();
    for error in requested.iter().filter_map(|one| one.as_ref().err()) {
        let is_refused = matches!(error, PaymentsError::NotWithdrawable);
        assert!(is_refused || is_busy(error), "{error}");
    }
    assert!((1..=2).contains(&accepted), "{accepted}");
    let held = 400 * i64::try_from(accepted).unwrap();
    assert_eq!(shop.income_and_held(user).await, (1_000 - held, held));
    shop.audit().await;
}

async fn concurrent_equal_requests_make_one_withdrawal(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let second = shop.test.second_instance();
    let requested = join_all((0..6).map(|at| {
        let payments = [shop.payments(), &second.payments][at % 2].clone();
        let request = withdrawal_request(user, 1_000, "w1");
        async move { payments.request_withdrawal(request).await }
    }))
    .await;
    let ids: Vec<i64> = requested
        .iter()
        .filter_map(|one| one.as_ref().ok())
        .map(|withdrawal| withdrawal.id)
        .collect();
    assert!(
        !ids.is_empty() && ids.iter().all(|id| *id == ids[0]),
        "{ids:?}"
    );
    for error in requested.iter().filter_map(|one| one.as_ref().err()) {
        assert!(is_busy(error), "{error}");
    }
    assert_eq!(shop.income_and_held(user).await, (0, 1_000));
    shop.audit().await;
}

async fn concurrent_approvals_by_one_operator_count_once(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 10_001).await;
    let withdrawal = shop.withdraw(user, 10_001, "w1").await;
    let second = shop.test.second_instance();
    let (one, two) = tokio::join!(
        shop.payments()
            .approve_withdrawal(operator("olga"), withdrawal.id),
        second
            .payments
            .approve_withdrawal(operator("olga"), withdrawal.id),
    );
    let approved = [&one, &two].iter().filter(|one| one.is_ok()).count();
    assert_eq!(approved, 1, "{one:?} {two:?}");
    let stored = shop.withdrawal(&withdrawal).await;
    assert_eq!(stored.state, WithdrawalState::ApprovedOnce);
}

async fn rejection_and_poller_never_both_win(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let second = shop.test.second_instance();
    for round in 0..3 {
        let withdrawal = shop.withdraw(user, 100, &format!("w{round}")).await;
        approve(&shop, &withdrawal).await;
        let is_decided = async || {
            let state = shop.withdrawal(&withdrawal).await.state;
            [
                WithdrawalState::AwaitingConfirmation,
                WithdrawalState::Rejected,
            ]
            .contains(&state)
        };
        let (_, rejected) = tokio::join!(
            shop.poll_until("one of them wins", is_decided),
            second
                .payments
                .reject_withdrawal(operator("olga"), withdrawal.id),
        );
        let state = shop.withdrawal(&withdrawal).await.state;
        assert_eq!(
            rejected.is_ok(),
            state == WithdrawalState::Rejected,
            "{rejected:?} {state:?}"
        );
        let transfers = shop.sandbox_state().await["transfers"].clone();
        assert_eq!(
            transfers.get(&withdrawal.out_bill_no).is_some(),
            state == WithdrawalState::AwaitingConfirmation
        );
    }
    shop.audit().await;
}

async fn recharge_and_refund_leave_no_debt_beside_gold(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let second = shop.test.second_instance();
    for round in 1..=4 {
        let spent = shop.paid_order(user).await;
        let before = shop.balances(user).await.bought.get();
        shop.spend_bought(user, before).await;
        let order = shop.order(user).await;
        let notice = payment_notice(&shop, &order, &format!("42000{round}"));
        let (credited, refunded) = tokio::join!(
            shop.handle_made_up_notice(notice),
            second
                .payments
                .request_refund(operator("test"), &spent.number, None),
        );
        assert!(
            matches!(credited, CallbackOutcome::Accepted(_)),
            "{credited:?}"
        );
        refunded.unwrap();
        let (bought, debt) = shop.bought_and_debt(user).await;
        assert!(
            bought == 0 || debt == 0,
            "{bought} gold beside {debt} of debt"
        );
    }
    shop.audit().await;
}

async fn concurrent_orders_never_exceed_the_bound(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let second = shop.test.second_instance();
    let block = shop.block;
    let created = join_all((0..40).map(|at| {
        let payments = [shop.payments(), &second.payments][at % 2].clone();
        async move { payments.create_order(user, block, None).await }
    }))
    .await;
    let accepted = created.iter().filter(|one| one.is_ok()).count();
    for error in created.iter().filter_map(|one| one.as_ref().err()) {
        assert!(matches!(error, PaymentsError::TooManyOrders), "{error}");
    }
    assert_eq!(accepted, 20);
    assert_eq!(shop.payments().waiting_orders().await.unwrap().0, 20);
}

async fn concurrent_withdrawals_never_exceed_three_open(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let second = shop.test.second_instance();
    let requested = join_all((0..12).map(|at| {
        let payments = [shop.payments(), &second.payments][at % 2].clone();
        let request = withdrawal_request(user, 10, &format!("w{at}"));
        async move { payments.request_withdrawal(request).await }
    }))
    .await;
    let accepted: Vec<i64> = requested
        .iter()
        .filter_map(|one| one.as_ref().ok().map(|withdrawal| withdrawal.id))
        .collect();
    for error in requested.iter().filter_map(|one| one.as_ref().err()) {
        assert!(
            matches!(error, PaymentsError::TooManyWithdrawals),
            "{error}"
        );
    }
    assert_eq!(accepted.len(), 3);
    assert_eq!(shop.income_and_held(user).await, (970, 30));
    let rejected = shop
        .payments()
        .reject_withdrawal(operator("olga"), accepted[0]);
    rejected.await.unwrap();
    shop.withdraw(user, 10, "after").await;
    shop.audit().await;
}

async fn concurrent_withdrawals_need_the_real_name_together(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 30_000).await;
    let second = shop.test.second_instance();
    let request = |key: &str| withdrawal_request(user, 10_000, key);
    let (one, two) = tokio::join!(
        shop.payments().request_withdrawal(request("w1")),
        second.payments.request_withdrawal(request("w2")),
    );
    assert_ne!(one.is_ok(), two.is_ok(), "2,000 yuan within a week");
    let refused = one.and(two).err();
    assert!(matches!(refused, Some(PaymentsError::RealNameRequired)));
    shop.withdraw(user, 9_999, "w3").await;
    shop.test.advance(7 * 86_400 + 1);
    shop.withdraw(user, 10_000, "w4").await;
}
