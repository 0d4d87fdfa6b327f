//! Refunds of virtual payment, which reports only what is left of an order.

use qlive_payments::{
    Accepted, CallbackOutcome, Contradiction, Mismatch, PaymentsError, RefundState,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::{Value, json};

use crate::support::{Purchase, Shop, fen, operator};

on_both!(
    refund_is_done_by_its_push,
    lost_push_of_a_refund_is_found_by_the_poller,
    one_refund_of_an_order_is_requested_at_a_time,
    failed_refund_returns_the_coins,
    refund_refused_at_the_first_request_returns_the_coins,
    plain_push_about_a_refund_must_agree_with_the_balance,
    platform_refund_is_recorded_once,
    plain_platform_refund_is_recorded_with_the_amount_that_wechat_reports,
    lost_platform_refund_is_imported,
    refund_that_two_operators_import_at_once_is_taken_back_once,
    refund_that_a_push_and_an_operator_report_at_once_is_taken_back_once,
    push_without_a_result_is_unreadable,
);

const APPLIED: CallbackOutcome = CallbackOutcome::Accepted(Accepted::Applied);
const KNOWN: CallbackOutcome = CallbackOutcome::Accepted(Accepted::AlreadyKnown);
const REQUEST_PATH: &str = "/xpay/refund_order";

/// A push about a refund, as WeChat sends it. `ours` is our number of the refund, or empty.
fn refund_push(order: &Purchase, number: &str, ours: &str, amount: i64) -> Value {
    json!({"Event": "xpay_refund_notify", "OpenId": "sandbox-bob", "WxRefundId": number,
        "MchRefundId": ours, "MchOrderId": order.number, "RefundFee": amount, "RetCode": 0})
}

async fn refund_by_platform(shop: &Shop, order: &Purchase, amount: i64) {
    let path = format!("/sandbox/pay/{}/refund", order.number);
    let status = shop.test.sandbox_post(&path, json!({"fen": amount})).await;
    assert_eq!(status, 204);
}

/// Requests a refund that the sandbox accepts, and decides later. Returns its number.
async fn held_refund(shop: &Shop, order: &Purchase, amount: i64) -> String {
    let held = shop
        .test
        .sandbox_post("/sandbox/refunds", json!({"hold": true}));
    assert_eq!(held.await, 204);
    let number = shop.refund(order, Some(amount)).await;
    shop.poll_until("it is requested", async || {
        shop.calls(REQUEST_PATH).await == 1
    })
    .await;
    number
}

async fn decide(shop: &Shop, number: &str, outcome: &str) {
    let path = format!("/sandbox/refunds/{number}");
    let decided = shop.test.sandbox_post(&path, json!({"do": outcome}));
    assert_eq!(decided.await, 204);
}

async fn refund_is_done_by_its_push(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let number = held_refund(&shop, &order, 200).await;
    assert_eq!(shop.bought_and_debt(user).await, (40, 0));
    decide(&shop, &number, "success").await;
    let push = shop.last_push();
    assert_eq!(shop.handle_push(&push).await, APPLIED);
    assert_eq!(shop.handle_push(&push).await, KNOWN);
    assert_eq!(shop.refund_states(&order).await, [(200, RefundState::Done)]);
    let mut other_amount = refund_push(&order, "xr-1", &number, 100);
    assert_eq!(
        shop.handle_made_up_push(other_amount.clone()).await,
        CallbackOutcome::Mismatch(Mismatch::Amount)
    );
    other_amount["RefundFee"] = json!(200);
    other_amount["RetCode"] = json!(1);
    assert_eq!(
        shop.handle_made_up_push(other_amount).await,
        CallbackOutcome::Accepted(Accepted::Contradiction(Contradiction::RefusedAfterRefund))
    );
    assert_eq!(shop.bought_and_debt(user).await, (40, 0));
    shop.audit().await;
}

async fn lost_push_of_a_refund_is_found_by_the_poller(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
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
    assert_eq!(shop.state(&order).await, "refunded");
    shop.audit().await;
}

async fn one_refund_of_an_order_is_requested_at_a_time(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    shop.refund(&order, Some(100)).await;
    let second = shop
        .payments()
        .request_refund(operator("test"), &order.number, Some(fen(100)));
    assert!(matches!(second.await, Err(PaymentsError::RefundUnderWay)));
    assert_eq!(shop.refunds(&order).await.len(), 1);
    assert_eq!(shop.bought_and_debt(user).await, (50, 0));
}

async fn failed_refund_returns_the_coins(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let number = held_refund(&shop, &order, 200).await;
    decide(&shop, &number, "closed").await;
    assert_eq!(shop.handle_push(&shop.last_push()).await, APPLIED);
    assert_eq!(
        shop.refund_states(&order).await,
        [(200, RefundState::Refused)]
    );
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}

async fn refund_refused_at_the_first_request_returns_the_coins(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    shop.fault(json!({"path": REQUEST_PATH, "errcode": 268_490_002, "times": 1}))
        .await;
    shop.refund(&order, None).await;
    shop.poll_until("it is refused", async || {
        shop.refund_states(&order).await == [(600, RefundState::Refused)]
    })
    .await;
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}

async fn plain_push_about_a_refund_must_agree_with_the_balance(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let number = held_refund(&shop, &order, 200).await;
    shop.use_plain_pushes().await;
    let mut failure = refund_push(&order, "xr-1", &number, 200);
    failure["RetCode"] = json!(1);
    for push in [refund_push(&order, "xr-1", &number, 200), failure] {
        assert_eq!(
            shop.handle_made_up_push(push).await,
            CallbackOutcome::RetryLater,
            "WeChat reports no change"
        );
    }
    assert_eq!(
        shop.refund_states(&order).await,
        [(200, RefundState::Requested)]
    );
    decide(&shop, &number, "success").await;
    assert_eq!(shop.handle_push(&shop.last_push()).await, APPLIED);
    shop.audit().await;
}

async fn platform_refund_is_recorded_once(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    refund_by_platform(&shop, &order, 300).await;
    let push = shop.last_push();
    assert_eq!(shop.handle_push(&push).await, APPLIED);
    assert_eq!(shop.handle_push(&push).await, KNOWN);
    assert_eq!(shop.bought_and_debt(user).await, (30, 0));
    // The same refund under another number: WeChat reports that nothing more was refunded.
    let other_number = refund_push(&order, "xr-other", "", 300);
    assert_eq!(
        shop.handle_made_up_push(other_number).await,
        CallbackOutcome::RetryLater
    );
    assert_eq!(shop.refund_states(&order).await, [(300, RefundState::Done)]);
    shop.audit().await;
}

async fn plain_platform_refund_is_recorded_with_the_amount_that_wechat_reports(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    shop.use_plain_pushes().await;
    assert_eq!(
        shop.handle_made_up_push(refund_push(&order, "xr-1", "", 300))
            .await,
        CallbackOutcome::RetryLater
    );
    shop.fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
        .await;
    refund_by_platform(&shop, &order, 200).await;
    let push = refund_push(&order, "xr-1", "", i64::MAX);
    assert_eq!(shop.handle_made_up_push(push).await, APPLIED);
    assert_eq!(shop.refund_states(&order).await, [(200, RefundState::Done)]);
    assert_eq!(shop.bought_and_debt(user).await, (40, 0));
    shop.audit().await;
}

async fn lost_platform_refund_is_imported(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let import = async |number: &str| {
        let imported =
            shop.payments()
                .import_platform_refund(operator("test"), &order.number, number);
        imported.await
    };
    assert!(matches!(
        import("xr-1").await,
        Err(PaymentsError::ProviderSilent(_))
    ));
    shop.fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
        .await;
    refund_by_platform(&shop, &order, 200).await;
    assert!(matches!(
        import("").await,
        Err(PaymentsError::NotRefundable(Mismatch::NoNumber))
    ));
    import("xr-1").await.unwrap();
    assert_eq!(shop.refund_states(&order).await, [(200, RefundState::Done)]);
    assert_eq!(shop.bought_and_debt(user).await, (40, 0));
    shop.audit().await;
}

/// Virtual payment reports how much was refunded, not which refund it was.
async fn refund_that_two_operators_import_at_once_is_taken_back_once(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    shop.fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
        .await;
    refund_by_platform(&shop, &order, 200).await;
    let imports = ["xr-1", "xr-2", "xr-3", "xr-4"].map(|number| {
        let (payments, order) = (shop.payments().clone(), order.number.clone());
        tokio::spawn(async move {
            let imported = payments.import_platform_refund(operator("test"), &order, number);
            imported.await.is_ok()
        })
    });
    let mut imported = 0;
    for import in imports {
        imported += i32::from(import.await.unwrap());
    }
    assert_eq!(imported, 1);
    assert_eq!(shop.refund_states(&order).await, [(200, RefundState::Done)]);
    assert_eq!(shop.bought_and_debt(user).await, (40, 0));
    let bad = shop
        .payments()
        .import_platform_refund(operator("test"), &order.number, "a/../b");
    assert!(matches!(bad.await, Err(PaymentsError::BadField("refund"))));
    assert_eq!(
        shop.logged_actions().await,
        ["blocks add", "orders import-refund"]
    );
    shop.audit().await;
}

async fn refund_that_a_push_and_an_operator_report_at_once_is_taken_back_once(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    for round in 0..5 {
        let order = shop.paid_order(user).await;
        shop.fault(json!({"path": "/wx_notify/", "notice": "lost", "times": 1}))
            .await;
        refund_by_platform(&shop, &order, 200).await;
        let (payments, number) = (shop.payments().clone(), order.number.clone());
        let mistaken = format!("mistaken-{round}");
        let import = tokio::spawn(async move {
            let imported = payments.import_platform_refund(operator("test"), &number, &mistaken);
            imported.await.is_ok()
        });
        let push = refund_push(&order, &format!("xr-{round}"), "", 200);
        let pushed = shop.handle_made_up_push(push).await;
        let outcomes = (import.await.unwrap(), pushed);
        assert_eq!(
            shop.refund_states(&order).await,
            [(200, RefundState::Done)],
            "{outcomes:?}"
        );
    }
    assert_eq!(shop.bought_and_debt(user).await, (200, 0));
    shop.audit().await;
}

async fn push_without_a_result_is_unreadable(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let mut push = refund_push(&order, "xr-1", "", 200);
    push.as_object_mut().unwrap().remove("RetCode");
    assert_eq!(
        shop.handle_made_up_push(push).await,
        CallbackOutcome::Unreadable
    );
    assert_eq!(shop.refunds(&order).await, []);
}
