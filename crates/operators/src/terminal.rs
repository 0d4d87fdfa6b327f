//! Who operates in the terminal: the account that `--as` names, once there are accounts.

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::operators;
use qlive_store::{Conn, OperatorName, StoreError};
use secrecy::{ExposeSecret as _, SecretString};

use crate::account_rows::{OperatorAccount, OperatorRow, SANDBOX_OWNER, find, find_by_name};
use crate::lockout::{Sources, begin_attempt, forgive};
use crate::totp::accept_code;
use crate::{Action, Confirmation, Operators, OperatorsError, Role};

impl Operators {
    /// Lets an operator do something in the terminal.
    ///
    /// As soon as an owner has an authenticator, the name must be that of an account whose role
    /// may do it, and an action that asks for [`Confirmation::Proof`] needs a code of its
    /// authenticator. Until then any name is recorded: somebody must add the first owner, and an
    /// owner without an authenticator could not prove anything. The owner of a sandbox does not
    /// count.
    ///
    /// # Errors
    /// [`OperatorsError::UnknownOperator`] also for a disabled account,
    /// [`OperatorsError::NotAllowed`], [`OperatorsError::CodeNeeded`],
    /// [`OperatorsError::AuthenticatorState`] when the account has no authenticator,
    /// [`OperatorsError::WrongCode`], [`OperatorsError::Locked`], or when the database fails.
    pub async fn authorize_in_terminal(
        &self,
        name: OperatorName,
        action: Action,
        code: Option<SecretString>,
    ) -> Result<Operator, OperatorsError> {
        let wanted = name.clone();
        let found = self.db.read(move |conn| {
            if !has_provable_owner(conn)? {
                return Ok(None);
            }
            let row = find_by_name(conn, &wanted)?;
            let row = row.ok_or(OperatorsError::UnknownOperator)?;
            let account = OperatorAccount::try_from(&row)?;
            Ok::<_, OperatorsError>(Some((account, row)))
        });
        let Some((account, row)) = found.await? else {
            return Ok(recorded(name, ""));
        };
        if account.disabled_at.is_some() {
            return Err(OperatorsError::UnknownOperator);
        }
        let by = recorded(account.name, account.role.name());
        if !action.roles().contains(&account.role) {
            self.record_terminal_refusal(by, action).await?;
            return Err(OperatorsError::NotAllowed);
        }
        if action.confirmation() == Confirmation::Proof {
            let code = code.ok_or(OperatorsError::CodeNeeded)?;
            self.prove_in_terminal(&row, code).await?;
        }
        Ok(by)
    }

    async fn prove_in_terminal(
        &self,
        row: &OperatorRow,
        code: SecretString,
    ) -> Result<(), OperatorsError> {
        if row.totp_secret.is_empty() {
            return Err(OperatorsError::AuthenticatorState);
        }
        let (now, id) = (self.clock.now(), row.id);
        self.db
            .write(move |conn| begin_attempt(conn, now, &Sources::of_operator(id)))
            .await?;
        self.db
            .write(move |conn| {
                // As it is now: it may have been reset.
                let row = find(conn, id)?.ok_or(OperatorsError::UnknownOperator)?;
                if !accept_code(conn, now, &row, code.expose_secret())? {
                    return Err(OperatorsError::WrongCode);
                }
                Ok(forgive(conn, &Sources::of_operator(id))?)
            })
            .await
    }

    async fn record_terminal_refusal(
        &self,
        by: Operator,
        action: Action,
    ) -> Result<(), OperatorsError> {
        let now = self.clock.now();
        let action = format!("refused: {}", action.name());
        self.db
            .write(move |conn| Ok(audit_log::record(conn, now, &by, &action, "")?))
            .await
    }
}

/// Whether an owner can prove who they are.
fn has_provable_owner(conn: &mut Conn) -> Result<bool, StoreError> {
    let owners = operators::table
        .filter(operators::role.eq(Role::Owner.number()))
        .filter(operators::disabled_at.is_null())
        .filter(operators::totp_secret.ne(""))
        .filter(operators::name.ne(SANDBOX_OWNER));
    Ok(diesel::select(diesel::dsl::exists(owners)).get_result(conn)?)
}

fn recorded(name: OperatorName, role: &'static str) -> Operator {
    Operator {
        name,
        reason: String::new(),
        role,
        address: String::new(),
    }
}
