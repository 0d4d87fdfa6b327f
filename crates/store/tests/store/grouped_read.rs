//! Reads that come at the same time become one statement.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use qlive_store::schema::transaction_locks;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, Db, GroupedRead, StoreError, on_both};
use tokio::task::JoinSet;
use tokio::time::timeout;

on_both!(
    reads_at_once_get_their_own_values_in_few_statements,
    read_sees_what_was_committed_before,
    key_that_fails_does_so_alone,
    outage_is_met_once_by_a_whole_group,
    reads_that_are_dropped_do_not_stop_the_others,
);

/// The key whose value cannot be read.
const POISON: i64 = 7;

fn find_uses(conn: &mut Conn, keys: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
    if keys.contains(&POISON) {
        return Err(StoreError::Corrupt("transaction_locks.uses"));
    }
    let names = keys.iter().map(i64::to_string);
    let rows: Vec<(String, i64)> = transaction_locks::table
        .filter(transaction_locks::name.eq_any(names))
        .load(conn)?;
    let values = rows
        .into_iter()
        .map(|(name, uses)| (name.parse().unwrap(), uses));
    Ok(values.collect())
}

async fn insert(db: &Db, key: i64) {
    let row = (
        transaction_locks::name.eq(key.to_string()),
        transaction_locks::uses.eq(key * 10),
    );
    db.write(move |conn| {
        diesel::insert_into(transaction_locks::table)
            .values(row.clone())
            .execute(conn)?;
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap();
}

fn reads(db: &TestDb) -> GroupedRead<i64, i64> {
    GroupedRead::new("uses", db.db.clone(), find_uses)
}

fn statements_sent(db: &TestDb) -> u64 {
    db.db.statement_counts().get("uses").copied().unwrap()
}

/// Reads many keys at once, and returns their values by key.
async fn read_all(reads: &GroupedRead<i64, i64>, keys: &[i64]) -> Vec<Option<i64>> {
    let mut running = JoinSet::new();
    for (at, key) in keys.iter().copied().enumerate() {
        let reads = reads.clone();
        running.spawn(async move { (at, reads.get(key).await.ok().flatten()) });
    }
    let mut values = running.join_all().await;
    values.sort_unstable();
    values.into_iter().map(|(_, value)| value).collect()
}

async fn reads_at_once_get_their_own_values_in_few_statements(db: TestDb) {
    for key in 0..5 {
        insert(&db.db, key).await;
    }
    let reads = reads(&db);
    assert_eq!(reads.get(3).await.unwrap(), Some(30));
    let before = statements_sent(&db);
    let keys: Vec<i64> = (0..200)
        .map(|number| number % 10)
        .filter(|key| *key != POISON)
        .collect();
    let expected: Vec<_> = keys
        .iter()
        .map(|key| (*key < 5).then_some(key * 10))
        .collect();
    assert_eq!(read_all(&reads, &keys).await, expected);
    let statements = statements_sent(&db) - before;
    assert!(statements < 100, "{statements} statements for 180 reads");
}

async fn read_sees_what_was_committed_before(db: TestDb) {
    let reads = reads(&db);
    let mut others = JoinSet::new();
    for _ in 0..4 {
        let reads = reads.clone();
        others.spawn(async move {
            for _ in 0..200 {
                reads.get(1).await.unwrap();
            }
        });
    }
    for key in 100..130 {
        insert(&db.db, key).await;
        assert_eq!(reads.get(key).await.unwrap(), Some(key * 10));
    }
    others.join_all().await;
}

async fn key_that_fails_does_so_alone(db: TestDb) {
    insert(&db.db, 1).await;
    let reads = reads(&db);
    let keys = [1, POISON, 1, POISON, 1, 2, 1, POISON];
    let expected = [10, 0, 10, 0, 10, 0, 10, 0].map(|value| (value > 0).then_some(value));
    for _ in 0..10 {
        assert_eq!(read_all(&reads, &keys).await, expected);
    }
    let failed = reads.get(POISON).await;
    assert!(matches!(failed, Err(StoreError::Corrupt(_))), "{failed:?}");
}

/// A query of a database that is not available. One key says so after a while, and the others wait
/// meanwhile: they are one group.
fn sleep_in_vain(_: &mut Conn, keys: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
    std::thread::sleep(Duration::from_millis(100));
    Err(StoreError::Unavailable(format!("{} keys", keys.len())))
}

async fn outage_is_met_once_by_a_whole_group(db: TestDb) {
    let reads = GroupedRead::new("in vain", db.db.clone(), sleep_in_vain);
    let mut running = JoinSet::new();
    for key in 0..40 {
        let reads = reads.clone();
        running.spawn(async move { reads.get(key).await });
    }
    let started = Instant::now();
    for failed in running.join_all().await {
        assert!(
            matches!(failed, Err(StoreError::Unavailable(_))),
            "{failed:?}"
        );
    }
    assert!(started.elapsed() < Duration::from_secs(2), "not key by key");
}

async fn reads_that_are_dropped_do_not_stop_the_others(db: TestDb) {
    insert(&db.db, 1).await;
    let reads = reads(&db);
    for micros in 0..200 {
        let mut dropped = JoinSet::new();
        for _ in 0..8 {
            let reads = reads.clone();
            dropped.spawn(async move {
                let limit = Duration::from_micros(micros);
                let _ = timeout(limit, reads.get(1)).await;
            });
        }
        assert_eq!(reads.get(1).await.unwrap(), Some(10));
        dropped.join_all().await;
    }
}
