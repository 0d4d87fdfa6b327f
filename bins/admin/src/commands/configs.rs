//! `configs`: values that operators change while the server runs.

use clap::Subcommand;
use qlive_app::Services;
use qlive_configs::is_rate;
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use serde_json::Value;

use super::arguments::done;

#[derive(Subcommand)]
pub(crate) enum ConfigsCommand {
    /// Every key and its value.
    List,
    /// Set a key.
    Set { key: String, value: String },
    /// Append to a key that holds a list.
    Add { key: String, value: String },
    /// Remove a key. A known one gets its default again.
    Remove { key: String },
}

impl ConfigsCommand {
    /// What it does, in the table of roles.
    pub(super) fn action(&self) -> Action {
        match self {
            Self::List => Action::ViewConfigs,
            Self::Set { key, .. } | Self::Add { key, .. } | Self::Remove { key } => {
                if is_rate(key) {
                    Action::SetRate
                } else {
                    Action::SetConfig
                }
            }
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let configs = &services.configs;
        match self {
            Self::List => {
                let snapshot = configs.snapshot().await?;
                return Ok(Value::Object(snapshot.all().clone()));
            }
            Self::Set { key, value } => configs.set(by, key, value).await?,
            Self::Add { key, value } => configs.add(by, key, value).await?,
            Self::Remove { key } => configs.remove(by, key).await?,
        }
        Ok(done())
    }
}
