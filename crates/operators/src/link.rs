//! Links that can be used once.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::audit_log::Operator;
use qlive_store::schema::{operator_links, operators};
use qlive_store::{Conn, OperatorName, StoreError};
use qlive_types::Moment;
use secrecy::{ExposeSecret as _, SecretString};

use crate::account_rows::{OperatorAccount, SANDBOX_OWNER, find, find_by_name, insert};
use crate::link_rows::{INVITATION, insert_link_until};
use crate::password;
use crate::secrets::hash_of;
use crate::session_rows::{NewSession, insert_session};
use crate::totp::new_secret;
use crate::{Login, Operators, OperatorsError, Role};

/// How long the link to a sandbox's console can be used.
const SANDBOX_LINK: Duration = Duration::from_secs(30 * 60);
/// The account that a link is for, while it can be used.
fn account_of_link(
    conn: &mut Conn,
    now: Moment,
    hash: &str,
) -> Result<OperatorAccount, OperatorsError> {
    let link: Option<(i64, i64)> = operator_links::table
        .find(hash)
        .select((operator_links::operator_id, operator_links::expires_at))
        .get_result(conn)
        .optional()?;
    let (operator, expires_at) = link.ok_or(OperatorsError::BadLink)?;
    let longest = INVITATION.max(SANDBOX_LINK);
    let row = find(conn, operator)?.ok_or(OperatorsError::BadLink)?;
    let account = OperatorAccount::try_from(&row)?;
    let can_be_used = now.is_waiting(Moment::from_millis(expires_at), longest);
    if can_be_used && account.disabled_at.is_none() {
        Ok(account)
    } else {
        Err(OperatorsError::BadLink)
    }
}

impl Operators {
    /// The account that the secret of a link is for. The link stays.
    ///
    /// # Errors
    /// [`OperatorsError::BadLink`], or when the database fails.
    pub async fn link(&self, secret: &SecretString) -> Result<OperatorAccount, OperatorsError> {
        let hash = hash_of(secret.expose_secret());
        let now = self.clock.now();
        self.db
            .read(move |conn| account_of_link(conn, now, &hash))
            .await
    }

    /// Uses up an invitation: sets the password of its account and logs in.
    ///
    /// # Errors
    /// [`OperatorsError::BadLink`], [`OperatorsError::BadPassword`], or when the database fails.
    pub async fn accept_invitation(
        &self,
        secret: &SecretString,
        password: SecretString,
        from: (&str, &str),
    ) -> Result<Login, OperatorsError> {
        let account = self.link(secret).await?;
        password::check_new(&account.name, &password)?;
        let password_hash = password::hash(password).await?;
        self.use_link(secret, from, move |conn, id| {
            diesel::update(operators::table.find(id))
                .set(operators::password_hash.eq(&password_hash))
                .execute(conn)?;
            Ok(())
        })
        .await
    }

    /// Makes a link to the console of a sandbox. Its account is an owner, without a password. The
    /// link lives 30 minutes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sandbox_link(&self) -> Result<SecretString, OperatorsError> {
        let name = OperatorName::parse(SANDBOX_OWNER)?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let id = match find_by_name(conn, &name)? {
                    Some(row) => row.id,
                    None => insert(conn, now, &name, Role::Owner)?,
                };
                Ok(insert_link_until(conn, now.after(SANDBOX_LINK), id)?)
            })
            .await
    }

    /// Uses up a link to a sandbox: logs in.
    ///
    /// # Errors
    /// [`OperatorsError::BadLink`], also for an invitation to set a password, or when the database
    /// fails.
    pub async fn use_sandbox_link(
        &self,
        secret: &SecretString,
        from: (&str, &str),
    ) -> Result<Login, OperatorsError> {
        let account = self.link(secret).await?;
        if !account.is_sandbox_owner() {
            return Err(OperatorsError::BadLink);
        }
        // A sandbox shows the codes of this authenticator beside each form that asks for one.
        let authenticator = new_secret()?;
        self.use_link(secret, from, move |conn, id| {
            let without = operators::table
                .find(id)
                .filter(operators::totp_secret.eq(""));
            diesel::update(without)
                .set(operators::totp_secret.eq(&authenticator))
                .execute(conn)?;
            Ok(())
        })
        .await
    }

    async fn use_link(
        &self,
        secret: &SecretString,
        (address, agent): (&str, &str),
        act: impl Fn(&mut Conn, i64) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<Login, OperatorsError> {
        let hash = hash_of(secret.expose_secret());
        let now = self.clock.now();
        let session = NewSession::new(now, address, agent);
        self.db
            .write(move |conn| {
                let account = account_of_link(conn, now, &hash)?;
                let deleted = diesel::delete(operator_links::table.find(&hash)).execute(conn)?;
                if deleted != 1 {
                    return Err(OperatorsError::BadLink);
                }
                act(conn, account.id)?;
                let needs_code = account.has_authenticator && !account.is_sandbox_owner();
                let token = insert_session(conn, &session, account.id, !needs_code, true)?;
                let by = Operator {
                    name: account.name,
                    reason: String::new(),
                    role: account.role.name(),
                    address: session.address.clone(),
                };
                crate::login::record_login(conn, now, &by, account.id)?;
                Ok(Login { token, needs_code })
            })
            .await
    }
}
