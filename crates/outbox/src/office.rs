//! Looking into the outbox: what a room was told, what is stuck, and a second try for what was parked.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::audit::{self, Operator};
use qlive_store::schema::outbox;
use qlive_store::{Conn, Db, StoreError};
use qlive_types::{BroadcastId, Clock, LiveId, Moment};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{Effect, Status, Subject};

/// How long told and untold rows are kept.
const KEEP: Duration = Duration::from_secs(3 * 86_400);
/// The most rows swept at once, so that no sweep holds the writer for long.
const SWEEP_BATCH: i64 = 1_000;
/// The most rows listed for an operator.
const LIST: i64 = 200;

/// A message of a room's group, as `sync` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: i64,
    pub seq: i64,
    pub broadcast: BroadcastId,
    pub at: Moment,
    /// `{"type", "content"}`.
    pub message: Value,
}

/// A row as operators see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Listed {
    pub id: i64,
    pub lane: String,
    pub status: &'static str,
    pub effect: Value,
    pub created_at: Moment,
    pub attempts: i32,
    /// Why it was refused, fails, or was not told.
    pub detail: String,
}

/// How the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    pub waiting: i64,
    pub parked: i64,
    /// When the oldest waiting row was written.
    pub oldest: Option<Moment>,
}

/// The outbox as operators and `sync` see it. Cheap to clone.
#[derive(Clone)]
pub struct Office {
    db: Db,
    clock: Clock,
    wake: Arc<Notify>,
    troubles: Arc<Troubles>,
}

/// Deliveries of this instance that failed, by whose fault.
#[derive(Debug, Default)]
pub struct Troubles {
    pub im: AtomicU64,
    pub css: AtomicU64,
}

impl Office {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            db,
            clock,
            wake: Arc::default(),
            troubles: Arc::default(),
        }
    }

    /// How often IM and CSS failed this instance.
    #[must_use]
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Tells this instance's drainer that something was written.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// What the drainer listens to.
    pub(crate) fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// How many wait and how long.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        self.db
            .read(|conn| {
                let waiting = outbox::table.filter(outbox::status.eq(Status::Waiting.number()));
                let oldest: Option<i64> = waiting
                    .select(diesel::dsl::min(outbox::created_at))
                    .get_result(conn)?;
                Ok(Stats {
                    waiting: waiting.count().get_result(conn)?,
                    parked: outbox::table
                        .filter(outbox::status.eq(Status::Parked.number()))
                        .count()
                        .get_result(conn)?,
                    oldest: oldest.map(Moment::from_millis),
                })
            })
            .await
    }

    /// What was parked, and what waits, oldest first.
    pub async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        self.db.read(list).await
    }

    /// Puts a parked row back into its lane. False when there is none with this number.
    pub async fn retry(&self, by: Operator, id: i64) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let found = self
            .db
            .write(move |conn| {
                let parked = outbox::table
                    .find(id)
                    .filter(outbox::status.eq(Status::Parked.number()));
                let found = diesel::update(parked)
                    .set((
                        outbox::status.eq(Status::Waiting.number()),
                        outbox::done_at.eq(None::<i64>),
                    ))
                    .execute(conn)?;
                if found == 1 {
                    audit::record(conn, now, &by, "outbox retry", &id.to_string())?;
                }
                Ok::<_, StoreError>(found == 1)
            })
            .await?;
        self.wake();
        Ok(found)
    }
}

/// The number of the last message to a room's group.
pub fn current_seq(conn: &mut Conn, live: LiveId) -> Result<i64, StoreError> {
    crate::queue::current_seq(conn, live)
}

/// What a room's group was told, or is being told, of its present broadcast
/// after `since`: the latest `limit` messages at most, in order.
pub fn events(
    conn: &mut Conn,
    about: Subject,
    since: i64,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    type Columns = (i64, Option<i64>, String, i64, Option<String>);
    let rows: Vec<Columns> = outbox::table
        .filter(
            outbox::group_of
                .eq(about.live.get())
                .and(outbox::seq.gt(since)),
        )
        .filter(outbox::status.eq_any([Status::Waiting.number(), Status::Told.number()]))
        .order(outbox::seq.desc())
        .limit(limit)
        .select((
            outbox::id,
            outbox::seq,
            outbox::effect,
            outbox::created_at,
            outbox::content,
        ))
        .load(conn)?;
    let event = |(id, seq, effect, at, content): Columns| {
        let effect: Effect = serde_json::from_str(&effect).ok()?;
        let message = serde_json::from_str(content.as_deref()?).ok()?;
        let of_now = effect.about() == Some(about);
        of_now.then_some(Event {
            id,
            seq: seq?,
            broadcast: about.broadcast,
            at: Moment::from_millis(at),
            message,
        })
    };
    Ok(rows.into_iter().rev().filter_map(event).collect())
}

fn list(conn: &mut Conn) -> Result<Vec<Listed>, StoreError> {
    type Columns = (i64, String, i32, String, i64, i32, String);
    let rows: Vec<Columns> = outbox::table
        .filter(outbox::status.eq_any([Status::Waiting.number(), Status::Parked.number()]))
        .order((outbox::status.desc(), outbox::id))
        .limit(LIST)
        .select((
            outbox::id,
            outbox::lane,
            outbox::status,
            outbox::effect,
            outbox::created_at,
            outbox::attempts,
            outbox::detail,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, lane, status, effect, created_at, attempts, detail)| {
            Ok(Listed {
                id,
                lane,
                status: if status == Status::Parked.number() {
                    "parked"
                } else {
                    "waiting"
                },
                effect: serde_json::from_str(&effect)
                    .ok()
                    .ok_or(StoreError::Corrupt("outbox.effect"))?,
                created_at: Moment::from_millis(created_at),
                attempts,
                detail,
            })
        })
        .collect()
}

/// Deletes rows that were settled long ago; whether there may be more of them.
pub(crate) fn sweep(conn: &mut Conn, now: Moment) -> Result<bool, StoreError> {
    let old: Vec<i64> = outbox::table
        .filter(outbox::status.eq_any([Status::Told.number(), Status::Untold.number()]))
        .filter(outbox::done_at.lt(now.before(KEEP).millis()))
        .limit(SWEEP_BATCH)
        .select(outbox::id)
        .load(conn)?;
    let full = i64::try_from(old.len()).is_ok_and(|count| count == SWEEP_BATCH);
    diesel::delete(outbox::table.filter(outbox::id.eq_any(old))).execute(conn)?;
    Ok(full)
}
