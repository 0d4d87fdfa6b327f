//! The rows of the outbox: writing one, reading a lane, recording what became of it.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::{outbox, outbox_seqs};
use qlive_store::{Conn, StoreError, or_contended};
use qlive_types::{LiveId, Moment, random};

use crate::Effect;

/// How long a `num` waits for others to join it.
const NUM_WINDOW: Duration = Duration::from_millis(300);
/// The most rows of a lane looked at together.
const LANE_WINDOW: i64 = 500;
/// The most characters kept of why a delivery failed.
const DETAIL_LIMIT: usize = 500;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Waiting,
    /// The outside accepted it.
    Told,
    /// It was true no more when its turn came, or went along with another.
    Untold,
    /// The outside refused it for good; an operator may try again.
    Parked,
}

impl Status {
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Waiting => 0,
            Self::Told => 1,
            Self::Untold => 2,
            Self::Parked => 3,
        }
    }
}

/// A waiting row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) effect: Effect,
    pub(crate) created_at: Moment,
    pub(crate) due_at: Moment,
    pub(crate) random: u32,
    /// The number of its message in the room's group, once it was tried.
    pub(crate) seq: Option<i64>,
    /// Its text, once it was tried.
    pub(crate) content: Option<String>,
    pub(crate) attempts: i32,
}

/// Writes an effect in the transaction of its cause. Where two causes contend
/// for a row, call this after the contested write: then ids follow causes.
pub fn post(conn: &mut Conn, now: Moment, effect: &Effect) -> Result<(), StoreError> {
    let due_at = match effect {
        Effect::Num { .. } => now.after(NUM_WINDOW),
        _ => now,
    };
    diesel::insert_into(outbox::table)
        .values((
            outbox::lane.eq(effect.lane()),
            outbox::effect.eq(serde_json::to_string(effect)
                .ok()
                .ok_or(StoreError::Corrupt("effect"))?),
            outbox::status.eq(Status::Waiting.number()),
            outbox::created_at.eq(now.millis()),
            outbox::due_at.eq(due_at.millis()),
            outbox::random.eq(i64::from(random::u32())),
            outbox::attempts.eq(0),
            outbox::detail.eq(""),
        ))
        .execute(conn)?;
    Ok(())
}

type Columns = (i64, String, i64, i64, i64, Option<i64>, Option<String>, i32);

/// The waiting rows of a lane, oldest first. One that this program cannot read
/// (a newer one wrote it, say) is parked, so that it holds nothing up.
pub(crate) fn waiting(conn: &mut Conn, lane: &str, now: Moment) -> Result<Vec<Row>, StoreError> {
    let found: Vec<Columns> = outbox::table
        .filter(
            outbox::lane
                .eq(lane)
                .and(outbox::status.eq(Status::Waiting.number())),
        )
        .order(outbox::id)
        .limit(LANE_WINDOW)
        .select((
            outbox::id,
            outbox::effect,
            outbox::created_at,
            outbox::due_at,
            outbox::random,
            outbox::seq,
            outbox::content,
            outbox::attempts,
        ))
        .load(conn)?;
    let mut rows = Vec::with_capacity(found.len());
    for columns in found {
        let id = columns.0;
        match read(columns) {
            Some(row) => rows.push(row),
            None => settle(conn, id, Status::Parked, "this program cannot read it", now)?,
        }
    }
    Ok(rows)
}

fn read((id, effect, created_at, due_at, random, seq, content, attempts): Columns) -> Option<Row> {
    Some(Row {
        id,
        effect: serde_json::from_str(&effect).ok()?,
        created_at: Moment::from_millis(created_at),
        due_at: Moment::from_millis(due_at),
        random: u32::try_from(random).ok()?,
        seq,
        content,
        attempts,
    })
}

/// Fixes what a row says before its first try, so that a repeated try says the same.
pub(crate) fn fix(
    conn: &mut Conn,
    row: &Row,
    numbered_in: Option<LiveId>,
) -> Result<(), StoreError> {
    diesel::update(outbox::table.find(row.id))
        .set((
            outbox::seq.eq(row.seq),
            outbox::group_of.eq(numbered_in.map(LiveId::get)),
            outbox::content.eq(&row.content),
            outbox::random.eq(i64::from(row.random)),
            outbox::attempts.eq(outbox::attempts + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Records what became of a row. `why` is `""` for success.
pub(crate) fn settle(
    conn: &mut Conn,
    id: i64,
    status: Status,
    why: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let why: String = why.chars().take(DETAIL_LIMIT).collect();
    diesel::update(
        outbox::table
            .find(id)
            .filter(outbox::status.eq(Status::Waiting.number())),
    )
    .set((
        outbox::status.eq(status.number()),
        outbox::detail.eq(why),
        outbox::done_at.eq(Some(now.millis())),
    ))
    .execute(conn)?;
    Ok(())
}

/// Records why a row must be tried again.
pub(crate) fn note_failure(conn: &mut Conn, id: i64, why: &str) -> Result<(), StoreError> {
    let why: String = why.chars().take(DETAIL_LIMIT).collect();
    diesel::update(outbox::table.find(id))
        .set(outbox::detail.eq(why))
        .execute(conn)?;
    Ok(())
}

/// The number of the last message told to a room's group.
pub(crate) fn current_seq(conn: &mut Conn, live: LiveId) -> Result<i64, StoreError> {
    let seq = outbox_seqs::table
        .find(live.get())
        .select(outbox_seqs::seq)
        .get_result(conn)
        .optional()?;
    Ok(seq.unwrap_or(0))
}

/// Takes the next number. Only the two lanes of a room's group contend here.
pub(crate) fn next_seq(conn: &mut Conn, live: LiveId) -> Result<i64, StoreError> {
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
    or_contended(
        diesel::insert_into(outbox_seqs::table)
            .values(first)
            .execute(conn),
    )?;
    Ok(1)
}
