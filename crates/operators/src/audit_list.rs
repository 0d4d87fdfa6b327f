//! Reading the audit log.

use diesel::prelude::*;
use qlive_store::StoreError;
use qlive_store::schema::audit_log;
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

/// Which rows of the audit log are wanted. Empty fields want all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub who: Option<String>,
    pub action: Option<String>,
    pub subject: Option<String>,
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
                let mut query = audit_log::table
                    .order(audit_log::id.desc())
                    .limit(limit)
                    .select(AuditRow::as_select())
                    .into_boxed();
                if let Some(before) = before {
                    query = query.filter(audit_log::id.lt(before));
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
}
