//! Transactions that must run one after another, because they decide by rows that others may be
//! inserting meanwhile.

use diesel::prelude::*;

use crate::schema::transaction_locks;
use crate::{Conn, StoreError, key_violation_as_contention};

/// Makes the write transactions with this name run one after another: the second one waits here
/// until the first one has ended, and then sees what it wrote. Call it before the first query.
///
/// Without it, two transactions on PostgreSQL that count the rows of a user and then insert one may
/// both count before either inserts, and so exceed a bound together.
///
/// # Errors
/// [`StoreError::Contended`] when another transaction inserted the row of the name meanwhile; else
/// when the database fails.
pub fn serialize_transactions(conn: &mut Conn, name: &str) -> Result<(), StoreError> {
    // The lock of the updated row is held until the transaction ends.
    let updated = diesel::update(transaction_locks::table.find(name))
        .set(transaction_locks::uses.eq(transaction_locks::uses + 1))
        .execute(conn)?;
    if updated == 0 {
        key_violation_as_contention(
            diesel::insert_into(transaction_locks::table)
                .values((
                    transaction_locks::name.eq(name),
                    transaction_locks::uses.eq(1_i64),
                ))
                .execute(conn),
        )?;
    }
    Ok(())
}
