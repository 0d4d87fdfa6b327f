//! A fresh database for every test, on both engines.
//!
//! PostgreSQL is the one that `QLIVE_TEST_POSTGRES_URL` names (`none`: its tests
//! are left out), else a throw-away cluster that this process starts. It dies with the process:
//! a watcher waits on a pipe that only we hold open.

#![expect(
    clippy::panic,
    reason = "a test that cannot have its database has failed"
)]

mod cluster;

use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Db, StoreError};

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own in a cluster shared by the process.
    Postgres,
}

/// A migrated, empty database, gone when this is dropped (SQLite) or with the cluster (PostgreSQL).
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// The URL under which a second instance finds it.
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

impl TestDb {
    /// Makes one. `None`, after one line on standard error, when the machine
    /// has no PostgreSQL and this is not CI, where that is a failure.
    pub async fn fresh(engine: Engine) -> Option<Self> {
        let (url, folder) = Self::empty(engine).await?;
        let db = Self::open(&url)
            .await
            .unwrap_or_else(|fault| panic!("open {engine:?}: {fault}"));
        db.migrate()
            .await
            .unwrap_or_else(|fault| panic!("migrate {engine:?}: {fault}"));
        Some(Self {
            db,
            url,
            _folder: folder,
        })
    }

    /// The URL of a database without any table.
    pub async fn empty(engine: Engine) -> Option<(String, Option<tempfile::TempDir>)> {
        match engine {
            Engine::Sqlite => {
                let folder =
                    tempfile::tempdir().unwrap_or_else(|fault| panic!("temporary folder: {fault}"));
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                Some((url, Some(folder)))
            }
            Engine::Postgres => {
                let server = tokio::task::spawn_blocking(cluster::server)
                    .await
                    .unwrap_or_else(|fault| panic!("cluster: {fault}"))?;
                Some((create_database(&server).await, None))
            }
        }
    }

    async fn open(url: &str) -> Result<Db, StoreError> {
        Db::open(url, 8).await
    }
}

/// Makes an empty database beside the one that `server` names.
async fn create_database(server: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "qlive_test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::SeqCst)
    );
    let sql = format!("CREATE DATABASE {name}");
    let target = crate::connection::Target::parse(server).unwrap_or_else(|fault| panic!("{fault}"));
    tokio::task::spawn_blocking(move || {
        use diesel::connection::SimpleConnection as _;
        let mut conn = target
            .connect(crate::connection::Purpose::Write)
            .unwrap_or_else(|fault| panic!("connect: {fault}"));
        conn.batch_execute(&sql)
            .unwrap_or_else(|fault| panic!("{sql}: {fault}"));
    })
    .await
    .unwrap_or_else(|fault| panic!("create database: {fault}"));
    let (before, after) = server.rsplit_once('/').unwrap_or((server, ""));
    let query = after
        .split_once('?')
        .map(|(_, query)| format!("?{query}"))
        .unwrap_or_default();
    format!("{before}/{name}{query}")
}

/// Runs `test` on a fresh database of the engine; the two-line body of every test made by [`on_both!`](crate::on_both).
pub fn run<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(TestDb) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap_or_else(|fault| panic!("runtime: {fault}"));
    runtime.block_on(async {
        if let Some(db) = TestDb::fresh(engine).await {
            test(db).await;
        }
    });
}

/// Declares one test for each engine from each `async fn name(db: TestDb)` named.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $name() { $crate::testing::run($crate::testing::Engine::Sqlite, super::$name); })+
        }
        mod on_postgres {
            $(#[test] fn $name() { $crate::testing::run($crate::testing::Engine::Postgres, super::$name); })+
        }
    };
}
