//! The second factor: codes of an authenticator (RFC 6238, "TOTP: Time-Based One-Time Password
//! Algorithm"; SHA-1, six digits, 30 seconds, as all authenticators read them), and recovery codes.

use diesel::prelude::*;
use qlive_store::audit_log;
use qlive_store::schema::{operator_recovery_codes, operators};
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, random};
use secrecy::{ExposeSecret as _, SecretString};
use totp_rs::{Builder, Secret, Totp};

use crate::account_rows::OperatorRow;
use crate::secrets::hash_of;
use crate::session_rows::{end_other_sessions, replace_session};
use crate::{Operators, OperatorsError, Session};

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// The name that an authenticator shows above the operator's.
const ISSUER: &str = "qlive";

/// What an operator needs to set up an authenticator.
#[derive(Debug)]
pub struct NewAuthenticator {
    /// In base32, to be typed.
    pub secret: SecretString,
    /// An `otpauth:` URL, to be scanned.
    pub url: SecretString,
}

impl Operators {
    /// Draws the secret of a new authenticator. Nothing is stored.
    ///
    /// # Errors
    /// When the secret cannot be made.
    pub fn new_authenticator(session: &Session) -> Result<NewAuthenticator, OperatorsError> {
        Self::authenticator_of(session, new_secret()?)
    }

    /// The same with a secret that was drawn before: its code was wrong, and is typed again.
    ///
    /// # Errors
    /// When it is no secret.
    pub fn authenticator_of(
        session: &Session,
        base32: String,
    ) -> Result<NewAuthenticator, OperatorsError> {
        let secret = Secret::try_from_base32(&base32).map_err(hashing)?;
        // The label separates issuer and name by a colon.
        let label = session.name.as_str().replace(':', "-");
        let totp = Builder::new()
            .with_secret(secret)
            .with_account_name(label)
            .with_issuer(Some(ISSUER))
            .build()
            .map_err(hashing)?;
        Ok(NewAuthenticator {
            secret: base32.into(),
            url: totp.to_url().map_err(hashing)?.into(),
        })
    }

    /// Sets up an authenticator, of which `code` is proof, in place of the one that the account
    /// has; `current` is a code of that one, or one of its recovery codes. The first authenticator
    /// is set up in a session that began with a link. Returns the token that the session has from
    /// now on, and the recovery codes; they are shown once. Other sessions end.
    ///
    /// # Errors
    /// [`OperatorsError::WrongCredentials`] when the account has another password,
    /// [`OperatorsError::WrongCode`], [`OperatorsError::LinkNeeded`],
    /// [`OperatorsError::AuthenticatorState`] when another authenticator was set up meanwhile,
    /// [`OperatorsError::Locked`], or when the database fails.
    pub async fn set_up_authenticator(
        &self,
        session: &Session,
        password: SecretString,
        secret: SecretString,
        (code, current): (&str, &str),
    ) -> Result<(SecretString, Vec<String>), OperatorsError> {
        if !session.has_authenticator && !session.by_link {
            return Err(OperatorsError::LinkNeeded);
        }
        if session.has_password {
            self.check_password(session, password).await?;
        }
        let now = self.clock.now();
        let step = check_code(secret.expose_secret(), code, now)?;
        let step = step.ok_or(OperatorsError::WrongCode)?;
        let before = self.secret_of(session).await?;
        if !before.is_empty() {
            self.prove(session, current).await?;
        }
        let session = session.clone();
        self.db
            .write(move |conn| {
                let id = session.operator_id;
                let unchanged = operators::table
                    .find(id)
                    .filter(operators::totp_secret.eq(&before));
                let updated = diesel::update(unchanged)
                    .set((
                        operators::totp_secret.eq(secret.expose_secret()),
                        operators::totp_step.eq(step),
                    ))
                    .execute(conn)?;
                if updated != 1 {
                    return Err(OperatorsError::AuthenticatorState);
                }
                let old_codes = operator_recovery_codes::operator_id.eq(id);
                diesel::delete(operator_recovery_codes::table.filter(old_codes)).execute(conn)?;
                let codes = insert_recovery_codes(conn, id)?;
                end_other_sessions(conn, session.operator_id, &session.hash)?;
                let token = replace_session(conn, now, &session.hash)?;
                let by = session.by("");
                audit_log::record(conn, now, &by, "operators authenticator", by.name.as_str())?;
                Ok((token, codes))
            })
            .await
    }

    /// The secret of the authenticator that an account has; empty without one.
    async fn secret_of(&self, session: &Session) -> Result<String, OperatorsError> {
        let id = session.operator_id;
        let row = self
            .db
            .read(move |conn| crate::account_rows::find(conn, id))
            .await?;
        Ok(row.map(|row| row.totp_secret).unwrap_or_default())
    }

    /// The code that the authenticator of an account shows now. For a sandbox, where the console
    /// shows it beside the form that asks for it.
    ///
    /// # Errors
    /// [`OperatorsError::AuthenticatorState`] when the account has none, or when the database
    /// fails.
    pub async fn current_code(&self, operator: i64) -> Result<String, OperatorsError> {
        let now = self.clock.now();
        let row = self
            .db
            .read(move |conn| crate::account_rows::find(conn, operator))
            .await?
            .filter(|row| !row.totp_secret.is_empty())
            .ok_or(OperatorsError::AuthenticatorState)?;
        let totp = authenticator(&row.totp_secret)?;
        // The next step, when the code of this one was used.
        let step = (now.secs() / STEP).max(row.totp_step + 1);
        let time = u64::try_from(step * STEP).map_err(hashing)?;
        Ok(totp.generate(time).to_string())
    }
}

/// A new secret of 160 random bits, in base32.
pub(crate) fn new_secret() -> Result<String, OperatorsError> {
    let bytes = hex::decode(random::hex(20)).map_err(hashing)?;
    Ok(Secret::from(bytes).to_base32())
}

/// The seconds of a time step.
const STEP: i64 = 30;

/// Whether a code is right: the authenticator's, of a step after the last one that was used, or a
/// recovery code. It is used up.
///
/// # Errors
/// When the database fails.
pub(crate) fn accept_code(
    conn: &mut Conn,
    now: Moment,
    row: &OperatorRow,
    code: &str,
) -> Result<bool, OperatorsError> {
    let Some(step) = check_code(&row.totp_secret, code, now)? else {
        return Ok(use_recovery_code(conn, row.id, code)?);
    };
    let unused = operators::table
        .find(row.id)
        .filter(operators::totp_step.lt(step));
    let updated = diesel::update(unused)
        .set(operators::totp_step.eq(step))
        .execute(conn)?;
    Ok(updated == 1)
}

/// The time step that a code is of: this one or one of its neighbours.
fn check_code(secret: &str, code: &str, now: Moment) -> Result<Option<i64>, OperatorsError> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let time = u64::try_from(now.secs()).map_err(hashing)?;
    let step = authenticator(secret)?.check(&digits, time);
    step.map(|step| i64::try_from(step).map_err(hashing))
        .transpose()
}

fn authenticator(secret: &str) -> Result<Totp, OperatorsError> {
    let secret = Secret::try_from_base32(secret).map_err(hashing)?;
    Builder::new()
        .with_secret(secret)
        .with_account_name("operator")
        .build()
        .map_err(hashing)
}

/// Inserts new recovery codes and returns them: `3f9a1-c07be`.
fn insert_recovery_codes(conn: &mut Conn, operator: i64) -> Result<Vec<String>, StoreError> {
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| {
            let digits = random::hex(5);
            let (first, second) = digits.split_at(5);
            format!("{first}-{second}")
        })
        .collect();
    for code in &codes {
        diesel::insert_into(operator_recovery_codes::table)
            .values((
                operator_recovery_codes::hash.eq(recovery_hash(operator, code)),
                operator_recovery_codes::operator_id.eq(operator),
            ))
            .execute(conn)?;
    }
    Ok(codes)
}

fn use_recovery_code(conn: &mut Conn, operator: i64, code: &str) -> Result<bool, StoreError> {
    let hash = recovery_hash(operator, code.trim());
    let used = diesel::delete(operator_recovery_codes::table.find(hash)).execute(conn)?;
    Ok(used == 1)
}

/// A recovery code has 40 random bits, and attempts are counted, so a fast hash suffices.
fn recovery_hash(operator: i64, code: &str) -> String {
    hash_of(&format!("{operator} {}", code.to_lowercase()))
}

fn hashing(error: impl std::fmt::Display) -> OperatorsError {
    OperatorsError::Hashing(error.to_string())
}
