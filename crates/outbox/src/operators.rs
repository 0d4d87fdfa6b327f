//! What operators do with the outbox: list the rows that are not delivered, and retry one.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::outbox;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;
use serde::Serialize;
use serde_json::Value;

use crate::lane::{Lane, LaneKind};
use crate::service::Outbox;
use crate::status::Status;

/// The most rows that are listed.
const LIST_LIMIT: i64 = 200;

/// The most rows that are counted.
const MOST_COUNTED: i64 = 1_000;

/// A row as operators see it.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxRow {
    pub id: i64,
    pub lane: Lane,
    pub status: Status,
    pub delivery: Value,
    pub created_at: Moment,
    pub attempts: i32,
    /// Why it was refused, or why the last attempt failed.
    pub detail: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct ListedRow {
    id: i64,
    lane_kind: i32,
    lane_id: i64,
    status: i32,
    delivery: String,
    created_at: i64,
    attempts: i32,
    detail: String,
}

impl TryFrom<ListedRow> for OutboxRow {
    type Error = StoreError;

    fn try_from(row: ListedRow) -> Result<Self, StoreError> {
        let kind = LaneKind::from_number(row.lane_kind);
        let delivery = serde_json::from_str(&row.delivery).ok();
        Ok(Self {
            id: row.id,
            lane: Lane {
                kind: kind.ok_or(StoreError::Corrupt("outbox.lane_kind"))?,
                id: row.lane_id,
            },
            status: Status::from_number(row.status).ok_or(StoreError::Corrupt("outbox.status"))?,
            delivery: delivery.ok_or(StoreError::Corrupt("outbox.delivery"))?,
            created_at: Moment::from_millis(row.created_at),
            attempts: row.attempts,
            detail: row.detail,
        })
    }
}

impl Outbox {
    /// Lists the parked rows, then the waiting ones, each oldest first; at most 200.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn list(&self) -> Result<Vec<OutboxRow>, StoreError> {
        self.db.read(list_undelivered).await
    }

    /// How many instances deliver. One that was killed counts until another has noticed, within a
    /// minute.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn count_instances(&self) -> Result<i64, StoreError> {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            number: i64,
        }
        self.db
            .read_one(|conn| {
                let count = diesel::sql_query("SELECT COUNT(*) AS number FROM outbox_instances");
                Ok::<_, StoreError>(count.get_result::<Count>(conn)?.number)
            })
            .await
    }

    /// How many rows are parked, at most 1,000.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn count_parked(&self) -> Result<i64, StoreError> {
        self.db
            .read_one(|conn| {
                let parked: Vec<i64> = outbox::table
                    .filter(Status::Parked.condition())
                    .order(outbox::id)
                    .limit(MOST_COUNTED)
                    .select(outbox::id)
                    .load(conn)?;
                Ok::<_, StoreError>(i64::try_from(parked.len()).unwrap_or(MOST_COUNTED))
            })
            .await
    }

    /// Lets a parked row wait again, and records that in the audit log. False if there is no parked
    /// row with this id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn retry(&self, by: Operator, id: i64) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let found = self
            .db
            .write(move |conn| {
                let parked = outbox::table
                    .find(id)
                    .filter(outbox::status.eq(Status::Parked.number()));
                let updated = diesel::update(parked)
                    .set((
                        outbox::status.eq(Status::Waiting.number()),
                        outbox::done_at.eq(None::<i64>),
                    ))
                    .execute(conn)?;
                if updated == 1 {
                    audit_log::record(conn, now, &by, "outbox retry", &id.to_string())?;
                }
                Ok::<_, StoreError>(updated == 1)
            })
            .await?;
        self.wake();
        Ok(found)
    }
}

fn list_undelivered(conn: &mut Conn) -> Result<Vec<OutboxRow>, StoreError> {
    let mut rows: Vec<ListedRow> = Vec::new();
    for status in [Status::Parked, Status::Waiting] {
        let left = LIST_LIMIT.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let more = outbox::table
            .filter(status.condition())
            .order(outbox::id)
            .limit(left)
            .select(ListedRow::as_select())
            .load(conn)?;
        rows.extend(more);
    }
    rows.into_iter().map(OutboxRow::try_from).collect()
}
