//! The database under test, and what the benchmark itself reads and writes in it.

use std::path::PathBuf;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use qlive_store::testing::Engine;
use qlive_store::{Conn, Db, StoreError};
use tempfile::TempDir;

use crate::postgres::Postgres;
use crate::proc_stats::{cpu_seconds, cpu_seconds_of_family};

/// A fresh database with the schema of this program.
pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    pub(crate) db: Db,
    /// The server of the database; `None` on SQLite, which runs in the process that uses it.
    pub(crate) postgres: Option<Postgres>,
    _folder: TempDir,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct LineRow {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Database {
    /// Creates an empty database. `None` when the machine lacks the engine.
    pub(crate) async fn fresh(engine: Engine) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("qlive-bench-").tempdir();
        let folder = folder.unwrap();
        let (url, postgres) = match engine {
            Engine::Sqlite => {
                let path: PathBuf = folder.path().join("qlive.db");
                (format!("sqlite://{}", path.display()), None)
            }
            Engine::Postgres => {
                let postgres = Postgres::start()?;
                (postgres.url(), Some(postgres))
            }
        };
        let db = Db::open(&url, 1).await.unwrap();
        db.migrate().await.unwrap();
        assert!(db.claim_environment(true).await.unwrap());
        Some(Self {
            engine,
            url,
            db,
            postgres,
            _folder: folder,
        })
    }

    /// Executes statements in one transaction.
    pub(crate) async fn execute(&self, statements: String) {
        let executed = self
            .db
            .write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&statements)?));
        executed.await.unwrap();
    }

    /// Executes statements that insert rows which are known to refer to each other: PostgreSQL
    /// would take most of the time to check it.
    pub(crate) async fn fill(&self, statements: String) {
        let unchecked = match self.engine {
            Engine::Sqlite => "",
            Engine::Postgres => "SET LOCAL session_replication_role = replica;",
        };
        self.execute(format!("{unchecked}{statements}")).await;
    }

    /// The value of an SQL expression that is a whole number.
    pub(crate) async fn number(&self, expression: &str) -> i64 {
        let query = format!("SELECT CAST(({expression}) AS BIGINT) AS number");
        let read = self.db.read(move |conn| {
            let row = sql_query(query).get_result::<NumberRow>(conn)?;
            Ok::<_, StoreError>(row.number)
        });
        read.await.unwrap()
    }

    /// Brings the statistics of the planner up to date, as they are in a database that has run for
    /// a while, and writes everything to disk.
    pub(crate) async fn settle(&self) {
        match &self.postgres {
            Some(postgres) => {
                postgres.execute("VACUUM ANALYZE");
                postgres.execute("CHECKPOINT");
            }
            None => self.execute("ANALYZE".to_owned()).await,
        }
    }

    /// Removes what updates of a table left behind, which would otherwise happen in the middle of a
    /// measurement.
    pub(crate) fn vacuum(&self, table: &str) {
        if let Some(postgres) = &self.postgres {
            postgres.execute(&format!("VACUUM {table}"));
        }
    }

    /// Forgets the statements that were counted.
    pub(crate) async fn reset_statements(&self) {
        if self.postgres.is_some() {
            self.number("SELECT 1 FROM (SELECT pg_stat_statements_reset()) r")
                .await;
        }
    }

    /// How many statements were executed since the last reset. `None` on SQLite, whose statements
    /// are no round trips.
    pub(crate) async fn statements(&self) -> Option<i64> {
        self.postgres.as_ref()?;
        let calls = "SELECT COALESCE(SUM(calls), 0) FROM pg_stat_statements";
        Some(self.number(calls).await)
    }

    /// The statements since the last reset that took most of the time: how often each was executed,
    /// the milliseconds that all executions took, and its text.
    pub(crate) async fn slowest_statements(&self) -> String {
        let query = "SELECT calls || ' calls, ' || ROUND(total_exec_time) || ' ms: ' || query
            AS line FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 15";
        let read = self.db.read(move |conn| {
            let rows: Vec<LineRow> = sql_query(query).load(conn)?;
            Ok::<_, StoreError>(rows)
        });
        let lines = read.await.unwrap();
        lines.into_iter().map(|row| row.line + "\n").collect()
    }

    /// Runs the audits of the ledger and of gifts.
    ///
    /// # Panics
    /// When a rule is violated, with the violation in the message.
    pub(crate) async fn audit(&self) {
        let audit = |conn: &mut Conn| {
            let violation = qlive_gifts::audit(conn)?;
            Ok::<_, StoreError>((qlive_ledger::audit(conn), violation))
        };
        let (ledger, violation) = self.db.read(audit).await.unwrap();
        assert!(violation.is_none(), "{violation:?}");
        let report = ledger.unwrap_or_else(|error| panic!("{error}"));
        println!(
            "{:?}: the audit accepts {} transfers",
            self.engine, report.transfers
        );
    }

    /// The CPU time that the processes of the database have used, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.postgres.as_ref().map_or(0.0, |postgres| {
            let process = postgres.process();
            cpu_seconds(process) + cpu_seconds_of_family(process)
        })
    }
}
