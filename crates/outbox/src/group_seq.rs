//! The numbers of the messages to the group of a room.

use diesel::prelude::*;
use qlive_store::schema::outbox_seqs;
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::LiveId;

/// Loads the number of the last message to the group of a room; 0 before the first.
///
/// # Errors
/// A failure of the store.
pub fn current_seq(conn: &mut Conn, live: LiveId) -> Result<i64, StoreError> {
    let seq = outbox_seqs::table
        .find(live.get())
        .select(outbox_seqs::seq)
        .get_result(conn)
        .optional()?;
    Ok(seq.unwrap_or(0))
}

/// Takes the next number. Only the two lanes of the group contend for it.
pub(crate) fn take_next_seq(conn: &mut Conn, live: LiveId) -> Result<i64, StoreError> {
    let next = diesel::update(outbox_seqs::table.find(live.get()))
        .set(outbox_seqs::seq.eq(outbox_seqs::seq + 1))
        .returning(outbox_seqs::seq)
        .get_result(conn)
        .optional()?;
    if let Some(seq) = next {
        return Ok(seq);
    }
    let first = (
        outbox_seqs::room_id.eq(live.get()),
        outbox_seqs::seq.eq(1_i64),
    );
    key_violation_as_contention(
        diesel::insert_into(outbox_seqs::table)
            .values(first)
            .execute(conn),
    )?;
    Ok(1)
}
