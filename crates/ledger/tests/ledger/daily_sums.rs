//! The sums of each day are those of the sealed entries.

use qlive_ledger::{
    AccountClass, BalanceKind, ChainSumWorker, DAILY_SUMS, Day, EntryKind, LedgerBrowser,
    SystemAccount, seal_entries,
};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::Moment;

use crate::support::{audit_report, gift, grant, post_at, register_users, user, write};

on_both!(
    sealed_entries_are_summed_by_day_and_way,
    unsealed_entries_are_in_no_sum,
    entries_that_others_sealed_are_added_once,
    holdings_are_the_balances_of_all_users,
    wrong_sum_is_found_by_the_audit,
);

const DAY: i64 = 86_400_000;

async fn seal(db: &TestDb, at: Moment) {
    let sealed = write(db, move |conn| Ok(seal_entries(conn, at, 0)?)).await;
    sealed.unwrap();
    add_all(db).await;
}

async fn add_all(db: &TestDb) {
    let added = write(db, |conn| {
        while DAILY_SUMS.add_next(conn)? {}
        Ok(())
    });
    added.await.unwrap();
}

/// The last millisecond of a day in Shanghai.
fn end_of(day: Day) -> Moment {
    Moment::from_millis(day.begin().millis() + DAY - 1)
}

async fn sealed_entries_are_summed_by_day_and_way(db: TestDb) {
    register_users(&db).await;
    let day = Day::of(Moment::parse_day("2026-11-27").unwrap());
    for (at, amount) in [
        (day.begin(), 10),
        (end_of(day), 5),
        (day.plus(1).begin(), 7),
    ] {
        post_at(&db, at, grant(user(1), amount)).await.unwrap();
    }
    post_at(&db, end_of(day), gift(user(1), user(2), 3))
        .await
        .unwrap();
    seal(&db, end_of(day)).await;
    let browser = LedgerBrowser::new(db.db.clone());
    let sums = browser.daily_sums(day, day.plus(1)).await.unwrap();
    let grants = AccountClass::System(SystemAccount::Grants);
    let granted = AccountClass::Balance(BalanceKind::Granted);
    let income = AccountClass::Balance(BalanceKind::Income);
    let found: Vec<_> = sums
        .iter()
        .map(|sum| {
            (
                sum.day,
                sum.kind,
                sum.from,
                sum.to,
                sum.transfers,
                sum.coins,
            )
        })
        .collect();
    let expected = [
        (day, EntryKind::Grant, grants, granted, 2, 15),
        (day, EntryKind::Gift, granted, income, 1, 3),
        (day.plus(1), EntryKind::Grant, grants, granted, 1, 7),
    ];
    assert_eq!(found.len(), expected.len());
    for one in expected {
        assert!(found.contains(&one), "{one:?} is not in {found:?}");
    }
    audit_report(&db).await;
    post_at(&db, end_of(day), grant(user(1), 1)).await.unwrap();
    seal(&db, end_of(day)).await;
    let sums = browser.daily_sums(day, day).await.unwrap();
    let of_grants = sums
        .iter()
        .find(|sum| sum.kind == EntryKind::Grant)
        .unwrap();
    assert_eq!((of_grants.transfers, of_grants.coins), (3, 16));
    audit_report(&db).await;
}

async fn unsealed_entries_are_in_no_sum(db: TestDb) {
    register_users(&db).await;
    let day = Day::of(Moment::parse_day("2026-11-27").unwrap());
    post_at(&db, day.begin(), grant(user(1), 10)).await.unwrap();
    let browser = LedgerBrowser::new(db.db.clone());
    assert_eq!(browser.daily_sums(day, day).await.unwrap(), []);
    audit_report(&db).await;
}

/// Two workers at once, and entries of a version that seals without adding.
async fn entries_that_others_sealed_are_added_once(db: TestDb) {
    register_users(&db).await;
    let day = Day::of(Moment::parse_day("2026-11-27").unwrap());
    let stop = tokio_util::sync::CancellationToken::new();
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let worker = ChainSumWorker::new(db.db.clone(), vec![DAILY_SUMS]);
            tokio::spawn(worker.run(stop.clone()))
        })
        .collect();
    for _ in 0..30 {
        post_at(&db, day.begin(), grant(user(1), 2)).await.unwrap();
        let sealed = write(&db, move |conn| Ok(seal_entries(conn, day.begin(), 0)?)).await;
        sealed.unwrap();
    }
    stop.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    add_all(&db).await;
    let browser = LedgerBrowser::new(db.db.clone());
    let sums = browser.daily_sums(day, day).await.unwrap();
    let sums: Vec<_> = sums.iter().map(|sum| (sum.transfers, sum.coins)).collect();
    assert_eq!(sums, [(30, 60)]);
    audit_report(&db).await;
}

async fn holdings_are_the_balances_of_all_users(db: TestDb) {
    register_users(&db).await;
    let day = Day::of(Moment::parse_day("2026-11-27").unwrap());
    for (receiver, amount) in [(1, 10), (2, 5)] {
        let granted = grant(user(receiver), amount);
        post_at(&db, day.begin(), granted).await.unwrap();
    }
    let given = gift(user(1), user(2), 3);
    post_at(&db, day.plus(1).begin(), given).await.unwrap();
    seal(&db, day.begin()).await;
    let held = LedgerBrowser::new(db.db.clone()).holdings().await.unwrap();
    for (class, coins) in [
        (AccountClass::Balance(BalanceKind::Granted), 12),
        (AccountClass::Balance(BalanceKind::Income), 3),
        (AccountClass::System(SystemAccount::Grants), -15),
    ] {
        assert!(held.contains(&(class, coins)), "{class:?} in {held:?}");
    }
}

async fn wrong_sum_is_found_by_the_audit(db: TestDb) {
    use diesel::connection::SimpleConnection as _;
    register_users(&db).await;
    let day = Day::of(Moment::parse_day("2026-11-27").unwrap());
    post_at(&db, day.begin(), grant(user(1), 10)).await.unwrap();
    seal(&db, day.begin()).await;
    for change in [
        "UPDATE daily_sums SET coins = coins + 1",
        "UPDATE daily_sums SET coins = coins - 1, transfers = transfers + 1",
        "DELETE FROM daily_sums",
    ] {
        write(&db, move |conn| Ok(conn.batch_execute(change)?))
            .await
            .unwrap();
        let audited = db.db.read(qlive_ledger::audit).await;
        let violation = audited.unwrap_err().to_string();
        assert!(
            violation.contains("the stored sum of kind 2 differs"),
            "{change}: {violation}"
        );
    }
}
