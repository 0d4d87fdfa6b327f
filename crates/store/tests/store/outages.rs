//! What a database that cannot serve does to transactions: they end as unavailable, their
//! connections are replaced, and no operation takes the connections of the others.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use qlive_store::operation::{run_background, run_request};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, Db, StoreError, on_both};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::config_rows::{count, insert, update};

on_both!(
    full_disk_is_unavailable,
    read_only_database_is_unavailable,
    connection_that_broke_is_unavailable_and_replaced,
    operation_that_hangs_leaves_connections_to_others,
    request_does_not_wait_for_a_database_that_hangs,
);

async fn write(db: &Db, statements: &str) -> Result<(), StoreError> {
    let statements = statements.to_owned();
    db.write(move |conn| Ok(conn.batch_execute(&statements)?))
        .await
}

fn is_postgres(db: &TestDb) -> bool {
    db.url.starts_with("postgres")
}

async fn full_disk_is_unavailable(db: TestDb) {
    if is_postgres(&db) {
        // In a language that the server may be set to.
        let trigger = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            RAISE EXCEPTION '设备上没有空间' USING ERRCODE = '53100'; END $$; \
            CREATE TRIGGER full_disk BEFORE INSERT ON configs \
            FOR EACH ROW EXECUTE FUNCTION full_disk()";
        write(&db.db, trigger).await.unwrap();
    } else {
        write(&db.db, "PRAGMA max_page_count = 1").await.unwrap();
    }
    let value = "x".repeat(60_000);
    let full = db
        .db
        .write(move |conn| Ok::<_, StoreError>(insert(conn, "a", &value)?))
        .await;
    assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
    assert_eq!(count(&db).await, 0, "reads go on");
}

async fn read_only_database_is_unavailable(db: TestDb) {
    let read_only = match is_postgres(&db) {
        true => "SET TRANSACTION READ ONLY",
        false => "PRAGMA query_only = ON",
    };
    let refused = db
        .db
        .write(move |conn| {
            conn.batch_execute(read_only)?;
            Ok::<_, StoreError>(insert(conn, "a", "1")?)
        })
        .await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

async fn connection_that_broke_is_unavailable_and_replaced(db: TestDb) {
    if !is_postgres(&db) {
        return;
    }
    let kill = "SELECT pg_terminate_backend(pg_backend_pid())";
    for _ in 0..20 {
        let broken = db.db.read(move |conn| Ok(conn.batch_execute(kill)?)).await;
        assert!(
            matches!(broken, Err(StoreError::Unavailable(_))),
            "{broken:?}"
        );
        let broken = write(&db.db, kill).await;
        assert!(
            matches!(broken, Err(StoreError::Unavailable(_))),
            "{broken:?}"
        );
        assert_eq!(count(&db).await, 0);
    }
    // Those that broke while they were idle.
    let all_others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    write(&db.db, all_others).await.unwrap();
    for _ in 0..8 {
        assert_eq!(count(&db).await, 0);
    }
}

/// A transaction that keeps its connection for some seconds.
async fn hang(db: Db) -> Result<(), StoreError> {
    let sleep = |_: &mut Conn| {
        std::thread::sleep(Duration::from_secs(4));
        Ok(())
    };
    db.read(sleep).await
}

async fn operation_that_hangs_leaves_connections_to_others(db: TestDb) {
    let mut hanging = JoinSet::new();
    for _ in 0..20 {
        hanging.spawn(run_background("hangs", hang(db.db.clone())));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    for _ in 0..4 {
        let other = run_request("another", count(&db));
        let counted = timeout(Duration::from_secs(2), other).await;
        assert_eq!(counted.unwrap(), 0);
    }
    hanging.shutdown().await;
}

async fn request_does_not_wait_for_a_database_that_hangs(db: TestDb) {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let hangs = db.db.write(move |conn| {
        insert(conn, "a", "1")?;
        // Until the test ends, or the transaction runs on.
        released.recv_timeout(Duration::from_secs(60)).ok();
        Ok::<_, StoreError>(())
    });
    let limited = run_request("hangs", hangs);
    let ended = timeout(Duration::from_secs(30), limited).await.unwrap();
    assert!(
        matches!(ended, Err(StoreError::Unavailable(_))),
        "{ended:?}"
    );
    drop(release);
    // The transaction ended on its own, and so its row is there.
    for _ in 0..200 {
        if count(&db).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let changed = db
        .db
        .write(|conn| Ok::<_, StoreError>(update(conn, "a", "2")?));
    changed.await.unwrap();
    assert_eq!(count(&db).await, 1);
}
