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
mod databases;
mod plan_check;
mod plans;
mod recorded_statements;

use tempfile::TempDir;

use crate::Db;

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
    _folder: Option<TempDir>,
}

impl TestDb {
    /// Creates a database and migrates it. Returns `None`, after one line on standard error, when
    /// the machine has no PostgreSQL.
    ///
    /// # Panics
    /// When that fails, and when CI has no PostgreSQL.
    pub async fn fresh(engine: Engine) -> Option<Self> {
        let (url, folder) = new_database(engine, true).await?;
        let db = Db::open(&url, POOL_SIZE)
            .await
            .unwrap_or_else(|error| panic!("open {engine:?}: {error}"));
        db.check_schema()
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
    pub async fn without_schema(engine: Engine) -> Option<(String, Option<TempDir>)> {
        new_database(engine, false).await
    }
}

async fn new_database(engine: Engine, is_migrated: bool) -> Option<(String, Option<TempDir>)> {
    let created = tokio::task::spawn_blocking(move || match engine {
        Engine::Sqlite => {
            let (url, folder) = databases::create_file(is_migrated);
            Some((url, Some(folder)))
        }
        Engine::Postgres => {
            let server = cluster::server_url()?;
            Some((databases::create_in(&server, is_migrated), None))
        }
    });
    created
        .await
        .unwrap_or_else(|error| panic!("create a database: {error}"))
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
