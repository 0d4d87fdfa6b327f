//! The chain, the sealer, and the audit.

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use qlive_ledger::{LedgerError, Sealer, audit, post, reverse, seal};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both};
use qlive_types::Clock;
use tokio_util::sync::CancellationToken;

use crate::support::{NOW, gift, grant, houseful, user, write};

on_both!(
    entries_are_sealed_in_a_chain,
    the_audit_names_every_kind_of_offender,
    books_from_before_the_count_are_counted,
    the_sealer_seals_what_is_committed,
    the_sealer_walks_through_many_and_finds_who_was_late,
);

async fn entries_are_sealed_in_a_chain(db: TestDb) {
    houseful(&db).await;
    for number in 1..=5 {
        write(&db, move |conn| post(conn, NOW, &grant(user(1), number)))
            .await
            .unwrap();
    }
    // Several sealers at once.
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move { db.write(|conn| seal(conn, NOW, 0)).await })
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
    let before = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!((before.sealed, before.head.len()), (5, 64));
    write(&db, |conn| post(conn, NOW, &grant(user(1), 6)))
        .await
        .unwrap();
    assert_eq!(write(&db, |conn| Ok(seal(conn, NOW, 0)?)).await.unwrap(), 1);
    let after = write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
    assert_eq!(after.sealed, 6);
    assert_ne!(after.head, before.head);
}

/// Changes rows as only somebody can who owns the database, and answers what the audit says.
async fn offence(db: &TestDb, change: &'static str) -> String {
    const TABLES: [&str; 4] = [
        "ledger_groups",
        "ledger_transfers",
        "ledger_requests",
        "ledger_chain",
    ];
    db.db
        .write(move |conn| {
            match conn {
                Conn::Pg(_) => {
                    for table in TABLES {
                        conn.batch_execute(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL"))?;
                    }
                }
                Conn::Sqlite(_) => {
                    conn.batch_execute("PRAGMA defer_foreign_keys = ON")?;
                    for table in TABLES {
                        for what in ["update", "delete"] {
                            conn.batch_execute(&format!(
                                "DROP TRIGGER IF EXISTS {table}_no_{what}"
                            ))?;
                        }
                    }
                }
            }
            conn.batch_execute(change)?;
            let found = audit(conn)?;
            // What was done for the question is undone with it.
            Err::<(), _>(match found {
                Ok(_) => StoreError::Migration(String::from("nothing")),
                Err(offence) => StoreError::Migration(offence.0),
            })
        })
        .await
        .unwrap_err()
        .to_string()
}

async fn the_audit_names_every_kind_of_offender(db: TestDb) {
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10)))
        .await
        .unwrap();
    let sent = write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 4)))
        .await
        .unwrap();
    write(&db, move |conn| reverse(conn, NOW, sent, "oops"))
        .await
        .unwrap();
    write(&db, |conn| Ok(seal(conn, NOW, 0)?)).await.unwrap();
    for (change, what) in [
        (
            "UPDATE ledger_purses SET granted = granted + 1 WHERE user_id = 10000001",
            "the balance granted is 11, its transfers come to 10",
        ),
        (
            "UPDATE ledger_purses SET bought = 1 WHERE user_id = 10000001",
            "the balance bought is 1, its transfers come to 0",
        ),
        (
            "UPDATE ledger_purses SET income = 1 WHERE user_id = 10000001",
            "the balance income is 1, its transfers come to 0",
        ),
        (
            "UPDATE ledger_purses SET held = 1 WHERE user_id = 10000001",
            "the balance held is 1, its transfers come to 0",
        ),
        (
            "UPDATE ledger_purses SET debt = -1 WHERE user_id = 10000001",
            "the balance debt is -1, its transfers come to 0",
        ),
        (
            "UPDATE ledger_purses SET entries = 4 WHERE user_id = 10000001",
            "counts 4 entries, there are 3",
        ),
        (
            "UPDATE ledger_transfers SET amount = 11 WHERE id = 1",
            "the balance granted is 10, its transfers come to 11",
        ),
        (
            "UPDATE ledger_groups SET transfers = 2 WHERE id = 1",
            "entry 1: of 2 transfers there are 1",
        ),
        (
            "UPDATE ledger_groups SET total = 9 WHERE id = 2",
            "entry 2: of 1 transfers there are 1",
        ),
        (
            "UPDATE ledger_transfers SET code = 5 WHERE id = 3",
            "entry 3: it does not mirror entry 2",
        ),
        (
            "UPDATE ledger_groups SET reverses = NULL WHERE id = 3",
            "entry 3: only a reversal reverses",
        ),
        (
            "UPDATE ledger_groups SET subject = 'y' WHERE id = 2",
            "the chain breaks at position 2: entry 2 was changed",
        ),
        (
            "UPDATE ledger_groups SET at = 5 WHERE id = 1",
            "the chain breaks at position 1",
        ),
        // Every line is sealed, with all that it says.
        (
            "UPDATE ledger_transfers SET at = 5 WHERE id = 1",
            "the chain breaks at position 1",
        ),
        (
            "UPDATE ledger_transfers SET code = 1 WHERE id = 1",
            "the chain breaks at position 1",
        ),
        // And each link covers the one before it.
        (
            "UPDATE ledger_chain SET position = 9 WHERE position = 1; UPDATE ledger_chain SET position = 1 WHERE position = 2; \
             UPDATE ledger_chain SET position = 2 WHERE position = 9",
            "the chain breaks at position 1",
        ),
        (
            "UPDATE ledger_chain SET hash = 'x' WHERE position = 2",
            "the chain breaks at position 2",
        ),
        (
            "DELETE FROM ledger_chain WHERE position = 2",
            "a link is missing",
        ),
        (
            "UPDATE ledger_transfers SET debit = 99 WHERE id = 1",
            "account 99 does not exist",
        ),
    ] {
        let said = offence(&db, change).await;
        assert!(said.contains(what), "{change}: {said}");
    }
    write(&db, |conn| Ok(audit(conn)?)).await.unwrap().unwrap();
}

async fn books_from_before_the_count_are_counted(db: TestDb) {
    const MIGRATION: &str =
        include_str!("../../../../migrations/postgres/2026-11-24-130000_purse_entries/up.sql");
    houseful(&db).await;
    write(&db, |conn| post(conn, NOW, &grant(user(1), 10)))
        .await
        .unwrap();
    let sent = write(&db, |conn| post(conn, NOW, &gift(user(1), user(2), 4)))
        .await
        .unwrap();
    write(&db, move |conn| reverse(conn, NOW, sent, "oops"))
        .await
        .unwrap();
    let fill = MIGRATION
        .find("UPDATE")
        .map(|at| MIGRATION.split_at(at).1)
        .unwrap();
    write(&db, move |conn| {
        diesel::sql_query("UPDATE ledger_purses SET entries = 0").execute(conn)?;
        diesel::sql_query(fill).execute(conn)?;
        Ok(audit(conn)?)
    })
    .await
    .unwrap()
    .unwrap();
}

async fn the_sealer_seals_what_is_committed(db: TestDb) {
    houseful(&db).await;
    let clock = Clock::system();
    let now = clock.now();
    let stop = CancellationToken::new();
    let sealer = tokio::spawn(Sealer::new(db.db.clone(), clock.clone()).run(stop.clone()));
    for number in 1..=3 {
        write(&db, move |conn| post(conn, now, &grant(user(1), number)))
            .await
            .unwrap();
    }
    sealed(&db, 3).await;
    // What is long settled is not looked at again; what comes after it is.
    clock.advance(std::time::Duration::from_secs(3_600));
    tokio::time::sleep(std::time::Duration::from_millis(2_200)).await;
    write(&db, move |conn| post(conn, now, &grant(user(2), 4)))
        .await
        .unwrap();
    sealed(&db, 4).await;
    stop.cancel();
    sealer.await.unwrap();
}

async fn the_sealer_walks_through_many_and_finds_who_was_late(db: TestDb) {
    houseful(&db).await;
    let late = if db.url.starts_with("postgres") {
        // It took its number before all the others, and commits after they are sealed.
        let (holder, (took, taken), (release, released)) = (
            db.db.clone(),
            std::sync::mpsc::channel(),
            std::sync::mpsc::channel::<()>(),
        );
        let late = tokio::spawn(async move {
            let slow = move |conn: &mut Conn| {
                let entry = post(conn, NOW, &grant(user(2), 1))?;
                took.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, LedgerError>(entry)
            };
            holder.write(slow).await.unwrap();
        });
        tokio::task::spawn_blocking(move || taken.recv().unwrap())
            .await
            .unwrap();
        Some((late, release))
    } else {
        None
    };
    write(&db, |conn| {
        (0..1_100).try_for_each(|_| post(conn, NOW, &grant(user(1), 1)).map(drop))
    })
    .await
    .unwrap();
    let stop = CancellationToken::new();
    let sealer = tokio::spawn(Sealer::new(db.db.clone(), Clock::system()).run(stop.clone()));
    sealed(&db, 1_100).await;
    if let Some((late, release)) = late {
        release.send(()).unwrap();
        late.await.unwrap();
        sealed(&db, 1_101).await;
    }
    stop.cancel();
    sealer.await.unwrap();
}

/// Waits until so many entries are sealed; the books hold.
async fn sealed(db: &TestDb, count: i64) {
    for _ in 0..400 {
        if db.db.read(audit).await.unwrap().unwrap().sealed == count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("waited in vain for {count} seals");
}
