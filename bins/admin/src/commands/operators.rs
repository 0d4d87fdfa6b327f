//! `operators`: accounts of operators. The first owner is added here, the others in the console.

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use qlive_app::Services;
use qlive_operators::{Action, OperatorAccount, Operators, Role};
use qlive_store::OperatorName;
use qlive_store::audit_log::Operator;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::arguments::done;

#[derive(Subcommand)]
pub(crate) enum OperatorsCommand {
    /// All operators.
    List,
    /// Add an operator, and print the path of the link with which they set a password.
    Add {
        name: String,
        /// owner, operator, finance, support or auditor. Only the first one is an owner without it.
        #[arg(long)]
        role: Option<String>,
    },
    /// Give an operator another role.
    Role {
        name: String,
        /// owner, operator, finance, support or auditor.
        role: String,
    },
    /// Take password and authenticator from an operator, and print the path of a new link.
    Reset { name: String },
    /// End the sessions of an operator, who cannot log in any more.
    Disable { name: String },
    /// Let a disabled operator log in again.
    Enable { name: String },
}

impl OperatorsCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::List => Action::ViewOperators,
            Self::Add { .. } => Action::AddOperator,
            Self::Role { .. } => Action::SetOperatorRole,
            Self::Reset { .. } => Action::ResetOperator,
            Self::Disable { .. } => Action::DisableOperator,
            Self::Enable { .. } => Action::EnableOperator,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let operators = Operators::new(services.db.clone(), services.clock.clone());
        match self {
            Self::List => {
                let accounts = operators.accounts().await?;
                Ok(accounts.iter().map(account_json).collect())
            }
            Self::Add { name, role } => {
                let role = match role {
                    Some(role) => parse_role(&role)?,
                    None => role_of_the_first(&operators).await?,
                };
                let (_, link) = operators.add(by, &name, role).await?;
                Ok(link_json(&link))
            }
            Self::Role { name, role } => {
                let id = find(&operators, &name).await?;
                operators.set_role(by, id, parse_role(&role)?).await?;
                Ok(done())
            }
            Self::Reset { name } => {
                let id = find(&operators, &name).await?;
                Ok(link_json(&operators.reset(by, id).await?))
            }
            Self::Disable { name } => {
                operators
                    .disable(by, find(&operators, &name).await?)
                    .await?;
                Ok(done())
            }
            Self::Enable { name } => {
                operators.enable(by, find(&operators, &name).await?).await?;
                Ok(done())
            }
        }
    }
}

async fn find(operators: &Operators, name: &str) -> anyhow::Result<i64> {
    let name = OperatorName::parse(name)?;
    let accounts = operators.accounts().await?;
    let found = accounts.iter().find(|account| account.name == name);
    Ok(found.context("there is no such operator")?.id)
}

async fn role_of_the_first(operators: &Operators) -> anyhow::Result<Role> {
    let accounts = operators.accounts().await?;
    let is_first = accounts.iter().all(OperatorAccount::is_sandbox_owner);
    ensure!(
        is_first,
        "there are operators already: give the new one a --role"
    );
    Ok(Role::Owner)
}

fn parse_role(name: &str) -> anyhow::Result<Role> {
    Role::parse(name).context("a role is owner, operator, finance, support or auditor")
}

/// The secret is printed for whoever runs the command, to hand it over.
fn link_json(secret: &SecretString) -> Value {
    json!({"link": format!("/link/{}", secret.expose_secret()), "valid": "once, for three days"})
}

fn account_json(account: &OperatorAccount) -> Value {
    json!({
        "name": account.name.as_str(),
        "role": account.role.name(),
        "has_password": account.has_password,
        "has_authenticator": account.has_authenticator,
        "disabled": account.disabled_at.is_some(),
        "last_login_at": account.last_login_at.map(|at| at.rfc3339()),
    })
}
