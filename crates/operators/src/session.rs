//! Sessions of the console: who is logged in, for how long.

use std::fmt;
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::{operator_sessions, operators};
use qlive_store::{OperatorName, StoreError};
use qlive_types::Moment;
use secrecy::{ExposeSecret as _, SecretString};

use crate::account_rows::{OperatorAccount, OperatorRow};
use crate::secrets::hash_of;
use crate::session_rows::{LONGEST, SessionRow};
use crate::{Action, Operators, OperatorsError, Role};

/// A session ends when it was not used for this long.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session that awaits a code ends after this long.
const AWAITS_CODE: Duration = Duration::from_secs(5 * 60);
/// A use is recorded when the last recorded one is older than this.
const RECORDED_USE: Duration = Duration::from_secs(60);
/// For how long a code proves that the operator is there.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// An operator who is logged in.
#[derive(Clone)]
pub struct Session {
    pub operator_id: i64,
    pub name: OperatorName,
    /// The role that the account has now.
    pub role: Role,
    /// Whether the account has a password; without one it came by a link to a sandbox.
    pub has_password: bool,
    pub has_authenticator: bool,
    /// Whether it began with a link, and so may set up the first authenticator of the account.
    pub by_link: bool,
    /// False while the session awaits the code of the authenticator: it may do nothing else.
    pub is_complete: bool,
    /// When the last code was accepted.
    pub code_at: Option<Moment>,
    /// Where the request comes from.
    pub address: String,
    pub(crate) hash: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Whether the operator may do this.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.is_complete && action.roles().contains(&self.role)
    }

    /// Whether a code was accepted so recently that it needs no other.
    #[must_use]
    pub fn has_fresh_code(&self, now: Moment) -> bool {
        self.code_at.is_some_and(|at| !now.is_past(at, FRESH))
    }

    /// Whether it is this session of the list.
    #[must_use]
    pub fn is(&self, listed: &OperatorSession) -> bool {
        self.hash == listed.hash
    }

    /// The operator, for the audit log.
    #[must_use]
    pub fn by(&self, reason: impl Into<String>) -> Operator {
        Operator {
            name: self.name.clone(),
            reason: reason.into(),
            role: self.role.name(),
            address: self.address.clone(),
        }
    }
}

/// A session in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorSession {
    /// Identifies it in [`Operators::end_session`]. It is no secret.
    pub hash: String,
    pub address: String,
    pub agent: String,
    pub used_at: Moment,
    pub created_at: Moment,
}

impl Operators {
    /// The session with this token, when it still lives. Its use is recorded each minute, unless
    /// the request was made by the page itself: a page that is only open keeps no session alive.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn authenticate(
        &self,
        token: &SecretString,
        address: &str,
        is_use: bool,
    ) -> Result<Option<Session>, OperatorsError> {
        let hash = hash_of(token.expose_secret());
        let now = self.clock.now();
        let found: Option<(SessionRow, OperatorRow)> = self
            .db
            .read(move |conn| {
                Ok::<_, StoreError>(
                    operator_sessions::table
                        .inner_join(operators::table)
                        .filter(operator_sessions::hash.eq(&hash))
                        .select((SessionRow::as_select(), OperatorRow::as_select()))
                        .get_result(conn)
                        .optional()?,
                )
            })
            .await?;
        let Some((row, operator)) = found else {
            return Ok(None);
        };
        let account = OperatorAccount::try_from(&operator)?;
        if account.disabled_at.is_some() || !is_alive(now, &row) {
            return Ok(None);
        }
        if is_use && now.is_past(Moment::from_millis(row.used_at), RECORDED_USE) {
            self.record_use(row.hash.clone(), now).await?;
        }
        Ok(Some(Session {
            operator_id: account.id,
            name: account.name,
            role: account.role,
            has_password: account.has_password,
            has_authenticator: account.has_authenticator,
            by_link: row.by_link,
            is_complete: row.is_complete,
            code_at: row.code_at.map(Moment::from_millis),
            address: address.to_owned(),
            hash: row.hash,
        }))
    }

    async fn record_use(&self, hash: String, now: Moment) -> Result<(), OperatorsError> {
        let recorded: Result<(), StoreError> = self
            .db
            .write(move |conn| {
                diesel::update(operator_sessions::table.find(&hash))
                    .set(operator_sessions::used_at.eq(now.millis()))
                    .execute(conn)?;
                Ok(())
            })
            .await;
        Ok(recorded?)
    }

    /// The sessions of an account that may still live, the latest used first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self, operator: i64) -> Result<Vec<OperatorSession>, OperatorsError> {
        let now = self.clock.now();
        let rows: Result<Vec<SessionRow>, StoreError> = self
            .db
            .read(move |conn| {
                Ok(operator_sessions::table
                    .filter(operator_sessions::operator_id.eq(operator))
                    .order(operator_sessions::used_at.desc())
                    .select(SessionRow::as_select())
                    .load(conn)?)
            })
            .await;
        let alive = rows?.into_iter().filter(|row| is_alive(now, row));
        Ok(alive.map(OperatorSession::from).collect())
    }

    /// Ends one's own session: logs out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logout(&self, session: &Session) -> Result<(), OperatorsError> {
        self.end_session(session.by(""), session.operator_id, session.hash.clone())
            .await
    }

    /// Ends a session of an account. One that has ended already stays ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(
        &self,
        by: Operator,
        operator: i64,
        hash: String,
    ) -> Result<(), OperatorsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let account = crate::account_rows::find(conn, operator)?;
                let account = account.ok_or(OperatorsError::UnknownOperator)?;
                let name = OperatorAccount::try_from(&account)?.name;
                let session = operator_sessions::table
                    .find(&hash)
                    .filter(operator_sessions::operator_id.eq(operator));
                if diesel::delete(session).execute(conn)? == 1 {
                    audit_log::record(conn, now, &by, "operators end-session", name.as_str())?;
                }
                Ok(())
            })
            .await
    }
}

fn is_alive(now: Moment, row: &SessionRow) -> bool {
    let (used, created) = (row.used_at, row.created_at);
    let lifetime = if row.is_complete {
        LONGEST
    } else {
        AWAITS_CODE
    };
    !now.is_past(Moment::from_millis(used), IDLE)
        && !now.is_past(Moment::from_millis(created), lifetime)
}

impl From<SessionRow> for OperatorSession {
    fn from(row: SessionRow) -> Self {
        Self {
            hash: row.hash,
            address: row.address,
            agent: row.agent,
            used_at: Moment::from_millis(row.used_at),
            created_at: Moment::from_millis(row.created_at),
        }
    }
}
