//! The rows of the outbox: writing one, loading the waiting rows of a lane, recording attempts.

use diesel::prelude::*;
use qlive_store::schema::outbox;
use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment, random};

use crate::delivery::Delivery;
use crate::lane::Lane;
use crate::status::Status;

/// The most waiting rows of a lane that are loaded together.
const LANE_WINDOW: i64 = 500;
/// The most characters of `detail` that are stored.
const DETAIL_LIMIT: usize = 500;

/// A waiting row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WaitingRow {
    pub(crate) id: i64,
    pub(crate) delivery: Delivery,
    pub(crate) created_at: Moment,
    pub(crate) due_at: Moment,
    /// The number by which IM recognizes a repeated message.
    pub(crate) random: u32,
    /// The number of the message in the group; `None` before the first attempt.
    pub(crate) seq: Option<i64>,
    /// The text of the message; `None` before the first attempt.
    pub(crate) content: Option<String>,
    pub(crate) attempts: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct StoredRow {
    id: i64,
    delivery: String,
    created_at: i64,
    due_at: i64,
    random: i64,
    seq: Option<i64>,
    content: Option<String>,
    attempts: i32,
}

impl StoredRow {
    /// `None` if this program cannot read the row.
    fn parse(self) -> Option<WaitingRow> {
        Some(WaitingRow {
            id: self.id,
            delivery: serde_json::from_str(&self.delivery).ok()?,
            created_at: Moment::from_millis(self.created_at),
            due_at: Moment::from_millis(self.due_at),
            random: u32::try_from(self.random).ok()?,
            seq: self.seq,
            content: self.content,
            attempts: self.attempts,
        })
    }
}

/// Writes a delivery in the transaction of its cause. Call it after the writes for which two causes
/// contend; then the ids of their rows are in the order of the causes. Call
/// [`crate::Outbox::wake`] after the commit.
///
/// # Errors
/// A failure of the store.
pub fn enqueue(conn: &mut Conn, now: Moment, delivery: &Delivery) -> Result<(), StoreError> {
    let due_at = now.after(delivery.delay());
    let lane = delivery.lane();
    diesel::insert_into(outbox::table)
        .values((
            outbox::lane_kind.eq(lane.kind.number()),
            outbox::lane_id.eq(lane.id),
            outbox::delivery.eq(serde_json::to_string(delivery)
                .ok()
                .ok_or(StoreError::Corrupt("delivery"))?),
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

/// Loads the waiting rows of a lane, oldest first. A row that this program cannot read, because a
/// newer one wrote it, is parked, so that it does not block the lane.
pub(crate) fn load_waiting(
    conn: &mut Conn,
    lane: Lane,
    now: Moment,
) -> Result<Vec<WaitingRow>, StoreError> {
    let in_lane = outbox::lane_kind
        .eq(lane.kind.number())
        .and(outbox::lane_id.eq(lane.id));
    let stored: Vec<StoredRow> = outbox::table
        .filter(in_lane.and(outbox::status.eq(Status::Waiting.number())))
        .order(outbox::id)
        .limit(LANE_WINDOW)
        .select(StoredRow::as_select())
        .load(conn)?;
    let mut rows = Vec::with_capacity(stored.len());
    for row in stored {
        let id = row.id;
        match row.parse() {
            Some(row) => rows.push(row),
            None => {
                let detail = "this program cannot read the row";
                finish_row(conn, id, Status::Parked, detail, now)?;
            }
        }
    }
    Ok(rows)
}

/// Stores the content of a message before an attempt, so that a repeated attempt has the same, and
/// counts the attempt. `numbered_in` is the room in which `row.seq` numbers the message.
pub(crate) fn save_attempt(
    conn: &mut Conn,
    row: &WaitingRow,
    numbered_in: Option<LiveId>,
) -> Result<(), StoreError> {
    diesel::update(outbox::table.find(row.id))
        .set((
            outbox::seq.eq(row.seq),
            outbox::room_id.eq(numbered_in.map(LiveId::get)),
            outbox::content.eq(&row.content),
            outbox::random.eq(i64::from(row.random)),
            outbox::attempts.eq(outbox::attempts + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Records the final status of a waiting row. `detail` is the reason, empty for success.
pub(crate) fn finish_row(
    conn: &mut Conn,
    id: i64,
    status: Status,
    detail: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let waiting = outbox::table
        .find(id)
        .filter(outbox::status.eq(Status::Waiting.number()));
    diesel::update(waiting)
        .set((
            outbox::status.eq(status.number()),
            outbox::detail.eq(truncated(detail)),
            outbox::done_at.eq(Some(now.millis())),
        ))
        .execute(conn)?;
    Ok(())
}

/// Records why an attempt failed. The row keeps waiting.
pub(crate) fn record_failure(conn: &mut Conn, id: i64, detail: &str) -> Result<(), StoreError> {
    diesel::update(outbox::table.find(id))
        .set(outbox::detail.eq(truncated(detail)))
        .execute(conn)?;
    Ok(())
}

fn truncated(detail: &str) -> String {
    detail.chars().take(DETAIL_LIMIT).collect()
}
