//! The messages to the group of a room, for operators.

use diesel::prelude::*;
use qlive_store::StoreError;
use qlive_store::schema::outbox;
use qlive_types::{LiveId, Moment};
use serde_json::Value;

use crate::service::Outbox;
use crate::status::Status;

/// How many messages a list shows at once.
const ROWS: i64 = 50;

/// A numbered message to the group of a room, with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomMessage {
    /// Its number in the group.
    pub seq: i64,
    /// When it happened.
    pub at: Moment,
    /// `{"type", "content"}`.
    pub message: Value,
    pub status: Status,
    /// When IM accepted it.
    pub done_at: Option<Moment>,
}

type MessageRow = (Option<i64>, i64, Option<String>, i32, Option<i64>);

fn message_of((seq, at, content, status, done_at): MessageRow) -> Result<RoomMessage, StoreError> {
    let message = serde_json::from_str(content.as_deref().unwrap_or("null"));
    Ok(RoomMessage {
        seq: seq.ok_or(StoreError::Corrupt("outbox.seq"))?,
        at: Moment::from_millis(at),
        message: message.map_err(|_not_json| StoreError::Corrupt("outbox.content"))?,
        status: Status::from_number(status).ok_or(StoreError::Corrupt("outbox.status"))?,
        done_at: done_at.map(Moment::from_millis),
    })
}

impl Outbox {
    /// At most 50 numbered messages to the group of a room with numbers below `before`, the latest
    /// first. Delivered ones are kept for three days.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn room_messages(
        &self,
        live: LiveId,
        before: Option<i64>,
    ) -> Result<Vec<RoomMessage>, StoreError> {
        self.db
            .read(move |conn| {
                let rows: Vec<MessageRow> = outbox::table
                    .filter(outbox::room_id.eq(live.get()))
                    .filter(outbox::seq.lt(before.unwrap_or(i64::MAX)))
                    .order(outbox::seq.desc())
                    .limit(ROWS)
                    .select(COLUMNS)
                    .load(conn)?;
                rows.into_iter().map(message_of).collect()
            })
            .await
    }

    /// The number of the last message to the group of a room before a moment; 0 if there is none.
    /// Reads the messages of the room after it, which are those of three days at most.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn last_message_before(&self, live: LiveId, at: Moment) -> Result<i64, StoreError> {
        self.db
            .read(move |conn| {
                let found: Option<Option<i64>> = outbox::table
                    .filter(outbox::room_id.eq(live.get()))
                    .filter(outbox::seq.is_not_null())
                    .filter(outbox::created_at.lt(at.millis()))
                    .order(outbox::seq.desc())
                    .select(outbox::seq)
                    .first(conn)
                    .optional()?;
                Ok(found.flatten().unwrap_or(0))
            })
            .await
    }

    /// The numbered messages to the group of a room about what happened at one moment.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn room_messages_at(
        &self,
        live: LiveId,
        at: Moment,
    ) -> Result<Vec<RoomMessage>, StoreError> {
        self.db
            .read(move |conn| {
                let rows: Vec<MessageRow> = outbox::table
                    .filter(outbox::room_id.eq(live.get()))
                    .filter(outbox::created_at.eq(at.millis()))
                    .filter(outbox::seq.is_not_null())
                    .order(outbox::seq)
                    .limit(ROWS)
                    .select(COLUMNS)
                    .load(conn)?;
                rows.into_iter().map(message_of).collect()
            })
            .await
    }
}

const COLUMNS: (
    outbox::seq,
    outbox::created_at,
    outbox::content,
    outbox::status,
    outbox::done_at,
) = (
    outbox::seq,
    outbox::created_at,
    outbox::content,
    outbox::status,
    outbox::done_at,
);
