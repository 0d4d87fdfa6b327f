//! Transactions: rollback, contention, retries and timeouts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::configs;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, key_violation_as_contention, on_both, serialize_transactions};

use crate::config_rows::{count, insert, update};

on_both!(
    error_of_the_closure_rolls_the_transaction_back,
    concurrent_guarded_writes_lose_no_update,
    contended_transaction_runs_three_times_then_is_busy,
    unknown_error_after_a_wait_is_unavailable,
    key_violation_runs_the_transaction_again,
    panic_rolls_the_transaction_back,
    write_in_a_read_transaction_is_refused,
    write_blocked_by_a_hanging_transaction_fails,
    guarded_transactions_that_count_never_exceed_their_bound,
    what_follows_a_commit_happens_also_when_nobody_waits,
);

async fn error_of_the_closure_rolls_the_transaction_back(db: TestDb) {
    let refused: Result<(), _> = db
        .db
        .write(|conn| {
            insert(conn, "a", "1")?;
            Err(StoreError::Corrupt("no"))
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Corrupt("no"))));
    assert_eq!(count(&db).await, 0);
}

async fn concurrent_guarded_writes_lose_no_update(db: TestDb) {
    db.db
        .write(|conn| Ok::<_, StoreError>(insert(conn, "n", "0")?))
        .await
        .unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    // Eight writers of one row conflict more often than `write` tries.
                    while let Err(error) = db.write(increment).await {
                        assert!(matches!(error, StoreError::Busy), "{error}");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let total: String = db
        .db
        .read(|conn| Ok::<_, StoreError>(configs::table.select(configs::value).get_result(conn)?))
        .await
        .unwrap();
    assert_eq!(total, "200");
}

/// Reads, then writes guarded by what was read.
fn increment(conn: &mut Conn) -> Result<(), StoreError> {
    let before: String = configs::table
        .find("n")
        .select(configs::value)
        .get_result(conn)?;
    let after = (before.parse::<i64>().unwrap() + 1).to_string();
    let changed = diesel::update(configs::table.find("n").filter(configs::value.eq(before)))
        .set(configs::value.eq(after))
        .execute(conn)?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Contended)
    }
}

async fn contended_transaction_runs_three_times_then_is_busy(db: TestDb) {
    let tries = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&tries);
    let busy: Result<(), _> = db
        .db
        .write(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            Err(StoreError::Contended)
        })
        .await;
    assert!(matches!(busy, Err(StoreError::Busy)));
    assert_eq!(tries.load(Ordering::SeqCst), 3);
}

/// The text of a lock timeout depends on the server's language, but it comes only after a wait.
async fn unknown_error_after_a_wait_is_unavailable(db: TestDb) {
    let fail_after = async |delay: Duration| {
        let failed: Result<(), _> = db
            .db
            .write(move |conn| {
                std::thread::sleep(delay);
                diesel::sql_query("NOT SQL").execute(conn)?;
                Ok::<_, StoreError>(())
            })
            .await;
        failed.unwrap_err()
    };
    assert!(matches!(
        fail_after(Duration::from_millis(3_050)).await,
        StoreError::Unavailable(_)
    ));
    let error = fail_after(Duration::ZERO).await;
    assert!(matches!(error, StoreError::Query(_)), "{error}");
}

async fn key_violation_runs_the_transaction_again(db: TestDb) {
    let tries = Arc::new(AtomicU32::new(0));
    db.db
        .write(move |conn| {
            let first = tries.fetch_add(1, Ordering::SeqCst) == 0;
            insert(conn, "a", "1")?;
            if first {
                key_violation_as_contention(insert(conn, "a", "2"))?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(count(&db).await, 1);
}

async fn panic_rolls_the_transaction_back(db: TestDb) {
    let error: Result<(), StoreError> = db
        .db
        .write(|conn| {
            insert(conn, "a", "1")?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(error, Err(StoreError::Unavailable(_))));
    db.db
        .write(|conn| Ok::<_, StoreError>(insert(conn, "b", "1")?))
        .await
        .unwrap();
    assert_eq!(count(&db).await, 1);
}

async fn write_in_a_read_transaction_is_refused(db: TestDb) {
    let refused = db
        .db
        .read(|conn| Ok::<_, StoreError>(insert(conn, "a", "1")?))
        .await;
    assert!(matches!(refused, Err(StoreError::Query(_))));
    assert_eq!(count(&db).await, 0);
}

async fn write_blocked_by_a_hanging_transaction_fails(db: TestDb) {
    db.db
        .write(|conn| Ok::<_, StoreError>(insert(conn, "a", "1")?))
        .await
        .unwrap();
    let (held, holding) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holder = db.db.clone();
    let hangs = tokio::spawn(async move {
        holder
            .write(move |conn| {
                update(conn, "a", "2")?;
                held.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, StoreError>(())
            })
            .await
    });
    tokio::task::spawn_blocking(move || holding.recv().unwrap())
        .await
        .unwrap();
    let waits = db
        .db
        .write(|conn| Ok::<_, StoreError>(update(conn, "a", "3")?))
        .await;
    assert!(
        matches!(waits, Err(StoreError::Unavailable(_))),
        "{waits:?}"
    );
    release.send(()).unwrap();
    hangs.await.unwrap().unwrap();
}

async fn guarded_transactions_that_count_never_exceed_their_bound(db: TestDb) {
    const BOUND: i64 = 5;
    let tasks: Vec<_> = (0..24)
        .map(|number| {
            let db = db.db.clone();
            tokio::spawn(async move {
                db.write(move |conn| {
                    serialize_transactions(conn, "rows")?;
                    let count: i64 = configs::table.count().get_result(conn)?;
                    // Time for the others to count too.
                    std::thread::sleep(Duration::from_millis(5));
                    if count < BOUND {
                        insert(conn, &format!("k{number}"), "1")?;
                    }
                    Ok::<_, StoreError>(())
                })
                .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(count(&db).await, BOUND);
}

async fn what_follows_a_commit_happens_also_when_nobody_waits(db: TestDb) {
    let committed = Arc::new(AtomicU32::new(0));
    let write = |key: &'static str, fails: bool| {
        let committed = Arc::clone(&committed);
        db.db.write_then(
            move |conn| {
                std::thread::sleep(Duration::from_millis(300));
                insert(conn, key, "1")?;
                if fails {
                    return Err(StoreError::Corrupt("no"));
                }
                Ok(())
            },
            move || {
                committed.fetch_add(1, Ordering::SeqCst);
            },
        )
    };
    assert!(write("rolled back", true).await.is_err());
    assert_eq!(committed.load(Ordering::SeqCst), 0);
    let given_up = tokio::time::timeout(Duration::from_millis(100), write("kept", false)).await;
    assert!(given_up.is_err());
    while count(&db).await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(committed.load(Ordering::SeqCst), 1);
}
