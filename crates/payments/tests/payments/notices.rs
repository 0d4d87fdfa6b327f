//! Notices of WeChat Pay about payments.

use qlive_app::Services;
use qlive_payments::{Accepted, CallbackOutcome, Mismatch, NoticeKind, NoticeResult};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_testing::Callback;
use serde_json::{Value, json};

use crate::support::{Purchase, Shop, signed};

on_both!(
    notice_credits_the_order_and_its_repetition_does_not,
    as_many_notices_are_kept_as_help,
    late_notice_credits_a_closed_order,
    forged_notice_changes_nothing,
    probe_is_refused_as_a_probe,
    notice_that_does_not_match_changes_nothing,
    notice_without_a_currency_is_in_yuan,
    transaction_credits_one_order_only,
    notice_about_nothing_of_ours_is_accepted,
    notice_signed_with_the_certificate_is_verified_with_it,
    notice_signed_with_an_unknown_certificate_downloads_it_once,
);

const APPLIED: CallbackOutcome = CallbackOutcome::Accepted(Accepted::Applied);
const KNOWN: CallbackOutcome = CallbackOutcome::Accepted(Accepted::AlreadyKnown);

/// A notice that the order was paid, as WeChat Pay sends it.
pub(crate) fn payment_notice(shop: &Shop, order: &Purchase, transaction_id: &str) -> Value {
    let (app, _) = shop.test.settings.wechat.apps.iter().next().unwrap();
    let mchid = &shop.test.settings.wechat_pay.as_ref().unwrap().mchid;
    json!({"event": "TRANSACTION.SUCCESS", "kind": "transaction", "resource": {
        "appid": app, "mchid": mchid, "out_trade_no": order.number, "trade_state": "SUCCESS",
        "transaction_id": transaction_id, "success_time": "2026-11-26T10:00:00+08:00",
        "amount": {"total": 600, "currency": "CNY"}}})
}

async fn notice_credits_the_order_and_its_repetition_does_not(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.pay(&order).await;
    let notice = shop.last_notice();
    assert_eq!(
        shop.state(&order).await,
        "created",
        "a payment is reported first"
    );
    assert_eq!(shop.handle_notice(&notice).await, APPLIED);
    assert_eq!(shop.handle_notice(&notice).await, KNOWN);
    assert_eq!(shop.state(&order).await, "paid");
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    assert_eq!(shop.payments().waiting_orders().await.unwrap(), (0, None));
    let kept = shop.kept_notices(&order.number).await;
    let (payment, applied) = (NoticeKind::Payment, NoticeResult::Applied);
    assert_eq!(kept, [(payment, applied), (payment, NoticeResult::Known)]);
    shop.audit().await;
}

async fn as_many_notices_are_kept_as_help(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    let mut notice = payment_notice(&shop, &order, "4200001");
    notice["resource"]["amount"]["total"] = json!(1);
    let mismatch = CallbackOutcome::Mismatch(Mismatch::Amount);
    for _ in 0..53 {
        assert_eq!(shop.handle_made_up_notice(notice.clone()).await, mismatch);
    }
    let kept = shop.kept_notices(&order.number).await;
    assert_eq!(kept, [(NoticeKind::Payment, NoticeResult::Mismatch); 50]);
    let forged = json!({"tampered": true, "event": notice["event"], "kind": "transaction",
        "resource": notice["resource"]});
    let outcome = shop.handle_made_up_notice(forged).await;
    assert_eq!(outcome, CallbackOutcome::Forged);
    assert_eq!(shop.kept_notices(&order.number).await.len(), 50);
}

async fn late_notice_credits_a_closed_order(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.test.advance(1_801);
    shop.poll_until("it is closed", async || {
        shop.state(&order).await == "closed"
    })
    .await;
    let notice = payment_notice(&shop, &order, "4200001");
    assert_eq!(shop.handle_made_up_notice(notice).await, APPLIED);
    assert_eq!(shop.state(&order).await, "paid");
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}

async fn forged_notice_changes_nothing(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    for (field, value) in [
        ("tampered", json!(true)),
        ("skew_secs", json!(-301)),
        ("skew_secs", json!(301)),
        ("serial", json!("PUB_KEY_ID_OF_SOMEBODY_ELSE")),
    ] {
        let mut notice = payment_notice(&shop, &order, "4200001");
        notice[field] = value;
        assert_eq!(
            shop.handle_made_up_notice(notice).await,
            CallbackOutcome::Forged,
            "{field}"
        );
    }
    let unsigned = Callback {
        path: "pay_notify".into(),
        query: String::new(),
        headers: Vec::new(),
        body: shop.test.callbacks("pay_notify")[0].body.clone(),
    };
    assert_eq!(shop.handle_notice(&unsigned).await, CallbackOutcome::Forged);
    assert_eq!(shop.state(&order).await, "created");
    assert_eq!(shop.bought_and_debt(user).await, (0, 0));
}

async fn probe_is_refused_as_a_probe(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    shop.fault(json!({"path": "/pay_notify/", "notice": "probe", "times": 1}))
        .await;
    shop.pay(&order).await;
    let probe = shop.test.callbacks("pay_notify").remove(0);
    assert_eq!(shop.handle_notice(&probe).await, CallbackOutcome::Probe);
    assert_eq!(shop.state(&order).await, "created");
}

async fn notice_that_does_not_match_changes_nothing(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    for (pointer, value, mismatch) in [
        ("/resource/mchid", json!("1900000002"), Mismatch::Merchant),
        ("/resource/appid", json!("wx-other"), Mismatch::App),
        ("/resource/amount/total", json!(1), Mismatch::Amount),
        (
            "/resource/amount/currency",
            json!("USD"),
            Mismatch::Currency,
        ),
        ("/resource/transaction_id", json!(""), Mismatch::NoNumber),
    ] {
        let mut notice = payment_notice(&shop, &order, "4200001");
        *notice.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            shop.handle_made_up_notice(notice).await,
            CallbackOutcome::Mismatch(mismatch)
        );
    }
    assert_eq!(shop.state(&order).await, "created");
    assert_eq!(shop.bought_and_debt(user).await, (0, 0));
}

async fn notice_without_a_currency_is_in_yuan(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    let mut notice = payment_notice(&shop, &order, "4200001");
    notice["resource"]["amount"] = json!({"total": 600});
    assert_eq!(shop.handle_made_up_notice(notice).await, APPLIED);
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
    shop.audit().await;
}

async fn transaction_credits_one_order_only(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let (first, second) = (shop.order(user).await, shop.order(user).await);
    for (order, transaction_id, outcome) in [
        (&first, "4200001", APPLIED),
        (
            &second,
            "4200001",
            CallbackOutcome::Mismatch(Mismatch::TransactionOfOtherOrder),
        ),
        (
            &first,
            "4200002",
            CallbackOutcome::Mismatch(Mismatch::PaidByOtherTransaction),
        ),
        (&second, "4200002", APPLIED),
    ] {
        let notice = payment_notice(&shop, order, transaction_id);
        assert_eq!(shop.handle_made_up_notice(notice).await, outcome);
    }
    assert_eq!(shop.bought_and_debt(user).await, (120, 0));
    shop.audit().await;
}

async fn notice_about_nothing_of_ours_is_accepted(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let mut unknown = shop.order(user).await;
    unknown.number = "Q1".into();
    let notice = payment_notice(&shop, &unknown, "4200001");
    assert_eq!(
        shop.handle_made_up_notice(notice).await,
        CallbackOutcome::Accepted(Accepted::UnknownSubject)
    );
    let event = json!({"event": "COUPON.USE", "kind": "coupon", "resource": {}});
    assert_eq!(
        shop.handle_made_up_notice(event).await,
        CallbackOutcome::Accepted(Accepted::Unhandled)
    );
}

async fn notice_signed_with_the_certificate_is_verified_with_it(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    let mut notice = payment_notice(&shop, &order, "4200001");
    notice["certified"] = json!(true);
    assert_eq!(shop.handle_made_up_notice(notice).await, APPLIED);
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
}

async fn notice_signed_with_an_unknown_certificate_downloads_it_once(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.order(user).await;
    // An instance that verifies with certificates, and knows none that is valid now.
    let mut settings = shop.test.settings.clone();
    let pay = settings.wechat_pay.as_mut().unwrap();
    pay.verify_keys
        .retain(|key| !key.id.starts_with("PUB_KEY_ID_"));
    pay.verify_keys[0].id = "0123456789ABCDEF".into();
    let (db, clock) = (shop.test.services.db.clone(), shop.test.clock.clone());
    let instance = Services::new(&settings, db, clock).unwrap();
    let handle = async |serial: Option<&str>| {
        let mut made_up = payment_notice(&shop, &order, "4200001");
        made_up["certified"] = json!(true);
        made_up["serial"] = json!(serial);
        let notice = shop.make_up_notice(made_up).await;
        let handled = instance
            .payments
            .handle_pay_notice(&signed(&notice), &notice.body)
            .await;
        handled.unwrap()
    };
    for _ in 0..3 {
        let forged = handle(Some("FEDCBA9876543210")).await;
        assert_eq!(forged, CallbackOutcome::Forged, "no certificate has it");
    }
    assert_eq!(shop.calls("/v3/certificates").await, 1);
    assert_eq!(handle(None).await, APPLIED);
    assert_eq!(shop.calls("/v3/certificates").await, 1);
    assert_eq!(shop.bought_and_debt(user).await, (60, 0));
}
