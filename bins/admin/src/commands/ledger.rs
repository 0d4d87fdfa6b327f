//! `ledger`: balances, grants, corrections and the audit.

use anyhow::{bail, ensure};
use clap::Subcommand;
use qlive_app::{AuditError, Services};
use qlive_ledger::HistoryEntry;
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, EntryId, UserId};
use serde_json::{Map, Value, json};

use super::arguments::{parse_page, parse_user_id, with_reason};

#[derive(Subcommand)]
pub(crate) enum LedgerCommand {
    /// A user's balances, and a page of their history.
    Show {
        id: String,
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// Give a user gold.
    Credit {
        id: String,
        coins: i64,
        #[arg(long)]
        reason: String,
    },
    /// Take a grant or a gift back, by the number of its entry.
    Reverse {
        entry: i64,
        #[arg(long)]
        reason: String,
    },
    /// Check the whole ledger. The first violation is named.
    Audit,
}

impl LedgerCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::Show { .. } => Action::ViewUsers,
            Self::Credit { .. } => Action::GrantGold,
            Self::Reverse { .. } => Action::ReverseEntry,
            Self::Audit => Action::AuditLedger,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let users = &services.users;
        match self {
            Self::Show { id, page } => show_ledger(services, parse_user_id(&id)?, page).await,
            Self::Credit { id, coins, reason } => {
                ensure!(coins > 0, "give at least one coin");
                let user = parse_user_id(&id)?;
                let by = with_reason(by, reason)?;
                let entry = users.grant_gold(by, user, Coins::new(coins)?).await?;
                let balances = users.balances(user).await?;
                Ok(json!({"entry": entry.get(), "gold": balances.gold()?}))
            }
            Self::Reverse { entry, reason } => {
                let by = with_reason(by, reason)?;
                let reversal = users.reverse_entry(by, EntryId::new(entry)).await?;
                Ok(json!({"entry": reversal.get()}))
            }
            Self::Audit => audit(services).await,
        }
    }
}

async fn show_ledger(services: &Services, user: UserId, page: i64) -> anyhow::Result<Value> {
    let users = &services.users;
    let profile = users.profile(user).await?;
    let balances = users.balances(user).await?;
    let (count, movements) = users.wallet(user, parse_page(page)?).await?;
    Ok(json!({
        "user_id": user.to_string(),
        "nickname": profile.nickname,
        "bought": balances.bought,
        "granted": balances.granted,
        "income": balances.income,
        "held": balances.held,
        "owed": balances.debt,
        "entries": count,
        "latest": movements.iter().map(movement_json).collect::<Value>(),
    }))
}

async fn audit(services: &Services) -> anyhow::Result<Value> {
    let audit = match services.audit().await {
        Ok(audit) => audit,
        Err(AuditError::Violation(violation)) => bail!("out of order: {}", violation.0),
        Err(AuditError::Store(error)) => return Err(error.into()),
    };
    let systems = audit.system_balances.iter();
    let systems: Map<String, Value> = systems
        .map(|(name, balance)| ((*name).to_owned(), json!(balance)))
        .collect();
    Ok(json!({
        "in_order": true,
        "at": services.clock.now().shanghai(),
        "entries": audit.entries,
        "transfers": audit.transfers,
        "users": audit.user_total,
        "systems": systems,
        "sealed": audit.sealed,
        "head": audit.chain_head,
    }))
}

fn movement_json(movement: &HistoryEntry) -> Value {
    json!({
        "entry": movement.id.get(),
        "at": movement.at.shanghai(),
        "kind": movement.kind.name(),
        "amount": movement.amount,
        "gold": movement.gold,
        "income": movement.income,
    })
}
