//! The rows of the outbox: writing them, loading the waiting rows of lanes, recording attempts and
//! their outcomes.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use qlive_store::{Conn, StoreError, insert_rows};
use qlive_types::{LiveId, Moment, random};

use crate::delivery::Delivery;
use crate::lane::Lane;
use crate::sql::{self, LaneKey, lane_keys};
use crate::status::Status;

/// The most waiting rows of a lane that are loaded together: all lanes together share
/// [`ROWS_AT_ONCE`], with the least and the most for one of them.
const LANE_WINDOW: (usize, usize) = (40, 500);
const ROWS_AT_ONCE: usize = 4_000;
/// The condition that a row whose id is known still waits. The sum keeps the planner from reading
/// all waiting rows instead of these.
const IS_STILL_WAITING: &str = "outbox.status + 0 = 0";
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

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(embed)]
    key: LaneKey,
    #[diesel(sql_type = Text)]
    delivery: String,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = BigInt)]
    due_at: i64,
    #[diesel(sql_type = BigInt)]
    random: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    seq: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    content: Option<String>,
    #[diesel(sql_type = Integer)]
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
    enqueue_all(conn, now, std::slice::from_ref(delivery))
}

/// Writes deliveries in the transaction of their causes, in this order, by one statement. See
/// [`enqueue`].
///
/// # Errors
/// A failure of the store.
pub fn enqueue_all(
    conn: &mut Conn,
    now: Moment,
    deliveries: &[Delivery],
) -> Result<(), StoreError> {
    let each = || deliveries.iter();
    let texts: Vec<String> = each().map(delivery_text).collect::<Result<_, _>>()?;
    let due_at = |delivery: &Delivery| now.after(delivery.delay()).millis();
    let columns = [
        (
            "lane_kind",
            each().map(|d| d.lane().kind.number()).collect(),
        ),
        ("lane_id", each().map(|d| d.lane().id).collect()),
        ("delivery", texts.into_iter().collect()),
        ("status", each().map(|_| Status::Waiting.number()).collect()),
        ("created_at", each().map(|_| now.millis()).collect()),
        ("due_at", each().map(due_at).collect()),
        ("random", each().map(|_| i64::from(random::u32())).collect()),
        ("attempts", each().map(|_| 0_i32).collect()),
        ("detail", each().map(|_| String::new()).collect()),
    ];
    insert_rows(conn, "outbox", &columns)?;
    Ok(())
}

fn delivery_text(delivery: &Delivery) -> Result<String, StoreError> {
    serde_json::to_string(delivery)
        .ok()
        .ok_or(StoreError::Corrupt("delivery"))
}

/// Loads the waiting rows of lanes, oldest first. A row that this program cannot read, because a
/// newer one wrote it, is parked, so that it does not block its lane.
pub(crate) fn load_waiting(
    conn: &mut Conn,
    lanes: &[Lane],
    now: Moment,
) -> Result<BTreeMap<Lane, Vec<WaitingRow>>, StoreError> {
    let mut rows = BTreeMap::<Lane, Vec<WaitingRow>>::new();
    if lanes.is_empty() {
        return Ok(rows);
    }
    let window = (ROWS_AT_ONCE / lanes.len()).clamp(LANE_WINDOW.0, LANE_WINDOW.1);
    let stored: Vec<StoredRow> = sql_query(window_statement(conn, lanes, window)).load(conn)?;
    let mut unreadable = Vec::new();
    for row in stored {
        let (id, lane) = (row.id, row.key.lane()?);
        match row.parse() {
            Some(row) => rows.entry(lane).or_default().push(row),
            None => unreadable.push(id),
        }
    }
    let detail = "this program cannot read the row";
    finish_rows(conn, &unreadable, Status::Parked, detail, now)?;
    Ok(rows)
}

/// The statement that selects the first `window` waiting rows of each lane. Each engine gets the
/// form that it always executes lane by lane: a plan that depends on statistics reads all waiting
/// rows when the statistics are from before a backlog.
fn window_statement(conn: &Conn, lanes: &[Lane], window: usize) -> String {
    let (keys, waiting) = (lane_keys(lanes), Status::Waiting.number());
    let columns = "o.id, o.lane_kind, o.lane_id, o.delivery, o.created_at, o.due_at, o.random, \
                   o.seq, o.content, o.attempts";
    match conn {
        Conn::Pg(_) => format!(
            "SELECT {columns} FROM (VALUES {keys}) AS lanes (kind, id) \
             CROSS JOIN LATERAL (SELECT * FROM outbox w WHERE w.status = {waiting} \
                 AND w.lane_kind = lanes.kind AND w.lane_id = lanes.id \
                 ORDER BY w.id LIMIT {window}) AS o \
             ORDER BY o.id"
        ),
        Conn::Sqlite(_) => format!(
            "WITH lanes (kind, id) AS (VALUES {keys}), \
             windows (kind, id, last) AS MATERIALIZED ( \
                 SELECT kind, id, COALESCE((SELECT w.id FROM outbox w \
                     WHERE w.status = {waiting} AND w.lane_kind = kind AND w.lane_id = lanes.id \
                     ORDER BY w.id LIMIT 1 OFFSET {}), {}) FROM lanes) \
             SELECT {columns} FROM windows CROSS JOIN outbox o \
             WHERE o.status = {waiting} AND o.lane_kind = windows.kind \
                 AND o.lane_id = windows.id AND o.id <= windows.last \
             ORDER BY o.id",
            window - 1,
            i64::MAX,
        ),
    }
}

/// What is stored before the attempt to send a message, so that a repeated attempt sends the same.
#[derive(Debug)]
pub(crate) struct SavedAttempt {
    pub(crate) id: i64,
    pub(crate) random: u32,
    /// The number of a group message, and the room in which it numbers the message.
    pub(crate) numbered: Option<(LiveId, i64)>,
    pub(crate) content: String,
}

/// Stores attempts, and counts them.
pub(crate) fn save_attempts(
    conn: &mut Conn,
    attempts: Vec<SavedAttempt>,
) -> Result<(), StoreError> {
    if attempts.is_empty() {
        return Ok(());
    }
    let row = |(number, attempt): (usize, &SavedAttempt)| {
        let (room, seq) = match attempt.numbered {
            Some((live, seq)) => (live.get().to_string(), seq.to_string()),
            None => ("NULL".to_owned(), "NULL".to_owned()),
        };
        format!(
            "({}, CAST({room} AS BIGINT), CAST({seq} AS BIGINT), {}, ${number})",
            attempt.id, attempt.random
        )
    };
    let statement = format!(
        "WITH attempt (id, room_id, seq, random, content) AS (VALUES {}) \
         UPDATE outbox SET seq = attempt.seq, room_id = attempt.room_id, \
             random = attempt.random, content = attempt.content, attempts = outbox.attempts + 1 \
         FROM attempt WHERE outbox.id = attempt.id",
        sql::join((1..).zip(&attempts).map(row))
    );
    let texts = attempts.into_iter().map(|attempt| attempt.content);
    sql::execute_with_texts(conn, statement, texts.collect())?;
    Ok(())
}

/// Records the final status of waiting rows. `detail` is the reason, empty for success.
pub(crate) fn finish_rows(
    conn: &mut Conn,
    ids: &[i64],
    status: Status,
    detail: &str,
    now: Moment,
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "UPDATE outbox SET status = {}, done_at = {}, detail = $1 \
         WHERE {IS_STILL_WAITING} AND id IN ({})",
        status.number(),
        now.millis(),
        sql::join(ids)
    );
    sql::execute_with_texts(conn, statement, vec![detail.to_owned()])?;
    Ok(())
}

/// Records why attempts were refused or failed, and parks the rows that were refused. The others
/// keep waiting.
pub(crate) fn record_failures(
    conn: &mut Conn,
    failures: Vec<(i64, Status, String)>,
    now: Moment,
) -> Result<(), StoreError> {
    if failures.is_empty() {
        return Ok(());
    }
    let row = |(number, (id, status, _)): (usize, &(i64, Status, String))| {
        let done_at = match status {
            Status::Waiting => "NULL".to_owned(),
            Status::Delivered | Status::Skipped | Status::Parked => now.millis().to_string(),
        };
        let status = status.number();
        format!("({id}, {status}, CAST({done_at} AS BIGINT), ${number})")
    };
    let statement = format!(
        "WITH failure (id, status, done_at, detail) AS (VALUES {}) \
         UPDATE outbox SET status = failure.status, done_at = failure.done_at, \
             detail = failure.detail \
         FROM failure WHERE outbox.id = failure.id AND {IS_STILL_WAITING}",
        sql::join((1..).zip(&failures).map(row)),
    );
    let details = failures.iter().map(|(_, _, detail)| truncated(detail));
    sql::execute_with_texts(conn, statement, details.collect())?;
    Ok(())
}

/// Without NUL characters, which PostgreSQL does not store: the text comes from outside.
fn truncated(detail: &str) -> String {
    let characters = detail.chars().filter(|character| *character != '\0');
    characters.take(DETAIL_LIMIT).collect()
}
