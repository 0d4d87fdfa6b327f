//! Writes the comments and the events of rooms that wait, and deletes those that are too old.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::comments;
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, Tick};
use qlive_users::erased_users;
use tokio_util::sync::CancellationToken;

use crate::comment_log::NewComment;
use crate::error::RoomsError;
use crate::service::Rooms;
use crate::{room_events, screenshots};

/// The most comments that one statement writes.
const INSERT_BATCH: usize = 200;
/// How often old comments are deleted, and how many in one transaction.
const DELETE_INTERVAL: Duration = Duration::from_secs(600);
const DELETE_BATCH: i64 = 1_000;

/// The background worker that writes comments and events of rooms, and deletes those that are too
/// old; judged screenshots likewise.
pub struct CommentWorker {
    rooms: Rooms,
    delete_due: Tick,
}

impl CommentWorker {
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self {
            delete_due: rooms.clock.tick(),
            rooms,
        }
    }

    /// Works until `stop` is cancelled; writes what waits then.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
        if let Err(error) = self.rooms.write_comments().await {
            tracing::warn!(%error, "the last comments were not kept");
        }
        if let Err(error) = self.rooms.write_room_events().await {
            tracing::warn!(%error, "the last events of rooms were not kept");
        }
    }
}

impl BackgroundWorker for CommentWorker {
    const NAME: &'static str = "comments";
    const INTERVAL: Duration = Duration::from_secs(1);
    type Error = RoomsError;

    async fn run_round(&mut self, _: &CancellationToken) -> Result<RoundOutcome, RoomsError> {
        // None of them waits for another that fails.
        let comments = self.rooms.write_comments().await;
        let events = self.rooms.write_room_events().await;
        let deleted = self.delete_old().await;
        comments.and(events).and(deleted)
    }
}

impl CommentWorker {
    /// Deletes a batch of what is too old, when it is time.
    async fn delete_old(&mut self) -> Result<RoundOutcome, RoomsError> {
        let tick = self.rooms.clock.tick();
        if tick < self.delete_due {
            return Ok(RoundOutcome::Done);
        }
        let kept = self.rooms.settings.comments_kept;
        let before = self.rooms.clock.now().before(kept);
        let deleted: Result<bool, StoreError> = self
            .rooms
            .db
            .write(move |conn| {
                let more = [
                    delete_old(conn, before)?,
                    room_events::delete_old(conn, before)?,
                    screenshots::delete_old(conn, before)?,
                ];
                Ok(more.contains(&true))
            })
            .await;
        if deleted? {
            return Ok(RoundOutcome::MoreDue);
        }
        self.delete_due = tick.after(DELETE_INTERVAL);
        Ok(RoundOutcome::Done)
    }
}

impl Rooms {
    /// Writes the comments that wait.
    pub(crate) async fn write_comments(&self) -> Result<(), RoomsError> {
        let waiting = Arc::new(self.comment_log.take());
        if waiting.is_empty() {
            return Ok(());
        }
        let written = Arc::clone(&waiting);
        let result = self
            .db
            .write(move |conn| {
                for batch in written.chunks(INSERT_BATCH) {
                    insert(conn, batch)?;
                }
                Ok(())
            })
            .await;
        if result.is_err() {
            // They wait for the next round.
            for comment in waiting.iter() {
                self.comment_log.push(comment.clone());
            }
        }
        result
    }
}

/// Inserts comments, by one statement; those of users who were erased meanwhile are dropped.
fn insert(conn: &mut Conn, batch: &[NewComment]) -> Result<(), StoreError> {
    let erased = erased_users(conn, batch.iter().map(NewComment::user_id))?;
    let kept: Vec<&NewComment> = batch
        .iter()
        .filter(|comment| !erased.contains(&comment.user_id()))
        .collect();
    let insert = diesel::insert_into(comments::table).values(kept);
    match conn {
        Conn::Pg(conn) => insert.execute(conn)?,
        Conn::Sqlite(conn) => insert.execute(conn)?,
    };
    Ok(())
}

/// Deletes a batch of comments from before a moment. Returns whether there may be more.
fn delete_old(conn: &mut Conn, before: Moment) -> Result<bool, StoreError> {
    let ids: Vec<i64> = comments::table
        .filter(comments::at.lt(before.millis()))
        .order(comments::at)
        .limit(DELETE_BATCH)
        .select(comments::id)
        .load(conn)?;
    let is_full = i64::try_from(ids.len()).is_ok_and(|found| found == DELETE_BATCH);
    diesel::delete(comments::table.filter(comments::id.eq_any(ids))).execute(conn)?;
    Ok(is_full)
}
