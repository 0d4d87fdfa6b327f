//! The hash chain: sealing by hand, by several instances at once, and by the background worker.

use std::sync::mpsc;
use std::time::Duration;

use qlive_ledger::{ChainSealer, LedgerError, post_entry, seal_entries};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};
use qlive_types::Clock;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{NOW, audit_report, grant, post, post_at, register_users, user, write};

on_both!(
    concurrent_sealers_seal_each_entry_once,
    sealing_takes_a_batch_after_the_given_entry,
    worker_seals_what_is_committed,
    worker_seals_a_backlog_and_an_entry_that_commits_late,
);

async fn concurrent_sealers_seal_each_entry_once(db: TestDb) {
    register_users(&db).await;
    for number in 1..=5 {
        post(&db, grant(user(1), number)).await.unwrap();
    }
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move { db.write(|conn| seal_entries(conn, NOW, 0)).await })
        })
        .collect();
    let mut sealed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(count) => sealed += count,
            Err(StoreError::Busy) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(sealed, 5);
    let before = audit_report(&db).await;
    assert_eq!((before.sealed, before.chain_head.len()), (5, 64));
    post(&db, grant(user(1), 6)).await.unwrap();
    assert_eq!(seal(&db, 0).await, 1);
    let after = audit_report(&db).await;
    assert_eq!(after.sealed, 6);
    assert_ne!(after.chain_head, before.chain_head);
}

async fn seal(db: &TestDb, after: i64) -> usize {
    write(db, move |conn| Ok(seal_entries(conn, NOW, after)?))
        .await
        .unwrap()
}

async fn sealing_takes_a_batch_after_the_given_entry(db: TestDb) {
    register_users(&db).await;
    write(&db, |conn| {
        (0..503).try_for_each(|_| post_entry(conn, NOW, &grant(user(1), 1)).map(drop))
    })
    .await
    .unwrap();
    assert_eq!(seal(&db, 502).await, 1, "only the last entry");
    assert_eq!(seal(&db, 0).await, 500);
    assert_eq!(seal(&db, 0).await, 2);
    assert_eq!(seal(&db, 0).await, 0);
    assert_eq!(audit_report(&db).await.sealed, 503);
}

async fn worker_seals_what_is_committed(db: TestDb) {
    register_users(&db).await;
    let clock = Clock::system();
    let now = clock.now();
    let stop = CancellationToken::new();
    let sealer = tokio::spawn(ChainSealer::new(db.db.clone(), clock.clone()).run(stop.clone()));
    for number in 1..=3 {
        post_at(&db, now, grant(user(1), number)).await.unwrap();
    }
    wait_for_sealed(&db, 3).await;
    // The worker skips entries that were sealed long ago, but not those that come later.
    clock.advance(Duration::from_secs(3_600));
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    post_at(&db, now, grant(user(2), 4)).await.unwrap();
    wait_for_sealed(&db, 4).await;
    stop.cancel();
    sealer.await.unwrap();
}

async fn worker_seals_a_backlog_and_an_entry_that_commits_late(db: TestDb) {
    register_users(&db).await;
    // SQLite has one writer, so no entry can commit after one with a higher id.
    let late = if db.url.starts_with("postgres") {
        Some(post_and_hold(&db).await)
    } else {
        None
    };
    write(&db, |conn| {
        (0..1_100).try_for_each(|_| post_entry(conn, NOW, &grant(user(1), 1)).map(drop))
    })
    .await
    .unwrap();
    let stop = CancellationToken::new();
    let sealer = tokio::spawn(ChainSealer::new(db.db.clone(), Clock::system()).run(stop.clone()));
    wait_for_sealed(&db, 1_100).await;
    if let Some((commit, late)) = late {
        commit.send(()).unwrap();
        late.await.unwrap();
        wait_for_sealed(&db, 1_101).await;
    }
    stop.cancel();
    sealer.await.unwrap();
}

/// Posts an entry in a transaction that commits when the returned channel is sent to.
async fn post_and_hold(db: &TestDb) -> (mpsc::Sender<()>, JoinHandle<()>) {
    let db = db.db.clone();
    let (posted, wait_for_posted) = mpsc::channel();
    let (commit, wait_for_commit) = mpsc::channel::<()>();
    let task = tokio::spawn(async move {
        let post = move |conn: &mut Conn| {
            let entry = post_entry(conn, NOW, &grant(user(2), 1))?;
            posted.send(()).unwrap();
            wait_for_commit.recv().unwrap();
            Ok::<_, LedgerError>(entry)
        };
        db.write(post).await.unwrap();
    });
    tokio::task::spawn_blocking(move || wait_for_posted.recv().unwrap())
        .await
        .unwrap();
    (commit, task)
}

/// Waits until the chain has this many links. The ledger breaks no rule meanwhile.
async fn wait_for_sealed(db: &TestDb, count: i64) {
    for _ in 0..400 {
        if audit_report(db).await.sealed == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not sealed in time: {count} entries");
}
