//! Recent income by code and age.

use qlive_ledger::{TransferCode, income_credited_since, income_from_giver_since, reverse_entry};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::Moment;

use crate::support::{NOW, coins, gift, grant, post, post_at, register_users, user, write};

on_both!(
    income_is_summed_by_code_and_age,
    reversed_income_and_returned_income_do_not_count,
    income_is_summed_by_giver,
);

async fn income_since(db: &TestDb, number: i64, code: TransferCode, millis: i64) -> i64 {
    let since = Moment::from_millis(millis);
    let read = write(db, move |conn| {
        Ok(income_credited_since(conn, user(number), &[code], since)?)
    });
    read.await.unwrap().get()
}

async fn income_is_summed_by_code_and_age(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    for at in [100, 200] {
        post_at(&db, Moment::from_millis(at), gift(user(1), user(2), 3))
            .await
            .unwrap();
    }
    for (since, code, sum) in [
        (99, TransferCode::GiftReceived, 6),
        (100, TransferCode::GiftReceived, 3),
        (200, TransferCode::GiftReceived, 0),
        (0, TransferCode::PayoutReturned, 0),
    ] {
        assert_eq!(income_since(&db, 2, code, since).await, sum, "{since}");
    }
}

async fn reversed_income_and_returned_income_do_not_count(db: TestDb) {
    use qlive_ledger::{Account, BalanceKind, Entry, EntryKind};
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    let received = post_at(&db, Moment::from_millis(1), gift(user(1), user(2), 4))
        .await
        .unwrap();
    // User 2 gives a gift that is paid with income.
    let regift = Entry::new(EntryKind::Gift, "g").with_transfer(
        Account::User(user(2), BalanceKind::Income),
        Account::User(user(3), BalanceKind::Income),
        coins(4),
        TransferCode::GiftReceived,
    );
    let given = post(&db, regift).await.unwrap();
    let code = TransferCode::GiftReceived;
    assert_eq!(income_since(&db, 3, code, 0).await, 4);
    write(&db, move |conn| reverse_entry(conn, NOW, given, "oops"))
        .await
        .unwrap();
    assert_eq!(income_since(&db, 3, code, 0).await, 0, "it was reversed");
    assert_eq!(
        income_since(&db, 2, code, 2).await,
        0,
        "the reversal returns older income"
    );
    assert_eq!(income_since(&db, 2, code, 0).await, 4);
    write(&db, move |conn| reverse_entry(conn, NOW, received, "oops"))
        .await
        .unwrap();
    assert_eq!(income_since(&db, 2, code, 0).await, 0);
}

async fn income_is_summed_by_giver(db: TestDb) {
    register_users(&db).await;
    for (giver, amount) in [(1, 3), (2, 5)] {
        post(&db, grant(user(giver), 10)).await.unwrap();
        post(&db, gift(user(giver), user(3), amount)).await.unwrap();
    }
    let from = async |giver: i64, since: Moment| {
        let codes = [TransferCode::GiftReceived];
        let read = write(&db, move |conn| {
            let (user, giver) = (user(3), user(giver));
            Ok(income_from_giver_since(conn, user, giver, &codes, since)?)
        });
        read.await.unwrap().get()
    };
    let before = Moment::from_millis(0);
    assert_eq!((from(1, before).await, from(2, before).await), (3, 5));
    assert_eq!((from(1, NOW).await, from(4, before).await), (0, 0));
}
