//! What `Db` promises, on both engines: transactions, contention, migrations, and the schema's own refusals.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as Diesel};
use qlive_store::schema::{barred, broadcasts, configs, members, rooms, users};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError, on_both, or_contended};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

on_both!(
    what_is_refused_is_rolled_back,
    concurrent_writes_lose_nothing,
    contention_is_tried_three_times,
    what_waited_before_it_failed_is_busy,
    a_broken_key_is_contention,
    a_panic_rolls_back,
    reads_cannot_write,
    migrating_twice_changes_nothing,
    a_newer_database_is_refused,
    a_database_belongs_to_one_world,
    who_hangs_is_not_waited_for,
    every_table_reads_as_declared,
    the_schema_refuses_a_second_man_on_the_mic,
    the_schema_refuses_a_man_on_the_womens_mic,
    the_schema_refuses_a_user_in_two_rooms,
    the_schema_refuses_a_second_host,
    the_schema_refuses_a_member_of_a_room_that_is_not_live,
    an_end_empties_the_room,
);

fn set(conn: &mut Conn, key: &str, value: &str) -> QueryResult<usize> {
    diesel::insert_into(configs::table)
        .values((
            configs::key.eq(key),
            configs::value.eq(value),
            configs::updated_at.eq(1),
        ))
        .execute(conn)
}

fn change(conn: &mut Conn, key: &str, value: &str) -> QueryResult<usize> {
    diesel::update(configs::table.find(key))
        .set(configs::value.eq(value))
        .execute(conn)
}

async fn count(db: &TestDb) -> i64 {
    db.db
        .read(|conn| Ok::<_, StoreError>(configs::table.count().get_result(conn)?))
        .await
        .unwrap()
}

async fn what_is_refused_is_rolled_back(db: TestDb) {
    let refused: Result<(), _> = db
        .db
        .write(|conn| {
            set(conn, "a", "1")?;
            Err(StoreError::Corrupt("no"))
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Corrupt("no"))));
    assert_eq!(count(&db).await, 0);
}

async fn concurrent_writes_lose_nothing(db: TestDb) {
    db.db
        .write(|conn| Ok::<_, StoreError>(set(conn, "n", "0")?))
        .await
        .unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let db = db.db.clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    // As often as it takes: eight writers on one row meet more than three times.
                    while let Err(fault) = db.write(increment).await {
                        assert!(matches!(fault, StoreError::Busy), "{fault}");
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

async fn contention_is_tried_three_times(db: TestDb) {
    let tries = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&tries);
    let busy: Result<(), _> = db
        .db
        .write(move |_| {
            seen.fetch_add(1, Ordering::SeqCst);
            Err(StoreError::Contended)
        })
        .await;
    assert!(matches!(busy, Err(StoreError::Busy)));
    assert_eq!(tries.load(Ordering::SeqCst), 3);
}

/// A server may say in any language that two transactions met; it says so only after a while.
async fn what_waited_before_it_failed_is_busy(db: TestDb) {
    let fails = async |after: Duration| {
        let failed: Result<(), _> = db
            .db
            .write(move |conn| {
                std::thread::sleep(after);
                diesel::sql_query("VERKLEMMT").execute(conn)?;
                Ok::<_, StoreError>(())
            })
            .await;
        failed.unwrap_err()
    };
    assert!(matches!(
        fails(Duration::from_millis(1_100)).await,
        StoreError::Busy
    ));
    let fault = fails(Duration::ZERO).await;
    assert!(matches!(fault, StoreError::Query(_)), "{fault}");
}

async fn a_broken_key_is_contention(db: TestDb) {
    let tries = Arc::new(AtomicU32::new(0));
    db.db
        .write(move |conn| {
            let first = tries.fetch_add(1, Ordering::SeqCst) == 0;
            set(conn, "a", "1")?;
            if first {
                or_contended(set(conn, "a", "2"))?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(count(&db).await, 1);
}

async fn a_panic_rolls_back(db: TestDb) {
    let fault: Result<(), StoreError> = db
        .db
        .write(|conn| {
            set(conn, "a", "1")?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(fault, Err(StoreError::Unavailable(_))));
    db.db
        .write(|conn| Ok::<_, StoreError>(set(conn, "b", "1")?))
        .await
        .unwrap();
    assert_eq!(count(&db).await, 1);
}

async fn reads_cannot_write(db: TestDb) {
    let refused = db
        .db
        .read(|conn| Ok::<_, StoreError>(set(conn, "a", "1")?))
        .await;
    assert!(matches!(refused, Err(StoreError::Query(_))));
    assert_eq!(count(&db).await, 0);
}

async fn migrating_twice_changes_nothing(db: TestDb) {
    db.db
        .write(|conn| Ok::<_, StoreError>(set(conn, "a", "1")?))
        .await
        .unwrap();
    db.db.migrate().await.unwrap();
    assert_eq!(count(&db).await, 1);
}

async fn a_newer_database_is_refused(db: TestDb) {
    db.db
        .write(|conn| {
            diesel::sql_query(
                "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')",
            )
            .execute(conn)?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let refused = db.db.migrate().await;
    assert!(
        matches!(&refused, Err(StoreError::Newer(version)) if version == "99990101000000"),
        "{refused:?}"
    );
}

async fn a_database_belongs_to_one_world(db: TestDb) {
    assert!(db.db.is_for(false).await.unwrap(), "the first decides");
    assert!(db.db.is_for(false).await.unwrap());
    assert!(!db.db.is_for(true).await.unwrap());
}

async fn who_hangs_is_not_waited_for(db: TestDb) {
    db.db
        .write(|conn| Ok::<_, StoreError>(set(conn, "a", "1")?))
        .await
        .unwrap();
    let (held, holding) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holder = db.db.clone();
    let hangs = tokio::spawn(async move {
        holder
            .write(move |conn| {
                change(conn, "a", "2")?;
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
        .write(|conn| Ok::<_, StoreError>(change(conn, "a", "3")?))
        .await;
    assert!(
        matches!(waits, Err(StoreError::Busy | StoreError::Unavailable(_))),
        "{waits:?}"
    );
    release.send(()).unwrap();
    hangs.await.unwrap().unwrap();
}

async fn every_table_reads_as_declared(db: TestDb) {
    macro_rules! read {
        ($conn:ident: $($table:ident),+) => {
            $(
                use qlive_store::schema::$table;
                let columns = $table::table.select($table::all_columns);
                let none = columns.filter(diesel::dsl::sql::<diesel::sql_types::Bool>("1 = 0"));
                none.execute($conn)?;
            )+
        };
    }
    db.db
        .write(|conn| {
            read!(conn: users, wechat_sessions, wechat_codes, wechat_access_tokens, tokens, likes, configs, audit_log,
                rooms, broadcasts, broadcast_log, members, barred, outbox, outbox_lanes, outbox_seqs, ledger_purses,
                ledger_groups, ledger_transfers, ledger_requests, ledger_chain, gifts, gifts_sent, blocks, orders,
                refunds, withdrawals, complaints, provenance);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

const HOST: i64 = 10_000_000;

fn user(conn: &mut Conn, id: i64) -> QueryResult<usize> {
    diesel::insert_into(users::table)
        .values((
            (
                users::id.eq(id),
                users::app_id.eq("app"),
                users::openid.eq(id.to_string()),
                users::nickname.eq("n"),
            ),
            (
                users::gender.eq(1),
                users::age.eq(25),
                users::height.eq(180),
                users::area.eq("310100"),
            ),
            (
                users::face_url.eq(""),
                users::name_known.eq(true),
                users::gender_known.eq(true),
            ),
            (
                users::matchmaker.eq(true),
                users::entries.eq(0),
                users::created_at.eq(1),
            ),
        ))
        .execute(conn)
}

/// A live room of user `host`, whose number is also that of the room and the broadcast.
fn live(conn: &mut Conn, host: i64) -> QueryResult<()> {
    user(conn, host)?;
    diesel::insert_into(rooms::table)
        .values((
            (
                rooms::id.eq(host),
                rooms::host_id.eq(host),
                rooms::group_id.eq(format!("g{host}")),
            ),
            (
                rooms::cover.eq(""),
                rooms::group_ready.eq(true),
                rooms::created_at.eq(1),
            ),
        ))
        .execute(conn)?;
    diesel::insert_into(broadcasts::table)
        .values((
            broadcasts::id.eq(host),
            broadcasts::room_id.eq(host),
            broadcasts::started_at.eq(1),
        ))
        .execute(conn)?;
    Ok(())
}

fn member(conn: &mut Conn, id: i64, room: i64, state: i32, gender: i32) -> QueryResult<usize> {
    diesel::insert_into(members::table)
        .values((
            (
                members::user_id.eq(id),
                members::broadcast_id.eq(room),
                members::room_id.eq(room),
            ),
            (
                members::gender.eq(gender),
                members::state.eq(state),
                members::entry.eq(1),
                members::version.eq(1),
            ),
            (
                members::entered_at.eq(1),
                members::invited_by_us.eq(false),
                members::heard_at.eq(1),
            ),
            (members::im_event_at.eq(0), members::stream_event_at.eq(0)),
            (members::response_until.eq(0), members::changed_at.eq(1)),
        ))
        .execute(conn)
}

/// What the database says when `last` is done after everything in `first`.
async fn refusal(
    db: &TestDb,
    first: impl Fn(&mut Conn) -> QueryResult<()> + Send + 'static,
    last: impl Fn(&mut Conn) -> QueryResult<usize> + Send + 'static,
) -> DatabaseErrorKind {
    db.db
        .write(move |conn| Ok::<_, StoreError>(first(conn)?))
        .await
        .unwrap();
    match db
        .db
        .write(move |conn| Ok::<_, StoreError>(last(conn)?))
        .await
    {
        Err(StoreError::Query(Diesel::DatabaseError(kind, _))) => kind,
        other => panic!("not refused: {other:?}"),
    }
}

fn two_men(conn: &mut Conn) -> QueryResult<()> {
    live(conn, HOST)?;
    user(conn, HOST + 1)?;
    user(conn, HOST + 2)?;
    member(conn, HOST + 1, HOST, 3, 1).map(drop)
}

async fn the_schema_refuses_a_second_man_on_the_mic(db: TestDb) {
    let kind = refusal(&db, two_men, |conn| member(conn, HOST + 2, HOST, 3, 1)).await;
    assert!(matches!(kind, DatabaseErrorKind::UniqueViolation));
}

async fn the_schema_refuses_a_man_on_the_womens_mic(db: TestDb) {
    let kind = refusal(&db, two_men, |conn| member(conn, HOST + 2, HOST, 4, 1)).await;
    assert!(matches!(kind, DatabaseErrorKind::CheckViolation));
}

async fn the_schema_refuses_a_user_in_two_rooms(db: TestDb) {
    let first = |conn: &mut Conn| {
        two_men(conn)?;
        live(conn, HOST + 9)
    };
    let kind = refusal(&db, first, |conn| member(conn, HOST + 1, HOST + 9, 1, 1)).await;
    assert!(matches!(kind, DatabaseErrorKind::UniqueViolation));
}

async fn the_schema_refuses_a_second_host(db: TestDb) {
    let first = |conn: &mut Conn| {
        two_men(conn)?;
        member(conn, HOST, HOST, 5, 1).map(drop)
    };
    let kind = refusal(&db, first, |conn| member(conn, HOST + 2, HOST, 5, 1)).await;
    assert!(matches!(kind, DatabaseErrorKind::UniqueViolation));
}

async fn the_schema_refuses_a_member_of_a_room_that_is_not_live(db: TestDb) {
    let kind = refusal(
        &db,
        |conn| user(conn, HOST).map(drop),
        |conn| member(conn, HOST, 7, 1, 1),
    )
    .await;
    assert!(matches!(kind, DatabaseErrorKind::ForeignKeyViolation));
}

async fn an_end_empties_the_room(db: TestDb) {
    db.db
        .write(|conn| {
            two_men(conn)?;
            diesel::insert_into(barred::table)
                .values((barred::broadcast_id.eq(HOST), barred::user_id.eq(HOST + 1)))
                .execute(conn)?;
            diesel::delete(broadcasts::table.find(HOST)).execute(conn)?;
            let left: i64 = members::table.count().get_result(conn)?;
            assert_eq!(left, 0);
            let left: i64 = barred::table.count().get_result(conn)?;
            assert_eq!(left, 0);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}
