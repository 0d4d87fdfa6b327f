//! The numbers of the messages to the group of a room.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use qlive_store::schema::outbox_seqs;
use qlive_store::{Conn, StoreError};
use qlive_types::LiveId;

use crate::sql;

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

/// Loads the numbers of the last messages to the groups of these rooms; none for a room without
/// messages.
pub(crate) fn current_seqs(
    conn: &mut Conn,
    lives: &BTreeSet<LiveId>,
) -> Result<BTreeMap<LiveId, i64>, StoreError> {
    if lives.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids = lives.iter().map(|live| live.get());
    let seqs: Vec<(i64, i64)> = outbox_seqs::table
        .filter(outbox_seqs::room_id.eq_any(ids))
        .select((outbox_seqs::room_id, outbox_seqs::seq))
        .load(conn)?;
    let by_room = seqs.into_iter().map(|(id, seq)| (LiveId::new(id), seq));
    Ok(by_room.collect())
}

#[derive(QueryableByName)]
struct TakenRow {
    #[diesel(sql_type = BigInt)]
    room_id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// Takes the next numbers: as many for each room as it has messages. Returns the last one that was
/// taken for each room. Only the two lanes of a group contend for its numbers; rooms are locked in
/// ascending order.
pub(crate) fn take_seqs(
    conn: &mut Conn,
    messages: &BTreeMap<LiveId, i64>,
) -> Result<BTreeMap<LiveId, i64>, StoreError> {
    if messages.is_empty() {
        return Ok(BTreeMap::new());
    }
    let row = |(live, count): (&LiveId, &i64)| format!("({}, {count})", live.get());
    let taken: Vec<TakenRow> = sql_query(format!(
        "INSERT INTO outbox_seqs (room_id, seq) VALUES {} \
         ON CONFLICT (room_id) DO UPDATE SET seq = outbox_seqs.seq + excluded.seq \
         RETURNING room_id, seq",
        sql::join(messages.iter().map(row))
    ))
    .load(conn)?;
    let by_room = taken
        .into_iter()
        .map(|row| (LiveId::new(row.room_id), row.seq));
    Ok(by_room.collect())
}
