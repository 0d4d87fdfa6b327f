//! Reading the audit log.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use qlive_store::schema::audit_log;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;

use crate::{Operators, OperatorsError, Session};

/// A row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    pub id: i64,
    pub at: Moment,
    pub who: String,
    /// The role of the operator at that time; empty when they were not asked for one.
    pub role: String,
    /// Where they did it from; empty in the terminal.
    pub address: String,
    pub action: String,
    pub subject: String,
    pub reason: String,
    pub before: String,
    pub after: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log)]
struct AuditRow {
    id: i64,
    at: i64,
    who: String,
    role: String,
    address: String,
    action: String,
    subject: String,
    reason: String,
    value_before: String,
    value_after: String,
}

impl From<AuditRow> for AuditRecord {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: Moment::from_millis(row.at),
            who: row.who,
            role: row.role,
            address: row.address,
            action: row.action,
            subject: row.subject,
            reason: row.reason,
            before: row.value_before,
            after: row.value_after,
        }
    }
}

/// Every action once. Each step reads one entry of the index, however often an action is recorded.
const RECORDED_ACTIONS: &str = "
WITH RECURSIVE found(action) AS (
    SELECT MIN(action) FROM audit_log
    UNION ALL
    SELECT (SELECT MIN(later.action) FROM audit_log later WHERE later.action > found.action)
    FROM found WHERE found.action IS NOT NULL
)
SELECT action FROM found WHERE action IS NOT NULL ORDER BY action";

#[derive(QueryableByName)]
struct ActionRow {
    #[diesel(sql_type = Text)]
    action: String,
}

/// Which rows of the audit log are wanted. Empty fields want all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub who: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
    /// Only records from before this moment.
    pub until: Option<Moment>,
}

/// How far a clock may have been ahead of the others.
const AHEAD: Duration = Duration::from_secs(86_400);

/// The number of the first record from a moment on: a list that begins there reads little that is
/// newer.
fn first_from(conn: &mut Conn, moment: Moment) -> Result<i64, StoreError> {
    let first: Option<i64> = audit_log::table
        .filter(audit_log::at.ge(moment.millis()))
        .order((audit_log::at, audit_log::id))
        .select(audit_log::id)
        .first(conn)
        .optional()?;
    Ok(first.unwrap_or(i64::MAX))
}

impl Operators {
    /// Rows of the audit log that are older than the row `before`, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_log(
        &self,
        filter: AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditRecord>, OperatorsError> {
        let rows: Result<Vec<AuditRow>, StoreError> = self
            .db
            .read(move |conn| {
                let end = match filter.until {
                    // A record by a clock that was ahead hides none that was written after it.
                    Some(until) => first_from(conn, until.after(AHEAD))?,
                    None => i64::MAX,
                };
                let mut query = audit_log::table
                    .filter(audit_log::id.lt(end))
                    .order(audit_log::id.desc())
                    .limit(limit)
                    .select(AuditRow::as_select())
                    .into_boxed();
                if let Some(before) = before {
                    query = query.filter(audit_log::id.lt(before));
                }
                if let Some(until) = filter.until {
                    query = query.filter(audit_log::at.lt(until.millis()));
                }
                if let Some(who) = &filter.who {
                    query = query.filter(audit_log::who.eq(who));
                }
                if let Some(action) = &filter.action {
                    query = query.filter(audit_log::action.eq(action));
                }
                if let Some(subject) = &filter.subject {
                    query = query.filter(audit_log::subject.eq(subject));
                }
                Ok(query.load(conn)?)
            })
            .await;
        Ok(rows?.into_iter().map(AuditRecord::from).collect())
    }

    /// The records of a span of time, the latest first, at most `limit`; those after the one with
    /// this time and number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_log_between(
        &self,
        (from, until): (Moment, Moment),
        after: Option<(Moment, i64)>,
        limit: i64,
    ) -> Result<Vec<AuditRecord>, OperatorsError> {
        let rows: Result<Vec<AuditRow>, StoreError> = self
            .db
            .read(move |conn| {
                let mut query = audit_log::table
                    .filter(audit_log::at.ge(from.millis()))
                    .filter(audit_log::at.lt(until.millis()))
                    .order((audit_log::at.desc(), audit_log::id.desc()))
                    .limit(limit)
                    .select(AuditRow::as_select())
                    .into_boxed();
                if let Some((at, id)) = after {
                    let is_earlier = audit_log::at.lt(at.millis());
                    query = query
                        .filter(audit_log::at.le(at.millis()))
                        .filter(is_earlier.or(audit_log::id.lt(id)));
                }
                Ok(query.load(conn)?)
            })
            .await;
        Ok(rows?.into_iter().map(AuditRecord::from).collect())
    }

    /// The names of the actions that the audit log has, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recorded_actions(&self) -> Result<Vec<String>, OperatorsError> {
        let rows: Result<Vec<ActionRow>, StoreError> = self
            .db
            .read(|conn| Ok(sql_query(RECORDED_ACTIONS).load(conn)?))
            .await;
        Ok(rows?.into_iter().map(|row| row.action).collect())
    }

    /// A record of the audit log, if this operator has caused it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_record(
        &self,
        session: &Session,
        id: i64,
    ) -> Result<Option<AuditRecord>, OperatorsError> {
        let who = session.name.as_str().to_owned();
        let row: Result<Option<AuditRow>, StoreError> = self
            .db
            .read(move |conn| {
                let own = audit_log::table.find(id).filter(audit_log::who.eq(&who));
                Ok(own.select(AuditRow::as_select()).first(conn).optional()?)
            })
            .await;
        Ok(row?.map(AuditRecord::from))
    }

    /// The number of the last row that this operator has caused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_record(&self, session: &Session) -> Result<Option<i64>, OperatorsError> {
        let who = session.name.as_str().to_owned();
        let newest: Result<Option<i64>, StoreError> = self
            .db
            .read(move |conn| {
                Ok(audit_log::table
                    .filter(audit_log::who.eq(&who))
                    .order(audit_log::id.desc())
                    .select(audit_log::id)
                    .first(conn)
                    .optional()?)
            })
            .await;
        Ok(newest?)
    }

    /// The number of the first row that this operator has caused after another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_record_after(
        &self,
        session: &Session,
        other: Option<i64>,
    ) -> Result<Option<i64>, OperatorsError> {
        let who = session.name.as_str().to_owned();
        let first: Result<Option<i64>, StoreError> = self
            .db
            .read(move |conn| {
                Ok(audit_log::table
                    .filter(audit_log::who.eq(&who))
                    .filter(audit_log::id.gt(other.unwrap_or(0)))
                    .order(audit_log::id)
                    .select(audit_log::id)
                    .first(conn)
                    .optional()?)
            })
            .await;
        Ok(first?)
    }
}
