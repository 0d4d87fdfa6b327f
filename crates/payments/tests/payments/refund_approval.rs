//! Refunds above the limit, for which two operators must ask.

use futures_util::future::join_all;
use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::{Purchase, Shop, fen, operator};

on_both!(
    refund_above_the_limit_needs_two_operators,
    refunds_of_a_week_count_together,
    request_for_another_amount_replaces_the_one_that_waits,
    request_is_forgotten_after_a_day,
    concurrent_requests_make_one_refund_by_two_operators,
);

/// The limit of the settings by default.
const LIMIT: i64 = 100_000;
const DAY: u64 = 86_400;

/// A shop that sells one block for this price, and an order of it that was paid.
async fn shop_with_order(db: TestDb, price: i64) -> (Shop, Purchase) {
    let mut shop = Shop::wechat_pay(db).await;
    shop.block = shop.add_block(6_000, price, None).await;
    let user = shop.user("bob").await;
    let order = shop.paid_order(user).await;
    (shop, order)
}

/// Asks for a refund; whether it was made.
async fn ask(
    shop: &Shop,
    name: &str,
    order: &Purchase,
    amount: Option<i64>,
) -> Result<bool, PaymentsError> {
    let payments = shop.payments();
    let asked = payments.request_refund(operator(name), &order.number, amount.map(fen));
    Ok(asked.await?.is_some())
}

async fn refund_above_the_limit_needs_two_operators(db: TestDb) {
    let (shop, order) = shop_with_order(db, LIMIT + 1).await;
    assert!(!ask(&shop, "olga", &order, None).await.unwrap());
    assert!(shop.refunds(&order).await.is_empty());
    let waiting = shop.payments().refund_requests().await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].requested_by, "olga");
    assert_eq!(waiting[0].fen, fen(LIMIT + 1));
    for same in ["olga", "OLGA ", "ｏｌｇａ"] {
        let asked = ask(&shop, same, &order, None).await;
        assert!(
            matches!(asked, Err(PaymentsError::SameOperator)),
            "{same:?}"
        );
    }
    assert!(ask(&shop, "pavel", &order, None).await.unwrap());
    assert_eq!(shop.refunds(&order).await.len(), 1);
    assert!(shop.payments().refund_requests().await.unwrap().is_empty());
}

async fn refunds_of_a_week_count_together(db: TestDb) {
    let (shop, first) = shop_with_order(db, 60_000).await;
    let user = shop.user("bob").await;
    let (second, third) = (shop.paid_order(user).await, shop.paid_order(user).await);
    let of_eve = shop.paid_order(shop.user("eve").await).await;
    assert!(ask(&shop, "olga", &first, None).await.unwrap());
    assert!(ask(&shop, "olga", &second, Some(40_000)).await.unwrap());
    assert!(!ask(&shop, "olga", &second, Some(1)).await.unwrap());
    assert!(ask(&shop, "olga", &of_eve, None).await.unwrap());
    shop.test.advance(7 * DAY + 1);
    assert!(ask(&shop, "olga", &third, None).await.unwrap());
}

async fn request_for_another_amount_replaces_the_one_that_waits(db: TestDb) {
    let (shop, order) = shop_with_order(db, 3 * LIMIT).await;
    assert!(!ask(&shop, "olga", &order, Some(LIMIT + 1)).await.unwrap());
    assert!(!ask(&shop, "pavel", &order, Some(LIMIT + 2)).await.unwrap());
    assert!(!ask(&shop, "pavel", &order, Some(LIMIT + 3)).await.unwrap());
    assert!(ask(&shop, "olga", &order, Some(LIMIT + 3)).await.unwrap());
    let more = ask(&shop, "olga", &order, Some(2 * LIMIT)).await;
    assert!(matches!(more, Err(PaymentsError::NotRefundable(_))));
}

async fn request_is_forgotten_after_a_day(db: TestDb) {
    let (shop, order) = shop_with_order(db, LIMIT + 1).await;
    assert!(!ask(&shop, "olga", &order, None).await.unwrap());
    shop.test.advance(DAY + 1);
    assert!(shop.payments().refund_requests().await.unwrap().is_empty());
    assert!(!ask(&shop, "pavel", &order, None).await.unwrap());
    assert!(ask(&shop, "olga", &order, None).await.unwrap());
}

async fn concurrent_requests_make_one_refund_by_two_operators(db: TestDb) {
    let (shop, order) = shop_with_order(db, LIMIT + 1).await;
    let asked = join_all((0..4).map(|_| ask(&shop, "olga", &order, None))).await;
    assert!(asked.iter().all(|made| !matches!(made, Ok(true))));
    assert!(shop.refunds(&order).await.is_empty());
    let asked = join_all(["pavel", "vera", "pavel"].map(|name| ask(&shop, name, &order, None)));
    let made = asked
        .await
        .iter()
        .filter(|made| matches!(made, Ok(true)))
        .count();
    assert_eq!(made, 1);
    assert_eq!(shop.refunds(&order).await.len(), 1);
}
