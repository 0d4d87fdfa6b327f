//! The money of each day, while it runs and after it was stored.

use qlive_ledger::Day;
use qlive_payments::{MoneyDays, find_ledger_violation};
use qlive_store::testing::TestDb;
use qlive_store::worker::{BackgroundWorker as _, RoundOutcome};
use qlive_store::{StoreError, on_both};
use tokio_util::sync::CancellationToken;

use crate::support::{Shop, fen};

on_both!(days_are_the_same_before_and_after_they_are_stored);

const DAY: u64 = 86_400;

async fn store(shop: &Shop) {
    let mut worker = MoneyDays::new(shop.payments().clone());
    let stop = CancellationToken::new();
    while worker.run_round(&stop).await.unwrap() == RoundOutcome::MoreDue {}
}

async fn days_are_the_same_before_and_after_they_are_stored(db: TestDb) {
    let shop = Shop::wechat_pay(db).await;
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
    let tampered = db.write(|conn| {
        use diesel::connection::SimpleConnection as _;
        assert_eq!(find_ledger_violation(conn)?.map(|found| found.0), None);
        conn.batch_execute("UPDATE daily_money SET paid = paid + 1 WHERE orders = 3")?;
        let found = find_ledger_violation(conn)?.map(|found| found.0);
        assert!(found.unwrap().ends_with("the stored orders differ"));
        Ok::<_, StoreError>(())
    });
    tampered.await.unwrap();
}
