//! What users did in rooms besides what its messages say: who entered, applied, left and why. For
//! operators only; nothing is decided by it.
//!
//! An event is noted in the transaction that causes it, and written with others a moment after
//! that transaction. A process that dies loses the events of that moment, never anything else; a
//! connection that dies while they are written may leave them there twice.

use std::collections::BTreeMap;

use diesel::prelude::*;
use qlive_store::schema::room_events;
use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment, UserId};
use qlive_users::erased_users;

use crate::error::RoomsError;
use crate::event_log::{EventLog, NewRoomEvent, RoomEventKind};
use crate::service::Rooms;

/// How many events a list shows at once.
const ROWS: i64 = 50;
/// The most events that one statement writes.
const INSERT_BATCH: usize = 400;
/// How many old ones are deleted in one transaction.
const DELETE_BATCH: i64 = 1_000;

/// An event as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEvent {
    pub id: i64,
    pub live: LiveId,
    pub user: UserId,
    pub kind: RoomEventKind,
    pub at: Moment,
}

/// Which events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomEventFilter {
    /// All in a room.
    Room(LiveId),
    /// All of a user.
    User(UserId),
    /// Those of a user in a room.
    UserInRoom(UserId, LiveId),
}

type EventRow = (i64, i64, i64, i32, i64);

impl Rooms {
    /// At most 50 events with a number below `before`, the latest first.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn room_events(
        &self,
        filter: RoomEventFilter,
        before: Option<i64>,
    ) -> Result<Vec<RoomEvent>, RoomsError> {
        self.db
            .read(move |conn| {
                let query = room_events::table
                    .filter(room_events::id.lt(before.unwrap_or(i64::MAX)))
                    .order(room_events::id.desc())
                    .limit(ROWS)
                    .select(room_events::all_columns)
                    .into_boxed();
                let query = match filter {
                    RoomEventFilter::Room(live) => {
                        query.filter(room_events::room_id.eq(live.get()))
                    }
                    RoomEventFilter::User(user) => {
                        query.filter(room_events::user_id.eq(user.get()))
                    }
                    RoomEventFilter::UserInRoom(user, live) => query
                        .filter(room_events::user_id.eq(user.get()))
                        .filter(room_events::room_id.eq(live.get())),
                };
                let rows: Vec<EventRow> = query.load(conn)?;
                let events: Result<_, StoreError> = rows.into_iter().map(event_of).collect();
                Ok(events?)
            })
            .await
    }

    /// The last event of each of these rooms in which anything happened.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn last_events(
        &self,
        rooms: Vec<LiveId>,
    ) -> Result<BTreeMap<LiveId, RoomEvent>, RoomsError> {
        self.db
            .read(move |conn| {
                let mut last = BTreeMap::new();
                // One by one: the last of a group is found by reading the group, or by what only
                // PostgreSQL has.
                for live in rooms {
                    let row: Option<EventRow> = room_events::table
                        .filter(room_events::room_id.eq(live.get()))
                        .order(room_events::id.desc())
                        .select(room_events::all_columns)
                        .first(conn)
                        .optional()?;
                    if let Some(row) = row {
                        last.insert(live, event_of(row)?);
                    }
                }
                Ok(last)
            })
            .await
    }

    /// The number of the last event before a moment, in any room; 0 if there is none.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn last_event_before(&self, at: Moment) -> Result<i64, RoomsError> {
        self.db
            .read(move |conn| {
                let found: Option<i64> = room_events::table
                    .filter(room_events::at.lt(at.millis()))
                    .order(room_events::at.desc())
                    .select(room_events::id)
                    .first(conn)
                    .optional()?;
                Ok(found.unwrap_or(0))
            })
            .await
    }

    /// Writes the events that wait. Those of a failed write wait for the next one.
    pub(crate) async fn write_room_events(&self) -> Result<(), RoomsError> {
        let waiting = EventLog::default();
        self.room_events.move_to(&waiting);
        if waiting.lock().is_empty() {
            return Ok(());
        }
        let written = waiting.clone();
        let result = self
            .db
            .write(move |conn| {
                for batch in written.lock().chunks(INSERT_BATCH) {
                    insert(conn, batch)?;
                }
                Ok(())
            })
            .await;
        if result.is_err() {
            waiting.move_to(&self.room_events);
        }
        result
    }
}

fn event_of((id, live, user, kind, at): EventRow) -> Result<RoomEvent, StoreError> {
    let kind = RoomEventKind::from_number(kind);
    Ok(RoomEvent {
        id,
        live: LiveId::new(live),
        user: UserId::new(user).ok_or(StoreError::Corrupt("room_events.user_id"))?,
        kind: kind.ok_or(StoreError::Corrupt("room_events.kind"))?,
        at: Moment::from_millis(at),
    })
}

/// Inserts events, by one statement; those of users who were erased meanwhile are dropped.
fn insert(conn: &mut Conn, batch: &[NewRoomEvent]) -> Result<(), StoreError> {
    let erased = erased_users(conn, batch.iter().map(|event| event.user_id))?;
    let kept: Vec<&NewRoomEvent> = batch
        .iter()
        .filter(|event| !erased.contains(&event.user_id))
        .collect();
    let insert = diesel::insert_into(room_events::table).values(kept);
    match conn {
        Conn::Pg(conn) => insert.execute(conn)?,
        Conn::Sqlite(conn) => insert.execute(conn)?,
    };
    Ok(())
}

/// Deletes a batch of events from before a moment. Returns whether there may be more.
pub(crate) fn delete_old(conn: &mut Conn, before: Moment) -> Result<bool, StoreError> {
    let ids: Vec<i64> = room_events::table
        .filter(room_events::at.lt(before.millis()))
        .order(room_events::at)
        .limit(DELETE_BATCH)
        .select(room_events::id)
        .load(conn)?;
    let is_full = i64::try_from(ids.len()).is_ok_and(|found| found == DELETE_BATCH);
    diesel::delete(room_events::table.filter(room_events::id.eq_any(ids))).execute(conn)?;
    Ok(is_full)
}
