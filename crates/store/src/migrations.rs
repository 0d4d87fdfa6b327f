//! The schema's versions, embedded in the program. Applied ones are never edited.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration, MigrationSource as _, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::StoreError;
use crate::connection::{Conn, Purpose, Target};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The advisory lock under which one instance migrates while the others wait.
/// Another one's migration may take long.
const LOCK: &str = "SET lock_timeout = 0; SELECT pg_advisory_lock(7311201901)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7311201901)";

pub(crate) fn run(target: &Target) -> Result<(), StoreError> {
    let conn = target
        .connect(Purpose::Write)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    match conn {
        Conn::Pg(mut conn) => {
            conn.batch_execute(LOCK)?;
            let done = apply::<diesel::pg::Pg, _>(&mut conn, POSTGRES);
            conn.batch_execute(UNLOCK)?;
            done
        }
        Conn::Sqlite(mut conn) => apply::<diesel::sqlite::Sqlite, _>(&mut conn, SQLITE),
    }
}

fn apply<DB, C>(conn: &mut C, source: EmbeddedMigrations) -> Result<(), StoreError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(failed)?;
    let known: BTreeSet<String> = known
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let applied = conn.applied_migrations().map_err(failed)?;
    if let Some(newer) = applied
        .iter()
        .map(MigrationVersion::to_string)
        .find(|version| !known.contains(version))
    {
        return Err(StoreError::Newer(newer));
    }
    conn.run_pending_migrations(source)
        .map(drop)
        .map_err(failed)
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Migration(error.to_string())
}
