//! Deletes rows that were delivered or skipped long ago.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use qlive_store::schema::outbox;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;

use crate::status::Status;

/// The age at which delivered and skipped rows are deleted.
const MAX_AGE: Duration = Duration::from_secs(3 * 86_400);
/// The most rows deleted in one transaction, so that none holds the writer for long.
const BATCH: i64 = 1_000;

/// Deletes a batch of old rows. True if there may be more of them.
pub(crate) fn delete_old_rows(conn: &mut Conn, now: Moment) -> Result<bool, StoreError> {
    // As the partial index has it: with numbers in place of parameters.
    let (delivered, skipped) = (Status::Delivered.number(), Status::Skipped.number());
    let finished = format!("outbox.status IN ({delivered}, {skipped})");
    let ids: Vec<i64> = outbox::table
        .filter(sql::<Bool>(&finished))
        .filter(outbox::done_at.lt(now.before(MAX_AGE).millis()))
        .limit(BATCH)
        .select(outbox::id)
        .load(conn)?;
    let full = i64::try_from(ids.len()).is_ok_and(|count| count == BATCH);
    diesel::delete(outbox::table.filter(outbox::id.eq_any(ids))).execute(conn)?;
    Ok(full)
}
