//! The migrations that the console needs, applied to a database that was used without them.

use std::fs;
use std::path::PathBuf;

use diesel::connection::SimpleConnection as _;
use qlive_operators::Role;
use qlive_store::testing::TestDb;
use qlive_store::{Db, StoreError, count_up_to, on_both};
use qlive_tests::{TestApp, TestConsole};

use crate::crawl::full_app;

on_both!(migrations_apply_to_a_database_with_something_of_everything);

/// The first migration that only the console needs.
const FIRST: &str = "000009";
/// Tables that are older than it.
const COUNTED: [&str; 5] = ["users", "orders", "ledger_entries", "gifts_sent", "rooms"];

async fn migrations_apply_to_a_database_with_something_of_everything(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    full_app(&app, &console).await;
    app.wait_for_outbox().await;
    let (bob, order) = app.buyer("before", 1).await;
    let gold = bob.profile().await["gold"].clone();
    drop(console);
    let url = app.database_url().to_owned();
    let mut counts = Vec::new();
    let app = app
        .restart_while(1, async { counts = revert(&url).await })
        .await;
    assert_eq!(counts.len(), COUNTED.len());
    for (table, count) in COUNTED.into_iter().zip(counts) {
        // Work goes on meanwhile: nothing is missing.
        let now = app.count_rows(table).await;
        assert!(now >= count && count > 0, "{table}: {count}, then {now}");
    }
    assert_eq!(bob.profile().await["gold"], gold, "before and after");
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let number = qlive_tests::order_number(&order);
    for path in [
        "/",
        "/users",
        "/gifts",
        "/figures",
        &format!("/orders/{number}"),
        &format!("/users/{}", bob.user_id),
    ] {
        let page = owner.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
    }
    app.check_sums().await;
    if url.starts_with("postgres") {
        // Making an index counts the rows; plans are checked as for tables of unknown size.
        app.execute_sql(
            "UPDATE pg_class SET reltuples = -1, relpages = 0 \
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')",
        )
        .await;
    }
}

/// Reverts the migrations of the console, the last first. Returns how many rows are in the tables
/// that are counted.
async fn revert(url: &str) -> Vec<i64> {
    let engine = if url.starts_with("sqlite") {
        "sqlite"
    } else {
        "postgres"
    };
    let folder = PathBuf::from("../migrations").join(engine);
    let found = fs::read_dir(folder).unwrap().map(|one| one.unwrap().path());
    let mut found: Vec<PathBuf> = found.filter(|path| path.is_dir()).collect();
    found.sort_unstable();
    let number = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (day, rest) = name.split_at("2026-11-26-".len());
        let (number, _) = rest.split_once('_').unwrap();
        (
            number.to_owned(),
            format!("{}{number}", day.replace('-', "")),
        )
    };
    let db = Db::open(url, 1).await.unwrap();
    let later = found.iter().rev().map(|path| (path, number(path)));
    for (path, (_, version)) in later.take_while(|(_, (number, _))| &**number >= FIRST) {
        let down = fs::read_to_string(path.join("down.sql")).unwrap();
        let forget =
            format!("{down}; DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
        let reverted = db.write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&forget)?));
        reverted
            .await
            .unwrap_or_else(|error| panic!("{version}: {error}"));
    }
    let refused = db.check_schema().await;
    assert!(
        matches!(&refused, Err(StoreError::Outdated(version)) if version.ends_with(FIRST)),
        "{refused:?}"
    );
    let counts = db.read(|conn| {
        let count = |table| count_up_to(conn, table, i64::MAX);
        COUNTED.into_iter().map(count).collect()
    });
    let counts: Result<Vec<i64>, StoreError> = counts.await;
    counts.unwrap()
}
