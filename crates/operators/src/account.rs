//! Accounts of operators: who is added, changed and disabled.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::{operator_recovery_codes, operators};
use qlive_store::{Conn, OperatorName, StoreError, serialize_transactions};
use qlive_types::Moment;
use secrecy::SecretString;

use crate::account_rows::{
    LONGEST_NAME, OperatorAccount, OperatorRow, SANDBOX_OWNER, find, find_by_name, insert,
};
use crate::link_rows::{delete_links, insert_link};
use crate::lockout::forget_misses;
use crate::session_rows::end_all_sessions;
use crate::{Operators, OperatorsError, Role};

/// The transactions that change who is an owner run one after another.
const OWNERS: &str = "operators";

impl Operators {
    /// All accounts, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self) -> Result<Vec<OperatorAccount>, OperatorsError> {
        self.db
            .read(|conn| {
                let rows: Vec<OperatorRow> = operators::table
                    .order(operators::compared_name)
                    .select(OperatorRow::as_select())
                    .load(conn)?;
                let accounts = rows.iter().map(OperatorAccount::try_from);
                Ok(accounts.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// The account with this id.
    ///
    /// # Errors
    /// [`OperatorsError::UnknownOperator`], or when the database fails.
    pub async fn account(&self, id: i64) -> Result<OperatorAccount, OperatorsError> {
        self.db
            .read(move |conn| {
                let row = find(conn, id)?.ok_or(OperatorsError::UnknownOperator)?;
                Ok(OperatorAccount::try_from(&row)?)
            })
            .await
    }

    /// Adds an account. Returns the secret of the link with which a password is set; it lives
    /// three days.
    ///
    /// # Errors
    /// [`OperatorsError::NameTaken`], also for the name of the owner of sandboxes, who counts for
    /// no owner elsewhere, [`OperatorsError::EmptyName`], [`OperatorsError::LongName`], or when the
    /// database fails.
    pub async fn add(
        &self,
        by: Operator,
        name: &str,
        role: Role,
    ) -> Result<(i64, SecretString), OperatorsError> {
        let name = OperatorName::parse(name)?;
        if name.as_str().chars().count() > LONGEST_NAME {
            return Err(OperatorsError::LongName);
        }
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                serialize_transactions(conn, OWNERS)?;
                let is_reserved = name.compared() == SANDBOX_OWNER;
                if is_reserved || find_by_name(conn, &name)?.is_some() {
                    return Err(OperatorsError::NameTaken);
                }
                let id = insert(conn, now, &name, role)?;
                let action = ("operators add", name.as_str());
                audit_log::record_change(conn, now, &by, action, ("", role.name()))?;
                Ok((id, insert_link(conn, now, id)?))
            })
            .await
    }

    /// Gives an account another role. Its sessions have it from their next request.
    ///
    /// # Errors
    /// [`OperatorsError::UnknownOperator`], [`OperatorsError::LastOwner`], or when the database
    /// fails.
    pub async fn set_role(&self, by: Operator, id: i64, role: Role) -> Result<(), OperatorsError> {
        let change = move |conn: &mut Conn, account: &OperatorAccount, _now| {
            diesel::update(operators::table.find(account.id))
                .set(operators::role.eq(role.number()))
                .execute(conn)?;
            Ok((account.role.name(), role.name()))
        };
        self.change(by, id, "operators role", role == Role::Owner, change)
            .await
    }

    /// Disables an account: its sessions end, and it does not log in.
    ///
    /// # Errors
    /// As [`Operators::set_role`].
    pub async fn disable(&self, by: Operator, id: i64) -> Result<(), OperatorsError> {
        let change = |conn: &mut Conn, account: &OperatorAccount, now: Moment| {
            diesel::update(operators::table.find(account.id))
                .set(operators::disabled_at.eq(Some(now.millis())))
                .execute(conn)?;
            end_all_sessions(conn, account.id)?;
            delete_links(conn, account.id)?;
            Ok(("", ""))
        };
        self.change(by, id, "operators disable", false, change)
            .await
    }

    /// Ends all sessions of an account, whose operator may log in again.
    ///
    /// # Errors
    /// [`OperatorsError::UnknownOperator`], or when the database fails.
    pub async fn end_sessions(&self, by: Operator, id: i64) -> Result<(), OperatorsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let row = find(conn, id)?.ok_or(OperatorsError::UnknownOperator)?;
                let account = OperatorAccount::try_from(&row)?;
                end_all_sessions(conn, id)?;
                let action = "operators end-sessions";
                Ok(audit_log::record(
                    conn,
                    now,
                    &by,
                    action,
                    account.name.as_str(),
                )?)
            })
            .await
    }

    /// Lets a disabled account log in again.
    ///
    /// # Errors
    /// As [`Operators::set_role`].
    pub async fn enable(&self, by: Operator, id: i64) -> Result<(), OperatorsError> {
        let change = |conn: &mut Conn, account: &OperatorAccount, _now| {
            diesel::update(operators::table.find(account.id))
                .set(operators::disabled_at.eq(None::<i64>))
                .execute(conn)?;
            Ok(("", ""))
        };
        self.change(by, id, "operators enable", true, change).await
    }

    /// Takes password and authenticator from an account and ends its sessions. Returns the secret
    /// of a link with which a new password is set.
    ///
    /// # Errors
    /// As [`Operators::set_role`].
    pub async fn reset(&self, by: Operator, id: i64) -> Result<SecretString, OperatorsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let row = find(conn, id)?.ok_or(OperatorsError::UnknownOperator)?;
                let account = OperatorAccount::try_from(&row)?;
                diesel::update(operators::table.find(id))
                    .set((
                        operators::password_hash.eq(""),
                        operators::totp_secret.eq(""),
                    ))
                    .execute(conn)?;
                let codes = operator_recovery_codes::operator_id.eq(id);
                diesel::delete(operator_recovery_codes::table.filter(codes)).execute(conn)?;
                end_all_sessions(conn, id)?;
                delete_links(conn, id)?;
                forget_misses(conn, &account.name, id)?;
                audit_log::record(conn, now, &by, "operators reset", account.name.as_str())?;
                Ok(insert_link(conn, now, id)?)
            })
            .await
    }

    /// Changes an account and records it. An owner stays.
    async fn change(
        &self,
        by: Operator,
        id: i64,
        action: &'static str,
        stays_owner: bool,
        change: impl Fn(
            &mut Conn,
            &OperatorAccount,
            Moment,
        ) -> Result<(&'static str, &'static str), StoreError>
        + Send
        + 'static,
    ) -> Result<(), OperatorsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                serialize_transactions(conn, OWNERS)?;
                let row = find(conn, id)?.ok_or(OperatorsError::UnknownOperator)?;
                let account = OperatorAccount::try_from(&row)?;
                let is_owner = account.role == Role::Owner
                    && account.disabled_at.is_none()
                    && account.has_password;
                if is_owner && !stays_owner {
                    let others = other_owners(conn, id)?;
                    // One who can prove who they are is not replaced by one who cannot.
                    let is_enough =
                        |has_authenticator| has_authenticator || !account.has_authenticator;
                    if !others.into_iter().any(is_enough) {
                        return Err(OperatorsError::LastOwner);
                    }
                }
                let values = change(conn, &account, now)?;
                let action = (action, account.name.as_str());
                Ok(audit_log::record_change(conn, now, &by, action, values)?)
            })
            .await
    }
}

/// Of each other owner who can log in, whether they have an authenticator.
fn other_owners(conn: &mut Conn, id: i64) -> Result<Vec<bool>, StoreError> {
    Ok(operators::table
        .filter(operators::id.ne(id))
        .filter(operators::role.eq(Role::Owner.number()))
        .filter(operators::disabled_at.is_null())
        .filter(operators::password_hash.ne(""))
        .select(operators::totp_secret.ne(""))
        .load(conn)?)
}
