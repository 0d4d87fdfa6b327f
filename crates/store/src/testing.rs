//! A fresh database for every test, on either engine.
//!
//! The environment variable `QLIVE_TEST_POSTGRES_URL` names the PostgreSQL to use; `none` leaves
//! its tests out. Without the variable this process starts a cluster of its own, which is removed
//! when the process ends, however it ends.

#![expect(
    clippy::panic,
    reason = "test support: without a database the test must fail"
)]

mod cluster;
mod plan_check;
mod plans;
mod recorded_statements;

use std::sync::atomic::{AtomicU32, Ordering};

use crate::Db;
use crate::address::DatabaseAddress;
use crate::connection::{Access, connect};

pub use crate::Engine;
pub use cluster::unprivileged_user;
pub use plans::plans_of;
pub(crate) use recorded_statements::record_statement;

/// Connections of a test database's pool.
const POOL_SIZE: u32 = 8;

/// A migrated database without rows: on SQLite a temporary file, which is removed when this is
/// dropped, on PostgreSQL a database of its own in the cluster.
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// The URL by which a second instance opens the same database.
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

impl TestDb {
    /// Creates a database and migrates it. Returns `None`, after one line on standard error, when
    /// the machine has no PostgreSQL.
    ///
    /// # Panics
    /// When that fails, and when CI has no PostgreSQL.
    pub async fn fresh(engine: Engine) -> Option<Self> {
        let (url, folder) = Self::without_schema(engine).await?;
        let db = Db::open(&url, POOL_SIZE)
            .await
            .unwrap_or_else(|error| panic!("open {engine:?}: {error}"));
        db.migrate()
            .await
            .unwrap_or_else(|error| panic!("migrate {engine:?}: {error}"));
        Some(Self {
            db,
            url,
            _folder: folder,
        })
    }

    /// Creates a database without tables. Returns its URL, and for SQLite the folder that it lies
    /// in. Returns `None` when the machine has no PostgreSQL.
    ///
    /// # Panics
    /// As [`TestDb::fresh`].
    pub async fn without_schema(engine: Engine) -> Option<(String, Option<tempfile::TempDir>)> {
        match engine {
            Engine::Sqlite => {
                let folder =
                    tempfile::tempdir().unwrap_or_else(|error| panic!("temporary folder: {error}"));
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                Some((url, Some(folder)))
            }
            Engine::Postgres => {
                let server = tokio::task::spawn_blocking(cluster::server_url)
                    .await
                    .unwrap_or_else(|error| panic!("cluster: {error}"))?;
                Some((create_database(&server).await, None))
            }
        }
    }
}

/// Creates a database in the cluster of `server`, the URL of its maintenance database.
async fn create_database(server: &str) -> String {
    static NEXT_NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "qlive_test_{}_{}",
        std::process::id(),
        NEXT_NUMBER.fetch_add(1, Ordering::SeqCst)
    );
    let sql = format!("CREATE DATABASE {name}");
    let address = DatabaseAddress::parse(server).unwrap_or_else(|error| panic!("{error}"));
    tokio::task::spawn_blocking(move || {
        use diesel::connection::SimpleConnection as _;
        let mut conn =
            connect(&address, Access::ReadWrite).unwrap_or_else(|error| panic!("connect: {error}"));
        conn.batch_execute(&sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    })
    .await
    .unwrap_or_else(|error| panic!("create database: {error}"));
    let (before, after) = server.rsplit_once('/').unwrap_or((server, ""));
    let query = after
        .split_once('?')
        .map(|(_, query)| format!("?{query}"))
        .unwrap_or_default();
    format!("{before}/{name}{query}")
}

/// Runs `test` on a fresh database of the engine, or not at all when the machine has no
/// PostgreSQL. The tests that [`on_both!`](crate::on_both) declares call this.
///
/// # Panics
/// When the test or the creation of the database panics, and when an operation sent PostgreSQL a
/// statement that reads a table from end to end.
pub fn run_test<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(TestDb) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("runtime: {error}"));
    runtime.block_on(async {
        if let Some(db) = TestDb::fresh(engine).await {
            let url = db.url.clone();
            recorded_statements::begin();
            test(db).await;
            plan_check::check_recorded(&url);
        }
    });
}

/// Declares one test for each engine from each `async fn name(db: TestDb)` named.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            use $crate::testing::{Engine, run_test};
            $(
                #[test]
                fn $name() {
                    run_test(Engine::Sqlite, super::$name);
                }
            )+
        }
        mod on_postgres {
            use $crate::testing::{Engine, run_test};
            $(
                #[test]
                fn $name() {
                    run_test(Engine::Postgres, super::$name);
                }
            )+
        }
    };
}
