//! `ledger`: what users have, grants, corrections, the audit.

use anyhow::{bail, ensure};
use clap::Subcommand;
use qlive_server::Parts;
use qlive_store::audit::Operator;
use qlive_types::{Coins, EntryId, Moment};
use serde_json::{Map, Value, json};

use super::{page, user};

#[derive(Subcommand)]
pub(crate) enum Ledger {
    /// What a user has, and a page of what happened to it.
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
    /// Prove the books; the first thing out of order is named.
    Audit,
}

impl Ledger {
    pub(super) async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::Show { id, page: number } => {
                let user = user(&id)?;
                let (profile, purse) = (
                    parts.users.profile(user).await?,
                    parts.users.purse(user).await?,
                );
                let (count, movements) = parts.users.wallet(user, page(number)?).await?;
                let row = |row: &qlive_ledger::Movement| {
                    json!({"entry": row.id.get(), "at": row.at.shanghai(), "kind": format!("{:?}", row.kind),
                        "amount": row.amount, "gold": row.gold, "income": row.income})
                };
                Ok(
                    json!({"user_id": id, "nickname": profile.nickname, "bought": purse.bought,
                    "granted": purse.granted, "income": purse.income, "held": purse.held, "owed": purse.owed,
                    "entries": count, "latest": movements.iter().map(row).collect::<Value>()}),
                )
            }
            Self::Credit { id, coins, reason } => {
                ensure!(coins > 0, "give at least one coin");
                let (user, by) = (
                    user(&id)?,
                    Operator {
                        reason: given(reason)?,
                        ..by
                    },
                );
                let entry = parts.users.grant_gold(by, user, Coins::new(coins)?).await?;
                Ok(json!({"entry": entry.get(), "gold": parts.users.purse(user).await?.gold()?}))
            }
            Self::Reverse { entry, reason } => {
                let by = Operator {
                    reason: given(reason)?,
                    ..by
                };
                Ok(
                    json!({"entry": parts.users.reverse_entry(by, EntryId::new(entry)).await?.get()}),
                )
            }
            Self::Audit => match parts.audit().await? {
                Err(offence) => bail!("out of order: {}", offence.0),
                Ok(audit) => {
                    let now: Moment = parts.clock.now();
                    let systems: Map<String, Value> = audit
                        .systems
                        .iter()
                        .map(|(name, balance)| ((*name).to_owned(), json!(balance)))
                        .collect();
                    Ok(
                        json!({"in_order": true, "at": now.shanghai(), "entries": audit.entries,
                        "transfers": audit.transfers, "users": audit.users, "systems": systems,
                        "sealed": audit.sealed, "head": audit.head}),
                    )
                }
            },
        }
    }
}

/// A reason that says something.
fn given(reason: String) -> anyhow::Result<String> {
    ensure!(!reason.trim().is_empty(), "give a reason");
    Ok(reason)
}
