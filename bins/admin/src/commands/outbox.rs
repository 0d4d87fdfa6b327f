//! `outbox`: what waits to be delivered to Tencent, and what was refused for good.

use anyhow::ensure;
use clap::Subcommand;
use qlive_app::Services;
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use serde_json::Value;

use super::arguments::done;

#[derive(Subcommand)]
pub(crate) enum OutboxCommand {
    /// The rows that were refused for good, and those that wait.
    List,
    /// Deliver a refused row again.
    Retry { id: i64 },
}

impl OutboxCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::List => Action::ViewHealth,
            Self::Retry { .. } => Action::RetryDelivery,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::List => Ok(serde_json::to_value(services.outbox.list().await?)?),
            Self::Retry { id } => {
                let found = services.outbox.retry(by, id).await?;
                ensure!(found, "no parked row has the number {id}");
                Ok(done())
            }
        }
    }
}
