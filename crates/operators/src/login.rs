//! Logging in: the name and the password, then the code of the authenticator.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::operators;
use qlive_store::{Conn, OperatorName, StoreError};
use qlive_types::Moment;
use secrecy::SecretString;

use crate::account_rows::{OperatorAccount, OperatorRow, find_by_name};
use crate::lockout::{Sources, begin_attempt, forgive};
use crate::session_rows::{
    NewSession, end_other_sessions, insert_session, record_code, renew_token, replace_session,
};
use crate::totp::accept_code;
use crate::{Operators, OperatorsError, Session, password};

/// A login that succeeded.
#[derive(Debug)]
pub struct Login {
    /// The token of the new session, for the cookie.
    pub token: SecretString,
    /// Whether the session awaits the code of the authenticator before it may do anything.
    pub needs_code: bool,
}

impl Operators {
    /// Checks a name and a password. The answer takes as long and is the same whether the name is
    /// unknown, the password wrong, or the account disabled.
    ///
    /// `address` and `agent` are where the request comes from and what sent it.
    ///
    /// # Errors
    /// [`OperatorsError::WrongCredentials`], [`OperatorsError::Locked`], or when the database
    /// fails.
    pub async fn login(
        &self,
        name: &str,
        password: SecretString,
        (address, agent): (&str, &str),
    ) -> Result<Login, OperatorsError> {
        let name = OperatorName::parse(name).map_err(|_empty| OperatorsError::WrongCredentials)?;
        let now = self.clock.now();
        let sources = Sources::of_login(&name, address);
        let found = self
            .db
            .write(move |conn| {
                begin_attempt(conn, now, &sources)?;
                Ok::<_, OperatorsError>(find_by_name(conn, &name)?)
            })
            .await?;
        let account = found.as_ref().map(OperatorAccount::try_from).transpose()?;
        let stored = found.map_or_else(String::new, |row| row.password_hash);
        let is_right = password::verify(password, stored.clone()).await?;
        let account = account.filter(|account| is_right && account.disabled_at.is_none());
        let account = account.ok_or(OperatorsError::WrongCredentials)?;
        self.begin_session(account, stored, (address, agent)).await
    }

    async fn begin_session(
        &self,
        account: OperatorAccount,
        verified: String,
        (address, agent): (&str, &str),
    ) -> Result<Login, OperatorsError> {
        let now = self.clock.now();
        let session = NewSession::new(now, address, agent);
        let sources = Sources::of_login(&account.name, address);
        self.db
            .write(move |conn| {
                // The account may have been changed while the password was verified. Whoever
                // changes it from now on waits, and then ends this session too.
                let unchanged = operators::table
                    .find(account.id)
                    .filter(operators::password_hash.eq(&verified))
                    .filter(operators::disabled_at.is_null());
                let locked = diesel::update(unchanged)
                    .set(operators::password_hash.eq(&verified))
                    .execute(conn)?;
                if locked != 1 {
                    return Err(OperatorsError::WrongCredentials);
                }
                let account = OperatorAccount::try_from(&find_row(conn, account.id)?)?;
                forgive(conn, &sources)?;
                let needs_code = account.has_authenticator;
                let token = insert_session(conn, &session, account.id, !needs_code, false)?;
                if !needs_code {
                    record_login(conn, now, &operator(&account, &session.address), account.id)?;
                }
                Ok(Login { token, needs_code })
            })
            .await
    }

    /// Completes the login of a session that awaits a code. The session gets a new token.
    ///
    /// `code` is of the authenticator, or one of the recovery codes, which is used up.
    ///
    /// # Errors
    /// [`OperatorsError::WrongCode`], [`OperatorsError::Locked`],
    /// [`OperatorsError::AuthenticatorState`] when the account has no authenticator, or when the
    /// database fails.
    pub async fn enter_code(
        &self,
        session: &Session,
        code: &str,
    ) -> Result<SecretString, OperatorsError> {
        self.check_code(session, code, |conn, now, row, session| {
            let token = replace_session(conn, now, &session.hash)?;
            if !session.is_complete {
                let account = OperatorAccount::try_from(row)?;
                let by = operator(&account, &session.address);
                record_login(conn, now, &by, account.id)?;
            }
            Ok(token)
        })
        .await
    }

    /// Proves again that the operator of a session is there. The session keeps its token: another
    /// page of it may be asking for something at the same time.
    ///
    /// # Errors
    /// As for [`Operators::enter_code`].
    pub async fn prove(&self, session: &Session, code: &str) -> Result<(), OperatorsError> {
        self.check_code(session, code, |conn, now, _row, session| {
            record_code(conn, now, &session.hash)
        })
        .await
    }

    /// Checks a code, and does what follows in the same transaction.
    async fn check_code<T: Send + 'static>(
        &self,
        session: &Session,
        code: &str,
        accept: fn(&mut Conn, Moment, &OperatorRow, &Session) -> Result<T, StoreError>,
    ) -> Result<T, OperatorsError> {
        let (now, id) = (self.clock.now(), session.operator_id);
        self.db
            .write(move |conn| begin_attempt(conn, now, &Sources::of_operator(id)))
            .await?;
        let (session, code) = (session.clone(), code.to_owned());
        self.db
            .write(move |conn| {
                let row = find_row(conn, session.operator_id)?;
                if row.totp_secret.is_empty() {
                    return Err(OperatorsError::AuthenticatorState);
                }
                if !accept_code(conn, now, &row, &code)? {
                    return Err(OperatorsError::WrongCode);
                }
                forgive(conn, &Sources::of_operator(session.operator_id))?;
                Ok(accept(conn, now, &row, &session)?)
            })
            .await
    }

    /// Gives the operator of a session a new password. Returns the token that the session has from
    /// now on; other sessions end.
    ///
    /// # Errors
    /// [`OperatorsError::WrongCredentials`] when `current` is not their password,
    /// [`OperatorsError::BadPassword`], [`OperatorsError::Locked`], or when the database fails.
    pub async fn change_password(
        &self,
        session: &Session,
        current: SecretString,
        new: SecretString,
    ) -> Result<SecretString, OperatorsError> {
        password::check_new(&session.name, &new)?;
        let verified = self.check_password(session, current).await?;
        let password_hash = password::hash(new).await?;
        let (now, session) = (self.clock.now(), session.clone());
        self.db
            .write(move |conn| {
                // The account may have been reset while the password was verified.
                let unchanged = operators::table
                    .find(session.operator_id)
                    .filter(operators::password_hash.eq(&verified));
                let updated = diesel::update(unchanged)
                    .set(operators::password_hash.eq(&password_hash))
                    .execute(conn)?;
                if updated != 1 {
                    return Err(OperatorsError::WrongCredentials);
                }
                end_other_sessions(conn, session.operator_id, &session.hash)?;
                let by = session.by("");
                let name = session.name.as_str();
                audit_log::record(conn, now, &by, "operators password", name)?;
                Ok(renew_token(conn, &session.hash)?)
            })
            .await
    }

    /// Checks the password of the operator of a session; a wrong one is a miss. Returns the hash
    /// that it was verified against.
    ///
    /// # Errors
    /// [`OperatorsError::WrongCredentials`], [`OperatorsError::Locked`], or when the database
    /// fails.
    pub(crate) async fn check_password(
        &self,
        session: &Session,
        password: SecretString,
    ) -> Result<String, OperatorsError> {
        let (now, id) = (self.clock.now(), session.operator_id);
        let row = self
            .db
            .write(move |conn| {
                begin_attempt(conn, now, &Sources::of_password(id))?;
                find_row(conn, id)
            })
            .await?;
        if !password::verify(password, row.password_hash.clone()).await? {
            return Err(OperatorsError::WrongCredentials);
        }
        self.db
            .write(move |conn| forgive(conn, &Sources::of_password(id)))
            .await?;
        Ok(row.password_hash)
    }
}

/// Records a login, and that it was now.
pub(crate) fn record_login(
    conn: &mut Conn,
    now: Moment,
    by: &Operator,
    id: i64,
) -> Result<(), StoreError> {
    diesel::update(operators::table.find(id))
        .set(operators::last_login_at.eq(Some(now.millis())))
        .execute(conn)?;
    audit_log::record(conn, now, by, "operators login", by.name.as_str())
}

fn find_row(conn: &mut Conn, id: i64) -> Result<OperatorRow, OperatorsError> {
    crate::account_rows::find(conn, id)?.ok_or(OperatorsError::UnknownOperator)
}

fn operator(account: &OperatorAccount, address: &str) -> Operator {
    Operator {
        name: account.name.clone(),
        reason: String::new(),
        role: account.role.name(),
        address: address.to_owned(),
    }
}
