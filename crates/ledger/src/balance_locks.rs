//! Locks on the balances of users, also of those who have none yet.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt};
use qlive_store::schema::ledger_balances;
use qlive_store::{Conn, StoreError};
use qlive_types::UserId;

use crate::balances::BalancesRow;

/// Added to the id of a user: the key of the lock of their first row, among the advisory locks of
/// the database.
const FIRST_ROWS: i64 = 1 << 62;

/// A row of `ledger_balances` that this transaction has locked.
#[derive(Queryable)]
pub(crate) struct LockedRow {
    pub(crate) user_id: i64,
    pub(crate) entry_count: i64,
    pub(crate) balances: BalancesRow,
}

/// Locks the rows of these users in ascending order, and reads them. A user without a row has
/// nothing that could be locked. SQLite has one writer, which this transaction is.
pub(crate) fn lock_rows(
    conn: &mut Conn,
    users: &BTreeSet<UserId>,
    waits: bool,
) -> Result<Vec<LockedRow>, StoreError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let rows = ledger_balances::table
        .filter(ledger_balances::user_id.eq_any(ids))
        .order(ledger_balances::user_id)
        .select((
            ledger_balances::user_id,
            ledger_balances::entry_count,
            (
                ledger_balances::bought,
                ledger_balances::granted,
                ledger_balances::income,
                ledger_balances::held,
                ledger_balances::debt,
            ),
        ));
    Ok(match conn {
        Conn::Sqlite(conn) => rows.load(conn)?,
        Conn::Pg(conn) if waits => rows.for_no_key_update().load(conn)?,
        Conn::Pg(conn) => rows.for_no_key_update().skip_locked().load(conn)?,
    })
}

/// Those of these users who have a row.
pub(crate) fn find_stored(conn: &mut PgConnection, users: &[i64]) -> Result<Vec<i64>, StoreError> {
    let stored = ledger_balances::table
        .filter(ledger_balances::user_id.eq_any(users))
        .select(ledger_balances::user_id);
    Ok(stored.load(conn)?)
}

/// Locks the first rows of users on PostgreSQL, which do not exist yet, until the transaction ends.
/// Waits for another transaction that has locked one.
pub(crate) fn lock_first_rows(conn: &mut PgConnection, users: &[i64]) -> Result<(), StoreError> {
    sql_query(
        "SELECT COUNT(pg_advisory_xact_lock($1 + id)) FROM UNNEST($2::BIGINT[]) AS first_rows (id)",
    )
    .bind::<BigInt, _>(FIRST_ROWS)
    .bind::<Array<BigInt>, _>(users)
    .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Locks the first rows of users without waiting. Returns those that another transaction has
/// locked.
pub(crate) fn find_first_rows_held(
    conn: &mut PgConnection,
    users: &[i64],
) -> Result<Vec<i64>, StoreError> {
    let held: Vec<HeldRow> = sql_query(
        "SELECT id FROM UNNEST($2::BIGINT[]) AS first_rows (id) \
         WHERE NOT pg_try_advisory_xact_lock($1 + id)",
    )
    .bind::<BigInt, _>(FIRST_ROWS)
    .bind::<Array<BigInt>, _>(users)
    .load(conn)?;
    Ok(held.into_iter().map(|row| row.id).collect())
}
