//! The messages that were sent to the group of a room, for clients that missed some.

use diesel::prelude::*;
use qlive_store::schema::outbox;
use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, Moment};
use serde_json::Value;

use crate::delivery::{BroadcastRef, Delivery};
use crate::status::Status;

/// A message to the group of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    pub id: i64,
    /// Its number in the group.
    pub seq: i64,
    pub broadcast: BroadcastId,
    pub at: Moment,
    /// `{"type", "content"}`.
    pub message: Value,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct SentRow {
    id: i64,
    seq: Option<i64>,
    delivery: String,
    created_at: i64,
    content: Option<String>,
}

impl SentRow {
    /// `None` if the message is about another broadcast.
    fn parse(self, about: BroadcastRef) -> Option<SentMessage> {
        let delivery: Delivery = serde_json::from_str(&self.delivery).ok()?;
        let message = serde_json::from_str(self.content.as_deref()?).ok()?;
        (delivery.about() == Some(about)).then_some(SentMessage {
            id: self.id,
            seq: self.seq?,
            broadcast: about.broadcast,
            at: Moment::from_millis(self.created_at),
            message,
        })
    }
}

/// Loads the messages of a broadcast with numbers above `since` that were sent to the group or are
/// being sent: the last `limit` numbers of the room, in ascending order.
///
/// # Errors
/// A failure of the store.
pub fn sent_messages(
    conn: &mut Conn,
    about: BroadcastRef,
    since: i64,
    limit: i64,
) -> Result<Vec<SentMessage>, StoreError> {
    let numbered = outbox::room_id
        .eq(about.live.get())
        .and(outbox::seq.gt(since));
    let rows: Vec<SentRow> = outbox::table
        .filter(numbered)
        .filter(outbox::status.eq_any([Status::Waiting.number(), Status::Delivered.number()]))
        .order(outbox::seq.desc())
        .limit(limit)
        .select(SentRow::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .rev()
        .filter_map(|row| row.parse(about))
        .collect())
}
