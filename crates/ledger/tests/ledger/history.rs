//! The history of a user: its pages, and the balances after each entry.

use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, HistoryEntry, SystemAccount, TransferCode,
    load_history, post_entry,
};
use qlive_store::StoreError;
use qlive_store::on_both;
use qlive_store::testing::{TestDb, plans_of};
use qlive_types::{Moment, Page, UserId};

use crate::support::{
    NOW, audit_report, coins, gift, grant, post, post_at, register_users, user, write,
};

on_both!(
    history_has_the_balances_after_each_entry,
    history_before_the_first_entry_is_empty,
    entry_that_changes_only_what_is_held_is_not_in_the_history,
    concurrent_entries_are_numbered_without_gaps,
    last_page_is_read_by_the_index_as_the_first_is,
);

async fn page(db: &TestDb, user: UserId, page: i64) -> (i64, Vec<HistoryEntry>) {
    write(db, move |conn| {
        Ok(load_history(conn, user, Page::new(page).unwrap())?)
    })
    .await
    .unwrap()
}

/// Kind, amount, gold and income of each row.
fn summary(rows: &[HistoryEntry]) -> Vec<(EntryKind, i64, i64, i64)> {
    rows.iter()
        .map(|row| (row.kind, row.amount, row.gold, row.income))
        .collect()
}

async fn history_has_the_balances_after_each_entry(db: TestDb) {
    use EntryKind::{Gift, Grant};
    register_users(&db).await;
    for number in 1..=10 {
        post_at(&db, Moment::from_millis(number), grant(user(1), number))
            .await
            .unwrap();
    }
    post(&db, gift(user(1), user(2), 5)).await.unwrap();
    let (count, first) = page(&db, user(1), 1).await;
    assert_eq!(count, 11);
    assert_eq!(
        summary(&first)[..3],
        [(Gift, -5, 50, 0), (Grant, 10, 55, 0), (Grant, 9, 45, 0)]
    );
    assert_eq!((first.len(), first[1].at), (8, Moment::from_millis(10)));
    let (_, second) = page(&db, user(1), 2).await;
    assert_eq!(
        summary(&second),
        [(Grant, 3, 6, 0), (Grant, 2, 3, 0), (Grant, 1, 1, 0)]
    );
    assert_eq!(page(&db, user(1), 3).await, (11, Vec::new()));
    let (count, income) = page(&db, user(2), 1).await;
    assert_eq!((count, summary(&income)), (1, vec![(Gift, 5, 0, 5)]));
    for _ in 0..9 {
        post(&db, gift(user(1), user(2), 1)).await.unwrap();
    }
    let (count, older) = page(&db, user(2), 2).await;
    assert_eq!(
        (count, summary(&older)),
        (10, vec![(Gift, 1, 0, 6), (Gift, 5, 0, 5)])
    );
}

async fn history_before_the_first_entry_is_empty(db: TestDb) {
    register_users(&db).await;
    assert_eq!(page(&db, user(1), 1).await, (0, Vec::new()));
}

async fn entry_that_changes_only_what_is_held_is_not_in_the_history(db: TestDb) {
    use EntryKind::{Gift, Hold};
    register_users(&db).await;
    post(&db, grant(user(1), 10)).await.unwrap();
    post(&db, gift(user(1), user(2), 10)).await.unwrap();
    let held = Account::User(user(2), BalanceKind::Held);
    let hold = Entry::new(Hold, "1").with_transfer(
        Account::User(user(2), BalanceKind::Income),
        held,
        coins(7),
        TransferCode::Hold,
    );
    let payout = Entry::new(EntryKind::Payout, "1").with_transfer(
        held,
        Account::System(SystemAccount::PaidOut),
        coins(7),
        TransferCode::Payout,
    );
    post(&db, hold).await.unwrap();
    post(&db, payout).await.unwrap();
    let (count, rows) = page(&db, user(2), 1).await;
    assert_eq!(
        (count, summary(&rows)),
        (2, vec![(Hold, -7, 0, 3), (Gift, 10, 0, 10)])
    );
    audit_report(&db).await;
}

async fn concurrent_entries_are_numbered_without_gaps(db: TestDb) {
    register_users(&db).await;
    post(&db, grant(user(1), 1_000)).await.unwrap();
    post(&db, grant(user(2), 1_000)).await.unwrap();
    let mut posting = tokio::task::JoinSet::new();
    for number in 0..24 {
        let (from, to) = if number % 2 == 0 { (1, 2) } else { (2, 1) };
        let entry = gift(user(from), user(to), 1);
        let db = db.db.clone();
        posting.spawn(async move { db.write(move |conn| post_entry(conn, NOW, &entry)).await });
    }
    for posted in posting.join_all().await {
        posted.unwrap();
    }
    audit_report(&db).await;
    let (count, last) = page(&db, user(1), 4).await;
    assert_eq!((count, last.len()), (25, 1));
    assert_eq!(summary(&last), [(EntryKind::Grant, 1_000, 1_000, 0)]);
}

/// No page reads other lines than its own, whatever its number is.
async fn last_page_is_read_by_the_index_as_the_first_is(db: TestDb) {
    register_users(&db).await;
    for _ in 0..30 {
        post(&db, grant(user(1), 1)).await.unwrap();
    }
    let plans = async |number: i64| {
        let read = db.db.read(move |conn| {
            let page = Page::new(number).unwrap();
            let (history, plans) = plans_of(conn, |conn| load_history(conn, user(1), page));
            Ok::<_, StoreError>((history?.1.len(), plans))
        });
        read.await.unwrap()
    };
    for (number, rows) in [(1, 8), (4, 6)] {
        let (found, plans) = plans(number).await;
        assert_eq!(found, rows);
        let of_history = plans.last().unwrap();
        assert!(!of_history.contains("OFFSET"), "{of_history}");
        let range = match db.url.starts_with("postgres") {
            true => "Index Cond: ((user_id = ",
            false => "(user_id=? AND number>? AND number<?)",
        };
        assert!(of_history.contains(range), "{of_history}");
        assert!(of_history.contains("number >") || of_history.contains("number>"));
    }
    let (found, plans) = plans(1 << 31).await;
    assert_eq!(
        (found, plans.len()),
        (0, 1),
        "past the end only the count is read"
    );
}
