//! Keys of forms: a form that is sent twice acts once.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::audit_log::Operator;
use qlive_store::schema::operator_forms;
use qlive_store::{StoreError, audit_log, key_violation_as_contention};
use qlive_types::random;

use crate::{Action, Operators, OperatorsError, Session};

/// How long the key of a sent form is kept: longer than a session lasts.
const KEPT: Duration = Duration::from_secs(86_400);
/// The length of a key.
const KEY_LENGTH: usize = 32;

impl Operators {
    /// A new key, for a form that is about to be shown.
    #[must_use]
    pub fn new_form_key() -> String {
        random::hex(KEY_LENGTH / 2)
    }

    /// Claims the key of a form that was sent. Returns false when it was claimed before, or is not
    /// the key of a form.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_form(&self, session: &Session, key: &str) -> Result<bool, OperatorsError> {
        if key.len() != KEY_LENGTH || !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(false);
        }
        let (now, operator, key) = (self.clock.now(), session.operator_id, key.to_owned());
        let claimed: Result<bool, StoreError> = self
            .db
            .write(move |conn| {
                let old = operator_forms::sent_at.lt(now.before(KEPT).millis());
                diesel::delete(operator_forms::table.filter(old)).execute(conn)?;
                let used: Option<i64> = operator_forms::table
                    .find(&key)
                    .select(operator_forms::sent_at)
                    .get_result(conn)
                    .optional()?;
                if used.is_some() {
                    return Ok(false);
                }
                let row = (
                    operator_forms::key.eq(&key),
                    operator_forms::operator_id.eq(operator),
                    operator_forms::sent_at.eq(now.millis()),
                );
                let insert = diesel::insert_into(operator_forms::table).values(row);
                key_violation_as_contention(insert.execute(conn))?;
                Ok(true)
            })
            .await;
        Ok(claimed?)
    }

    /// Releases a key that was claimed: nothing was done with the form, which may be sent again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_form(&self, session: &Session, key: &str) -> Result<(), OperatorsError> {
        let (operator, key) = (session.operator_id, key.to_owned());
        self.db
            .write(move |conn| {
                let claimed = operator_forms::table
                    .find(&key)
                    .filter(operator_forms::operator_id.eq(operator));
                diesel::delete(claimed).execute(conn)?;
                Ok(())
            })
            .await
    }

    /// Records that an operator looked at personal data.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_read(
        &self,
        by: Operator,
        action: Action,
        subject: &str,
    ) -> Result<(), OperatorsError> {
        let (now, subject) = (self.clock.now(), subject.to_owned());
        self.db
            .write(move |conn| Ok(audit_log::record(conn, now, &by, action.name(), &subject)?))
            .await
    }

    /// Records that an operator tried what their role may not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_refusal(
        &self,
        session: &Session,
        action: Action,
        subject: &str,
    ) -> Result<(), OperatorsError> {
        let (now, by, subject) = (self.clock.now(), session.by(""), subject.to_owned());
        let action = format!("refused: {}", action.name());
        self.db
            .write(move |conn| Ok(audit_log::record(conn, now, &by, &action, &subject)?))
            .await
    }
}
