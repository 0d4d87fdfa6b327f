//! Requesting withdrawals, and their transfers at WeChat.

use std::mem::discriminant;

use qlive_ledger::LedgerError;
use qlive_payments::{
    Accepted, CallbackOutcome, Contradiction, Mismatch, NoticeKind, NoticeResult, PaymentsError,
    Withdrawal, WithdrawalState,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::{Page, UserId};
use serde_json::{Value, json};

use crate::support::{Shop, coins, fen, operator, withdrawal_request};

on_both!(
    withdrawal_holds_income_and_is_paid_when_the_user_confirms,
    request_is_refused_by_the_rules,
    income_must_be_old_enough,
    debt_must_be_paid_first,
    repeated_request_makes_one_withdrawal,
    real_name_is_required_for_large_amounts_and_erased_at_the_end,
    withdrawal_is_shown_to_its_user_only,
    unconfirmed_transfer_expires_and_the_income_returns,
    failed_transfer_returns_the_income,
    refused_transfer_returns_the_income,
    unclear_answer_keeps_the_income_held,
    lost_answer_is_requested_again_under_the_same_number,
    debt_after_the_approval_stops_the_transfer,
    notice_that_does_not_match_changes_nothing,
);

const APPLIED: CallbackOutcome = CallbackOutcome::Accepted(Accepted::Applied);
const KNOWN: CallbackOutcome = CallbackOutcome::Accepted(Accepted::AlreadyKnown);
const REQUEST_PATH: &str = "/v3/fund-app/mch-transfer/transfer-bills";

/// A user with income that is old enough to be withdrawn.
pub(crate) async fn earner(shop: &Shop, income: i64) -> UserId {
    let user = shop.user("alice").await;
    shop.earn(user, income).await;
    shop.test.advance(8 * 86_400);
    user
}

pub(crate) async fn approve(shop: &Shop, withdrawal: &Withdrawal) {
    let approved = shop
        .payments()
        .approve_withdrawal(operator("olga"), withdrawal.id);
    assert!(approved.await.unwrap());
}

/// Polls until the withdrawal has this state.
async fn poll_until_state(shop: &Shop, withdrawal: &Withdrawal, state: WithdrawalState) {
    shop.poll_until(state.name(), async || {
        shop.withdrawal(withdrawal).await.state == state
    })
    .await;
}

/// The user confirms the transfer, or what else becomes of it.
async fn decide(shop: &Shop, withdrawal: &Withdrawal, body: Value) {
    let path = format!("/sandbox/transfers/{}", withdrawal.out_bill_no);
    assert_eq!(shop.test.sandbox_post(&path, body).await, 204);
}

async fn withdrawal_holds_income_and_is_paid_when_the_user_confirms(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    assert_eq!(withdrawal.amount, fen(4_000));
    assert_eq!(shop.income_and_held(user).await, (600, 400));
    approve(&shop, &withdrawal).await;
    poll_until_state(&shop, &withdrawal, WithdrawalState::AwaitingConfirmation).await;
    let waiting = shop.withdrawal(&withdrawal).await;
    assert!(waiting.package_info.is_some());
    assert!(waiting.expires_at.is_some());
    decide(&shop, &withdrawal, json!({"do": "confirm"})).await;
    let notice = shop.last_notice();
    assert_eq!(shop.handle_notice(&notice).await, APPLIED);
    assert_eq!(shop.handle_notice(&notice).await, KNOWN);
    let paid = shop.withdrawal(&withdrawal).await;
    assert_eq!(paid.state, WithdrawalState::Paid);
    let kept = shop.kept_notices(&paid.out_bill_no).await;
    let (transfer, applied) = (NoticeKind::Transfer, NoticeResult::Applied);
    assert_eq!(kept, [(transfer, applied), (transfer, NoticeResult::Known)]);
    assert_eq!((paid.package_info, paid.done_at.is_some()), (None, true));
    assert_eq!(shop.income_and_held(user).await, (600, 0));
    shop.audit().await;
}

async fn request_is_refused_by_the_rules(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 30_000).await;
    for (income, expected) in [
        (2, PaymentsError::BelowMinimum),
        (20_000, PaymentsError::RealNameRequired),
        (30_001, PaymentsError::RealNameRequired),
    ] {
        let request = withdrawal_request(user, income, "w1");
        let refused = shop.payments().request_withdrawal(request).await;
        let error = refused.err().unwrap();
        assert_eq!(discriminant(&error), discriminant(&expected), "{error}");
    }
    let mut request = withdrawal_request(user, 30_001, "w1");
    request.real_name = Some("李雷".into());
    let refused = shop.payments().request_withdrawal(request).await.err();
    assert!(matches!(refused, Some(PaymentsError::NotWithdrawable)));
    assert_eq!(shop.income_and_held(user).await, (30_000, 0));
    assert!(
        shop.payments()
            .withdrawals_of(user)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn income_must_be_old_enough(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 100).await;
    shop.earn(user, 50).await;
    let request = withdrawal_request(user, 101, "w1");
    let refused = shop.payments().request_withdrawal(request).await.err();
    assert!(matches!(refused, Some(PaymentsError::NotWithdrawable)));
    shop.withdraw(user, 100, "w2").await;
    shop.test.advance(7 * 86_400 + 1);
    shop.withdraw(user, 50, "w3").await;
    assert_eq!(shop.income_and_held(user).await, (0, 150));
    shop.audit().await;
}

async fn debt_must_be_paid_first(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 100).await;
    let order = shop.paid_order(user).await;
    shop.spend_bought(user, 60).await;
    shop.refund(&order, Some(100)).await;
    let request = || {
        let request = withdrawal_request(user, 100, "w1");
        shop.payments().request_withdrawal(request)
    };
    assert!(matches!(request().await.err(), Some(PaymentsError::InDebt)));
    shop.paid_order(user).await;
    assert!(request().await.is_ok());
}

async fn repeated_request_makes_one_withdrawal(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let first = shop.withdraw(user, 1_000, "w1").await;
    let second = shop.withdraw(user, 1_000, "w1").await;
    assert_eq!(
        (first.id, &first.out_bill_no),
        (second.id, &second.out_bill_no)
    );
    assert_eq!(shop.income_and_held(user).await, (0, 1_000));
    let other = withdrawal_request(user, 999, "w1");
    assert!(matches!(
        shop.payments().request_withdrawal(other).await.err(),
        Some(PaymentsError::Ledger(LedgerError::KeyReused))
    ));
    shop.audit().await;
}

async fn real_name_is_required_for_large_amounts_and_erased_at_the_end(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 20_000).await;
    let mut request = withdrawal_request(user, 20_000, "w1");
    request.real_name = Some("李雷".into());
    let withdrawal = shop.payments().request_withdrawal(request).await;
    let withdrawal = withdrawal.unwrap();
    let approve = |name| {
        shop.payments()
            .approve_withdrawal(operator(name), withdrawal.id)
    };
    assert!(!approve("olga").await.unwrap());
    assert!(approve("pavel").await.unwrap());
    poll_until_state(&shop, &withdrawal, WithdrawalState::AwaitingConfirmation).await;
    let state = shop.sandbox_state().await;
    let transfer = &state["transfers"][&withdrawal.out_bill_no];
    assert_eq!(transfer["name"], "李雷", "WeChat can decrypt it");
    assert_eq!(stored_name(&shop, withdrawal.id).await, "李雷");
    decide(&shop, &withdrawal, json!({"do": "confirm"})).await;
    assert_eq!(shop.handle_notice(&shop.last_notice()).await, APPLIED);
    assert_eq!(stored_name(&shop, withdrawal.id).await, "");
}

async fn stored_name(shop: &Shop, id: i64) -> String {
    use diesel::prelude::*;
    use qlive_store::schema::withdrawals;

    let db = &shop.test.services.db;
    db.read(move |conn| {
        let name = withdrawals::table.find(id).select(withdrawals::real_name);
        Ok::<_, qlive_store::StoreError>(name.get_result(conn)?)
    })
    .await
    .unwrap()
}

async fn withdrawal_is_shown_to_its_user_only(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let other = shop.user("bob").await;
    let first = shop.withdraw(user, 100, "w1").await;
    let second = shop.withdraw(user, 100, "w2").await;
    let payments = shop.payments();
    for (of, id) in [(other, first.id), (user, 99)] {
        assert!(matches!(
            payments.withdrawal_of(of, id).await.err(),
            Some(PaymentsError::UnknownWithdrawal)
        ));
    }
    let ids = |list: &[Withdrawal]| list.iter().map(|one| one.id).collect::<Vec<i64>>();
    let latest = payments.withdrawals_of(user).await.unwrap();
    assert_eq!(ids(&latest), [second.id, first.id]);
    approve(&shop, &first).await;
    let page = payments.withdrawals(Page::FIRST).await.unwrap();
    let (page, summary): (Vec<_>, Vec<_>) = page.into_iter().unzip();
    assert_eq!(ids(&page), [second.id, first.id], "those in review first");
    assert!(summary.iter().all(Option::is_some), "neither has ended");
    assert_eq!(payments.merchant_id(), Some("1900000001"));
}

async fn unconfirmed_transfer_expires_and_the_income_returns(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    poll_until_state(&shop, &withdrawal, WithdrawalState::AwaitingConfirmation).await;
    shop.test.advance(86_401);
    poll_until_state(&shop, &withdrawal, WithdrawalState::Expired).await;
    assert_eq!(shop.income_and_held(user).await, (1_000, 0));
    // Returned income is as old as it was.
    shop.withdraw(user, 1_000, "w2").await;
    shop.audit().await;
}

async fn failed_transfer_returns_the_income(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    for (key, outcome) in [("w1", "fail"), ("w2", "cancel")] {
        let withdrawal = shop.withdraw(user, 400, key).await;
        approve(&shop, &withdrawal).await;
        poll_until_state(&shop, &withdrawal, WithdrawalState::AwaitingConfirmation).await;
        decide(&shop, &withdrawal, json!({"do": outcome})).await;
        assert_eq!(shop.handle_notice(&shop.last_notice()).await, APPLIED);
        let failed = shop.withdrawal(&withdrawal).await;
        assert_eq!(failed.state, WithdrawalState::Failed, "{outcome}");
        assert_eq!(shop.income_and_held(user).await, (1_000, 0));
    }
    shop.audit().await;
}

async fn refused_transfer_returns_the_income(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let fault = json!({"path": REQUEST_PATH, "exact": true, "status": 400,
        "errcode": "INVALID_REQUEST", "times": 1});
    shop.fault(fault).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    poll_until_state(&shop, &withdrawal, WithdrawalState::Failed).await;
    let failed = shop.withdrawal(&withdrawal).await;
    assert!(
        failed.detail.contains("INVALID_REQUEST"),
        "{}",
        failed.detail
    );
    assert_eq!(shop.income_and_held(user).await, (1_000, 0));
    shop.audit().await;
}

async fn unclear_answer_keeps_the_income_held(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let fault = json!({"path": REQUEST_PATH, "exact": true, "status": 403,
        "errcode": "NOT_ENOUGH", "times": 1});
    shop.fault(fault).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    shop.poll_until("it is requested", async || {
        shop.calls(REQUEST_PATH).await == 1
    })
    .await;
    let stored = shop.withdrawal(&withdrawal).await;
    assert_eq!(stored.state, WithdrawalState::Approved);
    assert_eq!(shop.income_and_held(user).await, (600, 400));
    shop.test.advance(60);
    poll_until_state(&shop, &withdrawal, WithdrawalState::AwaitingConfirmation).await;
}

async fn lost_answer_is_requested_again_under_the_same_number(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let lost = json!({"path": REQUEST_PATH, "exact": true, "drop_answer": true, "times": 1});
    shop.fault(lost).await;
    let query = format!("{REQUEST_PATH}/out-bill-no");
    shop.fault(json!({"path": query, "status": 503, "times": 1}))
        .await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    shop.poll_until("it is requested", async || {
        shop.calls(REQUEST_PATH).await == 1
    })
    .await;
    shop.test.advance(60);
    poll_until_state(&shop, &withdrawal, WithdrawalState::AwaitingConfirmation).await;
    let stored = shop.withdrawal(&withdrawal).await;
    assert!(stored.package_info.is_some());
    let transfers = shop.sandbox_state().await["transfers"].clone();
    assert_eq!(transfers.as_object().unwrap().len(), 1);
    assert_eq!(shop.calls(REQUEST_PATH).await, 2);
}

async fn debt_after_the_approval_stops_the_transfer(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let order = shop.paid_order(user).await;
    shop.spend_bought(user, 60).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    approve(&shop, &withdrawal).await;
    shop.refund(&order, Some(100)).await;
    shop.poll_until("the refund is requested", async || {
        shop.calls("/v3/refund/domestic/refunds").await == 1
    })
    .await;
    shop.test.advance(30);
    shop.poll_until("the refund is queried", async || {
        let refund = shop.refunds(&order).await.remove(0);
        refund.done_at.is_some()
    })
    .await;
    assert_eq!(shop.calls(REQUEST_PATH).await, 0);
    shop.paid_order(user).await;
    shop.test.advance(700);
    poll_until_state(&shop, &withdrawal, WithdrawalState::AwaitingConfirmation).await;
    shop.audit().await;
}

async fn notice_that_does_not_match_changes_nothing(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = earner(&shop, 1_000).await;
    let withdrawal = shop.withdraw(user, 400, "w1").await;
    let notice = |number: &str, amount: i64| {
        let resource = json!({"mch_id": "1900000001", "out_bill_no": number,
            "transfer_bill_no": "1330", "state": "SUCCESS", "transfer_amount": amount});
        json!({"event": "MCHTRANSFER.BILL.FINISHED", "kind": "mch_payment",
            "resource": resource})
    };
    let number = withdrawal.out_bill_no.as_str();
    for (number, amount, outcome) in [
        (
            "W1",
            4_000,
            CallbackOutcome::Accepted(Accepted::UnknownSubject),
        ),
        (number, 1, CallbackOutcome::Mismatch(Mismatch::Amount)),
        (
            number,
            4_000,
            CallbackOutcome::Mismatch(Mismatch::NotApproved),
        ),
    ] {
        let made_up = notice(number, amount);
        assert_eq!(shop.handle_made_up_notice(made_up).await, outcome);
    }
    let rejected = shop
        .payments()
        .reject_withdrawal(operator("olga"), withdrawal.id);
    rejected.await.unwrap();
    assert_eq!(
        shop.handle_made_up_notice(notice(number, 4_000)).await,
        CallbackOutcome::Accepted(Accepted::Contradiction(Contradiction::PaidAfterReturn))
    );
    let balances = shop.balances(user).await;
    assert_eq!((balances.income, balances.held), (coins(1_000), coins(0)));
    shop.audit().await;
}
