//! The money of each day, while it runs and after it was stored.

use diesel::prelude::*;
use qlive_ledger::Day;
use qlive_payments::{DailyMoneyWorker, find_ledger_violation};
use qlive_store::schema::daily_money;
use qlive_store::testing::TestDb;
use qlive_store::worker::{BackgroundWorker as _, RoundOutcome};
use qlive_store::{StoreError, on_both};
use tokio_util::sync::CancellationToken;

use crate::support::{Shop, fen, operator};

on_both!(
    days_are_the_same_before_and_after_they_are_stored,
    order_that_is_credited_late_counts_on_the_day_that_it_was_paid,
    payout_before_the_first_order_is_stored_too,
);

const DAY: u64 = 86_400;

async fn store(shop: &Shop) {
    let mut worker = DailyMoneyWorker::new(shop.payments().clone());
    let stop = CancellationToken::new();
    while worker.run_round(&stop).await.unwrap() == RoundOutcome::MoreDue {}
}

/// A day is stored an hour after its end: at noon the one before is.
fn advance_to_noon(shop: &Shop) {
    let now = shop.test.clock.now();
    let noon = Day::of(now)
        .plus(1)
        .begin()
        .after(std::time::Duration::from_secs(DAY / 2));
    shop.test.advance(noon.since(now).as_secs());
}

async fn days_are_the_same_before_and_after_they_are_stored(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    advance_to_noon(&shop);
    // Nothing was ever paid.
    store(&shop).await;
    let (bob, carl) = (shop.user("bob").await, shop.user("carl").await);
    let first = Day::of(shop.test.clock.now());
    for user in [bob, bob, carl] {
        shop.paid_order(user).await;
    }
    shop.test.advance(2 * DAY);
    shop.paid_order(bob).await;
    let last = Day::of(shop.test.clock.now());
    let money = async || shop.payments().daily_money(first, last).await.unwrap();
    let fresh = money().await;
    let price = fresh[&last].paid.get();
    let counts = |day: Day| {
        fresh
            .get(&day)
            .map(|of_day| (of_day.orders, of_day.payers, of_day.paid))
    };
    assert_eq!(counts(first), Some((3, 2, fen(3 * price))));
    assert_eq!(
        (counts(first.plus(1)), counts(last)),
        (None, Some((1, 1, fen(price))))
    );
    store(&shop).await;
    // The last day is not over.
    let stored = money().await;
    assert_eq!(
        (stored[&first], stored[&last]),
        (fresh[&first], fresh[&last])
    );
    assert_eq!(stored[&first.plus(1)].orders, 0, "stored without a gap");
    shop.test.advance(40 * DAY);
    store(&shop).await;
    assert_eq!(money().await[&last], fresh[&last]);
    let db = &shop.test.services.db;
    for change in [
        "UPDATE daily_money SET paid = paid + 1 WHERE orders = 3",
        "UPDATE daily_money SET payers = payers + 1 WHERE orders = 3",
    ] {
        let undone: Result<(), StoreError> = db
            .write(move |conn| {
                use diesel::connection::SimpleConnection as _;
                assert_eq!(find_ledger_violation(conn)?.map(|found| found.0), None);
                conn.batch_execute(change)?;
                let found = find_ledger_violation(conn)?.map(|found| found.0);
                assert!(found.unwrap().ends_with("the stored orders differ"));
                Err(StoreError::Corrupt("undo"))
            })
            .await;
        assert!(undone.is_err());
    }
}

/// The notice of a payment was lost, and nobody asked the provider for days.
async fn order_that_is_credited_late_counts_on_the_day_that_it_was_paid(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    advance_to_noon(&shop);
    let bob = shop.user("bob").await;
    shop.paid_order(bob).await;
    let late = shop.order(bob).await;
    shop.pay_unreported(&late).await;
    let paid = Day::of(shop.test.clock.now());
    shop.test.advance(5 * DAY);
    store(&shop).await;
    let orders = async || {
        let money = shop
            .payments()
            .daily_money(paid, paid.plus(5))
            .await
            .unwrap();
        money.get(&paid).map(|of_day| of_day.orders)
    };
    assert_eq!(orders().await, Some(1));
    let asked = shop.payments().query_order(operator("fin"), &late.number);
    asked.await.unwrap();
    assert_eq!(shop.state(&late).await, "paid");
    assert_eq!(orders().await, Some(2), "summed again at once");
    store(&shop).await;
    assert_eq!(orders().await, Some(2), "and stored again");
    let db = &shop.test.services.db;
    let stored =
        db.read(|conn| Ok::<i64, StoreError>(daily_money::table.count().get_result(conn)?));
    assert_eq!(stored.await.unwrap(), 5, "all days that are over");
    shop.audit().await;
}

/// Income from granted gold is paid out before anybody has bought any.
async fn payout_before_the_first_order_is_stored_too(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
    let bob = shop.user("bob").await;
    let first = Day::of(shop.test.clock.now());
    let done_at = first.begin().millis() + 1;
    let db = &shop.test.services.db;
    let paid_out = db.write(move |conn| {
        use diesel::connection::SimpleConnection as _;
        conn.batch_execute(&format!(
            "INSERT INTO withdrawals (user_id, app_id, openid, income, fen, real_name, state, \
             out_bill_no, submitted, detail, created_at, done_at, queried_at, query_count) \
             VALUES ({bob}, 'app', 'openid', 50, 50, '', 6, 'W1', true, '', 1, {done_at}, 1, 0)"
        ))?;
        Ok::<_, StoreError>(())
    });
    paid_out.await.unwrap();
    shop.test.advance(2 * DAY);
    shop.paid_order(bob).await;
    shop.test.advance(2 * DAY);
    store(&shop).await;
    let last = Day::of(shop.test.clock.now());
    let money = shop.payments().daily_money(first, last).await.unwrap();
    assert_eq!(money[&first].paid_out, fen(50));
    assert_eq!(money[&first.plus(2)].orders, 1);
}
