//! Migrations, the check of the schema, and the environment of a database.

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use qlive_store::testing::{Engine, TestDb};
use qlive_store::{Db, StoreError, on_both};

use crate::catalog::read_schema;
use crate::config_rows::{count, insert};

on_both!(
    second_migrate_changes_nothing,
    newer_schema_is_refused,
    migrated_schema_passes_the_check,
    reverted_migrations_leave_nothing_and_apply_again,
    database_of_one_environment_is_refused_to_the_other,
);

/// The version of the first migration.
const FIRST: &str = "20261126000001";

async fn second_migrate_changes_nothing(db: TestDb) {
    db.db
        .write(|conn| Ok::<_, StoreError>(insert(conn, "a", "1")?))
        .await
        .unwrap();
    db.db.migrate().await.unwrap();
    assert_eq!(count(&db).await, 1);
}

async fn newer_schema_is_refused(db: TestDb) {
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

async fn database_of_one_environment_is_refused_to_the_other(db: TestDb) {
    assert!(
        db.db.claim_environment(false).await.unwrap(),
        "the first decides"
    );
    assert!(db.db.claim_environment(false).await.unwrap());
    assert!(!db.db.claim_environment(true).await.unwrap());
}

async fn migrated_schema_passes_the_check(db: TestDb) {
    db.db.check_schema().await.unwrap();
}

#[tokio::test]
async fn unmigrated_schema_is_outdated_until_it_is_migrated() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some((url, _folder)) = TestDb::without_schema(engine).await else {
            continue;
        };
        let db = Db::open(&url, 2).await.unwrap();
        for _ in 0..2 {
            let refused = db.check_schema().await;
            assert!(
                matches!(&refused, Err(StoreError::Outdated(version)) if version == FIRST),
                "{refused:?}"
            );
        }
        assert!(
            read_schema(&db).await.is_empty(),
            "the check writes nothing"
        );
        db.migrate().await.unwrap();
        db.check_schema().await.unwrap();
    }
}

#[tokio::test]
async fn schema_without_the_last_migration_is_outdated() {
    let db = TestDb::fresh(Engine::Sqlite).await.unwrap();
    let path = db.url.strip_prefix("sqlite://").unwrap();
    let mut conn = SqliteConnection::establish(path).unwrap();
    let source = FileBasedMigrations::from_path("../../migrations/sqlite").unwrap();
    let last = MigrationHarness::<Sqlite>::revert_last_migration(&mut conn, source).unwrap();
    let refused = db.db.check_schema().await;
    assert!(
        matches!(&refused, Err(StoreError::Outdated(version)) if *version == last.to_string()),
        "{refused:?}"
    );
}

async fn reverted_migrations_leave_nothing_and_apply_again(db: TestDb) {
    let before = read_schema(&db.db).await;
    match db.url.strip_prefix("sqlite://") {
        Some(path) => {
            revert_all::<Sqlite, _>(SqliteConnection::establish(path).unwrap(), "sqlite");
        }
        None => revert_all::<Pg, _>(PgConnection::establish(&db.url).unwrap(), "postgres"),
    }
    assert_eq!(read_schema(&db.db).await, [].into());
    db.db.migrate().await.unwrap();
    assert_eq!(read_schema(&db.db).await, before);
}

fn revert_all<B, C>(mut conn: C, folder: &str)
where
    B: diesel::backend::Backend,
    C: MigrationHarness<B>,
    FileBasedMigrations: MigrationSource<B>,
{
    let source = FileBasedMigrations::from_path(format!("../../migrations/{folder}")).unwrap();
    conn.revert_all_migrations(source).unwrap();
}
