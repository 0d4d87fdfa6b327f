//! Message pushes of virtual payment about payments and complaints.

use qlive_payments::{Accepted, CallbackOutcome, Mismatch, NoticeKind, NoticeResult};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::Page;
use serde_json::{Value, json};

use crate::support::{PRODUCT, Purchase, Shop};

on_both!(
    encrypted_push_credits_the_order_and_its_repetition_does_not,
    encrypted_push_that_does_not_match_changes_nothing,
    plain_push_only_causes_a_query,
    push_about_nothing_of_ours_is_accepted,
    complaint_is_recorded_once,
    plain_complaint_needs_an_order_of_its_buyer,
);

const APPLIED: CallbackOutcome = CallbackOutcome::Accepted(Accepted::Applied);
const KNOWN: CallbackOutcome = CallbackOutcome::Accepted(Accepted::AlreadyKnown);
const UNKNOWN: CallbackOutcome = CallbackOutcome::Accepted(Accepted::UnknownSubject);

/// A push that the order was paid, as WeChat sends it.
pub(crate) fn delivery_push(order: &Purchase) -> Value {
    json!({"ToUserName": "gh_sandbox", "FromUserName": "o", "CreateTime": 1, "MsgType": "event",
        "Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob",
        "OutTradeNo": order.number, "Env": 1,
        "WeChatPayInfo": {"MchOrderNo": "m", "TransactionId": "4300", "PaidTime": 1_790_000_000},
        "GoodsInfo": {"ProductId": PRODUCT, "Quantity": 1, "OrigPrice": 600, "ActualPrice": 600,
            "Attach": "a"}})
}

fn complaint(number: &str, openid: &str, order: &str) -> Value {
    json!({"Event": "xpay_complaint_notify", "RequestId": number, "OpenId": openid,
        "MchOrderId": order, "ComplaintTime": "2026-11-26 10:00:00"})
}

async fn encrypted_push_credits_the_order_and_its_repetition_does_not(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.pay(&order).await;
    let push = shop.last_push();
    assert_eq!(shop.handle_push(&push).await, APPLIED);
    assert_eq!(shop.handle_push(&push).await, KNOWN);
    assert_eq!(shop.state(&order).await, "paid");
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    let stored = shop.payments().order(&order.number).await.unwrap();
    assert!(!stored.delivery_notice_due, "WeChat knows of the delivery");
    let kept = shop.kept_notices(&order.number).await;
    let (payment, applied) = (NoticeKind::Payment, NoticeResult::Applied);
    assert_eq!(kept, [(payment, applied), (payment, NoticeResult::Known)]);
    shop.audit().await;
}

async fn encrypted_push_that_does_not_match_changes_nothing(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    for (pointer, value, mismatch) in [
        ("/OpenId", json!("sandbox-alice"), Mismatch::Buyer),
        ("/Env", json!(0), Mismatch::Environment),
        ("/GoodsInfo/ProductId", json!("gold_10"), Mismatch::Goods),
        ("/GoodsInfo/Quantity", json!(2), Mismatch::Goods),
        ("/GoodsInfo/OrigPrice", json!(500), Mismatch::Amount),
        ("/GoodsInfo/ActualPrice", json!(601), Mismatch::Amount),
    ] {
        let mut push = delivery_push(&order);
        *push.pointer_mut(pointer).unwrap() = value;
        // Two queries of one order are at least two seconds apart.
        shop.test.advance(3);
        assert_eq!(
            shop.handle_made_up_push(push).await,
            CallbackOutcome::Mismatch(mismatch),
            "{pointer}"
        );
    }
    assert_eq!(shop.state(&order).await, "created");
    let push = delivery_push(&order);
    assert_eq!(shop.handle_made_up_push(push).await, APPLIED);
}

async fn plain_push_only_causes_a_query(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.use_plain_pushes().await;
    assert_eq!(
        shop.handle_made_up_push(delivery_push(&order)).await,
        CallbackOutcome::RetryLater,
        "WeChat knows of no payment"
    );
    assert_eq!(shop.state(&order).await, "created");
    shop.pay_unreported(&order).await;
    shop.test.advance(3);
    let mut wrong_price = delivery_push(&order);
    wrong_price["GoodsInfo"]["ActualPrice"] = json!(1);
    assert_eq!(shop.handle_made_up_push(wrong_price).await, APPLIED);
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    let again = shop.handle_made_up_push(delivery_push(&order)).await;
    assert_eq!(again, KNOWN);
    shop.audit().await;
}

async fn push_about_nothing_of_ours_is_accepted(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let mut order = shop.order(user).await;
    order.number = "Q1".into();
    let push = delivery_push(&order);
    assert_eq!(shop.handle_made_up_push(push).await, UNKNOWN);
    let event = json!({"Event": "subscribe", "OpenId": "sandbox-bob"});
    assert_eq!(
        shop.handle_made_up_push(event).await,
        CallbackOutcome::Accepted(Accepted::Unhandled)
    );
}

async fn complaint_is_recorded_once(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let long = "x".repeat(200);
    let push = complaint("c1", "sandbox-bob\u{7}", &long);
    assert_eq!(shop.handle_made_up_push(push.clone()).await, APPLIED);
    assert_eq!(shop.handle_made_up_push(push).await, KNOWN);
    let recorded = shop.payments().complaints(Page::FIRST).await.unwrap();
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].wechat_request_id, "c1");
    assert_eq!(recorded[0].openid, "sandbox-bob", "no control characters");
    assert_eq!(recorded[0].out_trade_no.len(), 128);
}

async fn plain_complaint_needs_an_order_of_its_buyer(db: TestDb) {
    let shop = Shop::virtual_payment(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.use_plain_pushes().await;
    for (openid, number, outcome) in [
        ("sandbox-bob", "Q1", UNKNOWN),
        ("sandbox-carl", order.number.as_str(), UNKNOWN),
        ("sandbox-bob", order.number.as_str(), APPLIED),
    ] {
        let push = complaint("c1", openid, number);
        assert_eq!(shop.handle_made_up_push(push).await, outcome);
    }
}
