//! The migrations, embedded in the program. `migrations/README.md` has the rules for writing one.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::address::DatabaseAddress;
use crate::connection::{Access, connect};
use crate::{Conn, StoreError};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Takes the advisory lock under which one instance migrates while others wait, without a limit
/// on the time: a migration may take long.
const LOCK: &str = "SET lock_timeout = 0; SELECT pg_advisory_lock(7311201901)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7311201901)";

/// Versions of migrations, in the order in which they are applied.
type Versions = BTreeSet<String>;

/// Applies the migrations that the database does not have yet.
pub(crate) fn apply_pending(address: &DatabaseAddress) -> Result<(), StoreError> {
    let conn = connect(address, Access::ReadWrite)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    match conn {
        Conn::Pg(mut conn) => {
            conn.batch_execute(LOCK)?;
            let result = apply::<diesel::pg::Pg, _>(&mut conn, POSTGRES);
            conn.batch_execute(UNLOCK)?;
            result
        }
        Conn::Sqlite(mut conn) => apply::<diesel::sqlite::Sqlite, _>(&mut conn, SQLITE),
    }
}

/// Checks that the database has exactly the embedded migrations.
pub(crate) fn check_applied(conn: &mut Conn) -> Result<(), StoreError> {
    let embedded = match conn {
        Conn::Pg(_) => embedded::<diesel::pg::Pg>(&POSTGRES)?,
        Conn::Sqlite(_) => embedded::<diesel::sqlite::Sqlite>(&SQLITE)?,
    };
    let applied = applied(conn)?;
    refuse_unknown(&applied, &embedded)?;
    match embedded.difference(&applied).next() {
        Some(pending) => Err(StoreError::Outdated(pending.clone())),
        None => Ok(()),
    }
}

fn apply<DB, C>(conn: &mut C, source: EmbeddedMigrations) -> Result<(), StoreError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
{
    let applied = conn.applied_migrations().map_err(migration_error)?;
    let applied = applied.iter().map(ToString::to_string).collect();
    refuse_unknown(&applied, &embedded::<DB>(&source)?)?;
    conn.run_pending_migrations(source)
        .map(drop)
        .map_err(migration_error)
}

fn embedded<DB: diesel::backend::Backend>(
    source: &EmbeddedMigrations,
) -> Result<Versions, StoreError> {
    let migrations: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(migration_error)?;
    let versions = migrations
        .iter()
        .map(|migration| migration.name().version().to_string());
    Ok(versions.collect())
}

/// The applied migrations, by queries alone: diesel's own function creates its table when the
/// database has none.
fn applied(conn: &mut Conn) -> Result<Versions, StoreError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let table_count = match conn {
        Conn::Pg(_) => {
            "SELECT COUNT(*) AS number FROM pg_class \
             WHERE oid = to_regclass('__diesel_schema_migrations')"
        }
        Conn::Sqlite(_) => {
            "SELECT COUNT(*) AS number FROM sqlite_master \
             WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
    };
    if sql_query(table_count).get_result::<Count>(conn)?.number == 0 {
        return Ok(Versions::new());
    }
    let rows: Vec<Applied> =
        sql_query("SELECT CAST(version AS TEXT) AS version FROM __diesel_schema_migrations")
            .load(conn)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// The version of the last applied migration; empty without one.
pub(crate) fn last_applied(conn: &mut Conn) -> Result<String, StoreError> {
    Ok(applied(conn)?.pop_last().unwrap_or_default())
}

fn refuse_unknown(applied: &Versions, embedded: &Versions) -> Result<(), StoreError> {
    match applied.difference(embedded).next() {
        Some(unknown) => Err(StoreError::Newer(unknown.clone())),
        None => Ok(()),
    }
}

fn migration_error(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Migration(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_migrations() {
        let versions = embedded::<diesel::pg::Pg>(&POSTGRES).unwrap();
        assert_eq!(
            embedded::<diesel::sqlite::Sqlite>(&SQLITE).unwrap(),
            versions
        );
        assert!(!versions.is_empty());
    }
}
