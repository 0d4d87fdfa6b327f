//! `/readyz`: whether this instance can serve, and which part of it cannot.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, wait_until};
use serde_json::Value;
use tokio::time::timeout;

on_both!(
    missing_migration_is_not_ready,
    database_that_takes_no_write_is_not_ready,
    long_transaction_of_another_program_is_ready,
    used_up_pool_is_ready,
);

/// The part that `/readyz` says is not ready; empty when all is.
async fn part_not_ready(app: &TestApp) -> String {
    let answer = app.http.get(format!("{}/readyz", app.url)).send();
    let answer = timeout(Duration::from_secs(4), answer)
        .await
        .unwrap()
        .unwrap();
    if answer.status() == 200 {
        return String::new();
    }
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "not_ready");
    body["field"].as_str().unwrap().to_owned()
}

async fn wait_for_part(app: &TestApp, part: &str) {
    wait_until(&format!("not ready: {part:?}"), || async {
        part_not_ready(app).await == part
    })
    .await;
}

async fn missing_migration_is_not_ready(db: TestDb) {
    let app = TestApp::start(db).await;
    wait_for_part(&app, "").await;
    app.execute_sql(
        "CREATE TABLE kept AS SELECT * FROM __diesel_schema_migrations; \
         DELETE FROM __diesel_schema_migrations \
         WHERE version = (SELECT MAX(version) FROM kept)",
    )
    .await;
    wait_for_part(&app, "migrations").await;
    app.execute_sql(
        "DELETE FROM __diesel_schema_migrations; \
         INSERT INTO __diesel_schema_migrations SELECT * FROM kept; \
         INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')",
    )
    .await;
    wait_for_part(&app, "").await;
}

async fn database_that_takes_no_write_is_not_ready(db: TestDb) {
    let app = TestApp::start(db).await;
    wait_for_part(&app, "").await;
    app.execute_sql(if app.is_postgres() {
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; \
         CREATE TRIGGER full_disk BEFORE UPDATE ON readiness_checks \
         FOR EACH ROW EXECUTE FUNCTION full_disk()"
    } else {
        "CREATE TRIGGER full_disk BEFORE UPDATE ON readiness_checks \
         BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    })
    .await;
    wait_for_part(&app, "writes").await;
    assert_eq!(app.page("/healthz").await, "ok", "the process lives");
    app.execute_sql(if app.is_postgres() {
        "DROP TRIGGER full_disk ON readiness_checks"
    } else {
        "DROP TRIGGER full_disk"
    })
    .await;
    wait_for_part(&app, "").await;
}

/// A lock that another transaction holds proves that the database takes writes.
async fn long_transaction_of_another_program_is_ready(db: TestDb) {
    let app = TestApp::start(db).await;
    let _lock = app.lock("LOCK TABLE readiness_checks IN EXCLUSIVE MODE");
    for _ in 0..4 {
        assert_eq!(part_not_ready(&app).await, "");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn used_up_pool_is_ready(db: TestDb) {
    let app = TestApp::start(db).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let db = app.services.db.clone();
            let hang = move |_: &mut qlive_store::Conn| {
                std::thread::sleep(Duration::from_secs(3));
                Ok::<_, qlive_store::StoreError>(())
            };
            tokio::spawn(async move { drop(db.read(hang).await) })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(part_not_ready(&app).await, "");
    for task in tasks {
        task.abort();
    }
}
