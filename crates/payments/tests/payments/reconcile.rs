//! Reconciling WeChat's bill with our records.

use diesel::prelude::*;
use diesel::sql_query;
use qlive_payments::{DifferenceKind, PaymentsError, RefundState};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use serde_json::json;

use crate::support::{Purchase, Shop, fen};

on_both!(
    bill_that_agrees_has_no_difference,
    day_without_trade_has_no_bill,
    each_difference_of_a_payment_is_named,
    each_difference_of_a_refund_is_named,
    unreadable_date_and_bill_are_refused,
    silent_provider_is_an_error,
);

fn today(shop: &Shop) -> String {
    shop.test.clock.now().shanghai()[..10].to_owned()
}

async fn bill(shop: &Shop) -> String {
    let fetched = shop.payments().fetch_bill(&today(shop)).await;
    fetched.unwrap().unwrap()
}

/// Compares today with a bill, and returns each difference with its number.
async fn differences(shop: &Shop, bill: Option<String>) -> Vec<(DifferenceKind, String)> {
    let found = shop.payments().reconcile(&today(shop), bill).await.unwrap();
    found
        .into_iter()
        .map(|difference| (difference.kind, difference.number))
        .collect()
}

/// Changes the database as only a mistake or an attacker would.
async fn tamper(shop: &Shop, sql: String) {
    let db = &shop.test.services.db;
    let changed = db
        .write(move |conn| Ok::<_, qlive_store::StoreError>(sql_query(&sql).execute(conn)?))
        .await;
    assert!(changed.unwrap() > 0);
}

/// An order that is refunded at WeChat Pay and here. Returns the number of the refund.
async fn refund_done(shop: &Shop, order: &Purchase) -> String {
    let number = shop.refund(order, Some(100)).await;
    shop.poll_until("it is requested", async || {
        shop.sandbox_state().await["refunds"][&number]["status"] == "SUCCESS"
    })
    .await;
    shop.test.advance(30);
    shop.poll_until("it is done", async || {
        shop.refund_states(order).await == [(100, RefundState::Done)]
    })
    .await;
    number
}

async fn bill_that_agrees_has_no_difference(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    refund_done(&shop, &order).await;
    shop.order(user).await;
    assert_eq!(differences(&shop, None).await, []);
}

async fn day_without_trade_has_no_bill(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    assert_eq!(
        shop.payments().fetch_bill(&today(&shop)).await.unwrap(),
        None
    );
    assert_eq!(differences(&shop, None).await, []);
}

async fn each_difference_of_a_payment_is_named(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let number = order.number.clone();
    let real = bill(&shop).await;
    let stored = shop.payments().order(&number).await.unwrap();
    let transaction = stored.transaction_id.unwrap();
    for (bill, expected) in [
        (
            real.replace(&number, "Q1"),
            vec![
                (DifferenceKind::UnknownOrder, "Q1".to_owned()),
                (DifferenceKind::NotInBill, number.clone()),
            ],
        ),
        (
            real.replace("`6.00", "`5.00"),
            vec![(DifferenceKind::AmountDiffers, number.clone())],
        ),
        (
            real.replace(&transaction, "4200009"),
            vec![(DifferenceKind::PaidTwice, number.clone())],
        ),
    ] {
        assert_eq!(differences(&shop, Some(bill)).await, expected);
    }
    let unreported = shop.order(user).await;
    shop.pay_unreported(&unreported).await;
    assert_eq!(
        differences(&shop, None).await,
        [(DifferenceKind::NotCredited, unreported.number)]
    );
    tamper(
        &shop,
        format!("UPDATE orders SET gold = 61 WHERE out_trade_no = '{number}'"),
    )
    .await;
    assert_eq!(
        differences(&shop, Some(real)).await,
        [(DifferenceKind::NotInLedger, number)]
    );
}

async fn each_difference_of_a_refund_is_named(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    let number = refund_done(&shop, &order).await;
    let real = bill(&shop).await;
    for (bill, expected) in [
        (
            real.replace(&number, "R1").replace("`50300", "`50301"),
            vec![
                (DifferenceKind::UnknownRefund, "R1".to_owned()),
                (DifferenceKind::RefundNotInBill, number.clone()),
            ],
        ),
        (
            real.replace("`1.00", "`2.00"),
            vec![(DifferenceKind::RefundAmountDiffers, number.clone())],
        ),
        (
            real.replace("`ORIGINAL,`SUCCESS", "`ORIGINAL,`FAIL"),
            vec![(DifferenceKind::RefundFailed, number.clone())],
        ),
    ] {
        assert_eq!(differences(&shop, Some(bill)).await, expected);
    }
    let set = |state: &str| format!("UPDATE refunds SET {state} WHERE number = '{number}'");
    tamper(&shop, set("state = 3")).await;
    assert_eq!(
        differences(&shop, Some(real.clone())).await,
        [(DifferenceKind::RefundTakenBack, number.clone())]
    );
    tamper(&shop, set("state = 1, done_at = NULL")).await;
    let found = shop.payments().reconcile(&today(&shop), Some(real)).await;
    let found = found.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, DifferenceKind::RefundNotSettled);
    assert_eq!(
        (found[0].bill, found[0].recorded),
        (Some(fen(100)), Some(fen(100)))
    );
}

async fn unreadable_date_and_bill_are_refused(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    for (day, bill) in [
        ("2026-13-01", None),
        ("today", None),
        ("2026-11-26", Some("no bill".to_owned())),
    ] {
        let refused = shop.payments().reconcile(day, bill).await;
        assert!(matches!(refused, Err(PaymentsError::Bill(_))), "{day}");
    }
}

async fn silent_provider_is_an_error(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    shop.fault(json!({"path": "/v3/bill/tradebill", "status": 500}))
        .await;
    let refused = shop.payments().reconcile(&today(&shop), None).await;
    assert!(matches!(refused, Err(PaymentsError::ProviderSilent(_))));
}
