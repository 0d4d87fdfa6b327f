//! Refunds of WeChat Pay: those that we request, and those of the platform.

use qlive_payments::{
    Accepted, CallbackOutcome, Contradiction, Mismatch, PaymentsError, RefundState,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::{Value, json};

use crate::support::{Purchase, Shop, fen, operator};

on_both!(
    refund_takes_the_coins_at_once_and_is_done_by_its_notice,
    lost_notice_of_a_refund_is_found_by_the_poller,
    parts_are_refunded_until_nothing_is_left,
    spent_coins_become_a_debt_that_the_next_recharge_pays,
    refused_refund_returns_the_coins,
    request_is_refused_when_the_order_cannot_be_refunded,
    notice_that_contradicts_a_settled_refund_is_accepted_and_changes_nothing,
    refund_notice_of_another_amount_is_a_mismatch,
    platform_refund_is_recorded_once,
    platform_refund_that_overtakes_its_payment_settles_both,
    lost_platform_refund_is_imported_once,
    import_is_refused_when_the_refund_does_not_match,
);

const APPLIED: CallbackOutcome = CallbackOutcome::Accepted(Accepted::Applied);
const KNOWN: CallbackOutcome = CallbackOutcome::Accepted(Accepted::AlreadyKnown);
const fn contradiction(contradiction: Contradiction) -> CallbackOutcome {
    CallbackOutcome::Accepted(Accepted::Contradiction(contradiction))
}

const REQUEST_PATH: &str = "/v3/refund/domestic/refunds";

/// A notice about a refund, as WeChat Pay sends it.
fn refund_notice(shop: &Shop, order: &Purchase, number: &str, status: &str) -> Value {
    let mchid = &shop.test.settings.wechat_pay.as_ref().unwrap().mchid;
    json!({"event": "REFUND.SUCCESS", "kind": "refund", "resource": {
        "mchid": mchid, "out_trade_no": order.number, "out_refund_no": number,
        "refund_id": "50300001", "transaction_id": "4200001", "refund_status": status,
        "amount": {"total": 600, "refund": 200}}})
}

/// The platform refunds a part of an order by itself.
async fn refund_by_platform(shop: &Shop, order: &Purchase, amount: i64) {
    let path = format!("/sandbox/pay/{}/refund", order.number);
    let status = shop.test.sandbox_post(&path, json!({"fen": amount})).await;
    assert_eq!(status, 204);
}

/// Has the sandbox decide later what becomes of refunds.
async fn hold_refunds(shop: &Shop) {
    let held = shop
        .test
        .sandbox_post("/sandbox/refunds", json!({"hold": true}));
    assert_eq!(held.await, 204);
}

async fn decide(shop: &Shop, number: &str, outcome: &str) {
    let path = format!("/sandbox/refunds/{number}");
    let decided = shop.test.sandbox_post(&path, json!({"do": outcome}));
    assert_eq!(decided.await, 204);
}

async fn refund_takes_the_coins_at_once_and_is_done_by_its_notice(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    hold_refunds(&shop).await;
    let number = shop.refund(&order, None).await;
    assert_eq!(shop.bought_and_debt(user).await, (0, 0));
    assert_eq!(
        shop.refund_states(&order).await,
        [(600, RefundState::Requested)]
    );
    shop.poll_until("it is requested", async || {
        shop.calls(REQUEST_PATH).await == 1
    })
    .await;
    decide(&shop, &number, "success").await;
    let notice = shop.last_notice();
    assert_eq!(shop.handle_notice(&notice).await, APPLIED);
    assert_eq!(shop.handle_notice(&notice).await, KNOWN);
    assert_eq!(shop.refund_states(&order).await, [(600, RefundState::Done)]);
    assert_eq!(shop.state(&order).await, "refunded");
    shop.audit().await;
}

async fn lost_notice_of_a_refund_is_found_by_the_poller(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    shop.refund(&order, None).await;
    shop.poll_until("it is requested", async || {
        shop.calls(REQUEST_PATH).await == 1
    })
    .await;
    shop.test.advance(60);
    shop.poll_until("it is done", async || {
        shop.refund_states(&order).await == [(600, RefundState::Done)]
    })
    .await;
    assert_eq!(shop.calls(REQUEST_PATH).await, 1, "it is requested once");
    shop.audit().await;
}

async fn parts_are_refunded_until_nothing_is_left(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    shop.refund(&order, Some(201)).await;
    assert_eq!(shop.bought_and_debt(user).await, (39, 0), "rounded up");
    let more = shop
        .payments()
        .request_refund(operator("test"), &order.number, Some(fen(400)));
    assert!(matches!(
        more.await,
        Err(PaymentsError::NotRefundable(Mismatch::MoreThanLeft))
    ));
    shop.refund(&order, None).await;
    assert_eq!(shop.bought_and_debt(user).await, (0, 0));
    let amounts: Vec<i64> = shop
        .refunds(&order)
        .await
        .iter()
        .map(|refund| refund.fen.get())
        .collect();
    assert_eq!(amounts, [201, 399]);
    shop.audit().await;
}

async fn spent_coins_become_a_debt_that_the_next_recharge_pays(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    shop.spend_bought(user, 50).await;
    shop.refund(&order, None).await;
    assert_eq!(shop.bought_and_debt(user).await, (0, 50));
    let taken = shop.refunds(&order).await[0].coins;
    assert_eq!((taken.bought.get(), taken.debt.get()), (10, 50));
    shop.paid_order(user).await;
    assert_eq!(shop.bought_and_debt(user).await, (10, 0));
    shop.audit().await;
}

async fn refused_refund_returns_the_coins(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let fault = json!({"path": REQUEST_PATH, "exact": true, "status": 403,
        "errcode": "USER_ACCOUNT_ABNORMAL", "times": 1});
    shop.fault(fault).await;
    shop.refund(&order, Some(200)).await;
    shop.poll_until("it is refused", async || {
        shop.refund_states(&order).await == [(200, RefundState::Refused)]
    })
    .await;
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    assert_eq!(shop.state(&order).await, "paid");
    // What was refused can be requested again.
    shop.refund(&order, None).await;
    assert_eq!(shop.bought_and_debt(user).await, (0, 0));
    shop.audit().await;
}

async fn request_is_refused_when_the_order_cannot_be_refunded(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let request = async |number: &str, amount: i64| {
        let requested = shop
            .payments()
            .request_refund(operator("test"), number, Some(fen(amount)));
        requested.await.unwrap_err()
    };
    let open = shop.order(user).await;
    let paid = shop.paid_order(user).await;
    assert!(matches!(
        request("Q1", 1).await,
        PaymentsError::UnknownOrder
    ));
    assert!(matches!(
        request(&open.number, 1).await,
        PaymentsError::NotPaid
    ));
    for amount in [0, 601] {
        assert!(matches!(
            request(&paid.number, amount).await,
            PaymentsError::NotRefundable(Mismatch::MoreThanLeft)
        ));
    }
    assert_eq!(shop.refunds(&paid).await, []);
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}

async fn notice_that_contradicts_a_settled_refund_is_accepted_and_changes_nothing(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let refused = shop.refund(&order, Some(200)).await;
    let done = shop.refund(&order, Some(200)).await;
    for (number, status, outcome) in [
        (&refused, "CLOSED", APPLIED),
        (
            &refused,
            "SUCCESS",
            contradiction(Contradiction::RefundedAfterRefusal),
        ),
        (&done, "SUCCESS", APPLIED),
        (
            &done,
            "CLOSED",
            contradiction(Contradiction::RefusedAfterRefund),
        ),
        (&done, "PROCESSING", KNOWN),
    ] {
        let notice = refund_notice(&shop, &order, number, status);
        assert_eq!(
            shop.handle_made_up_notice(notice).await,
            outcome,
            "{number} {status}"
        );
    }
    assert_eq!(shop.bought_and_debt(user).await, (40, 0));
    shop.audit().await;
}

async fn refund_notice_of_another_amount_is_a_mismatch(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let number = shop.refund(&order, Some(200)).await;
    for (pointer, value) in [
        ("/resource/amount/refund", json!(100)),
        ("/resource/amount/total", json!(599)),
    ] {
        let mut notice = refund_notice(&shop, &order, &number, "SUCCESS");
        *notice.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            shop.handle_made_up_notice(notice).await,
            CallbackOutcome::Mismatch(Mismatch::Amount)
        );
    }
    assert_eq!(
        shop.refund_states(&order).await,
        [(200, RefundState::Requested)]
    );
}

async fn platform_refund_is_recorded_once(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    refund_by_platform(&shop, &order, 300).await;
    let notice = shop.last_notice();
    assert_eq!(shop.handle_notice(&notice).await, APPLIED);
    assert_eq!(shop.handle_notice(&notice).await, KNOWN);
    assert_eq!(shop.bought_and_debt(user).await, (30, 0));
    let refund = shop.refunds(&order).await.remove(0);
    assert!(!refund.requested_by_us);
    assert_eq!((refund.fen, refund.state), (fen(300), RefundState::Done));
    // Another payment of the same order was refunded: its coins were never credited.
    let mut other = refund_notice(&shop, &order, "platform-2", "SUCCESS");
    other["resource"]["refund_id"] = json!("50300002");
    assert_eq!(
        shop.handle_made_up_notice(other).await,
        CallbackOutcome::Mismatch(Mismatch::Payment)
    );
    assert_eq!(shop.bought_and_debt(user).await, (30, 0));
    shop.audit().await;
}

async fn platform_refund_that_overtakes_its_payment_settles_both(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.pay_unreported(&order).await;
    refund_by_platform(&shop, &order, 300).await;
    assert_eq!(shop.handle_notice(&shop.last_notice()).await, APPLIED);
    assert_eq!(shop.state(&order).await, "paid");
    assert_eq!(shop.bought_and_debt(user).await, (30, 0));
    shop.audit().await;
}

async fn lost_platform_refund_is_imported_once(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    shop.fault(json!({"path": "/pay_notify/", "notice": "lost", "times": 1}))
        .await;
    refund_by_platform(&shop, &order, 300).await;
    let state = shop.sandbox_state().await;
    let number = state["refunds"].as_object().unwrap().keys().next().unwrap();
    for _ in 0..2 {
        let imported =
            shop.payments()
                .import_platform_refund(operator("test"), &order.number, number);
        imported.await.unwrap();
        assert_eq!(shop.refund_states(&order).await, [(300, RefundState::Done)]);
    }
    assert_eq!(shop.bought_and_debt(user).await, (30, 0));
    assert_eq!(
        shop.logged_actions().await,
        ["blocks add", "orders import-refund"]
    );
    shop.audit().await;
}

async fn import_is_refused_when_the_refund_does_not_match(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let (order, other) = (shop.paid_order(user).await, shop.paid_order(user).await);
    let ours = shop.refund(&order, Some(200)).await;
    shop.poll_until("it is done at WeChat Pay", async || {
        shop.sandbox_state().await["refunds"][&ours]["status"] == "SUCCESS"
    })
    .await;
    let import = async |order: &Purchase, number: &str| {
        let imported =
            shop.payments()
                .import_platform_refund(operator("test"), &order.number, number);
        imported.await.unwrap_err()
    };
    assert!(matches!(
        import(&order, "unknown").await,
        PaymentsError::ProviderSilent(_)
    ));
    for (of, mismatch) in [(&order, Mismatch::RequestedByUs), (&other, Mismatch::Order)] {
        let refused = import(of, &ours).await;
        assert!(
            matches!(refused, PaymentsError::NotRefundable(why) if why == mismatch),
            "{refused}"
        );
    }
    assert_eq!(shop.refunds(&other).await, []);
    shop.audit().await;
}
