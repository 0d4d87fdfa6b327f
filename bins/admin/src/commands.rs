//! The commands, one file for each subject. Each calls one method of a domain crate.

mod arguments;
mod blocks;
mod configs;
mod gifts;
mod ledger;
mod operators;
mod orders;
mod outbox;
mod rooms;
mod serve;
mod users;
mod withdrawals;

use clap::Subcommand;
use qlive_app::{Services, Settings};
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use serde_json::Value;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Accounts.
    #[command(subcommand)]
    Users(users::UsersCommand),
    /// Values that operators change while the server runs.
    #[command(subcommand)]
    Configs(configs::ConfigsCommand),
    /// Live rooms.
    #[command(subcommand)]
    Rooms(rooms::RoomsCommand),
    /// The catalogue of gifts, and the gifts that were given.
    #[command(subcommand)]
    Gifts(gifts::GiftsCommand),
    /// The blocks of gold that can be bought.
    #[command(subcommand)]
    Blocks(blocks::BlocksCommand),
    /// Recharges, refunds, complaints, and WeChat's bill.
    #[command(subcommand)]
    Orders(orders::OrdersCommand),
    /// Withdrawals of income.
    #[command(subcommand)]
    Withdrawals(withdrawals::WithdrawalsCommand),
    /// Balances, grants, corrections and the audit.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Accounts of operators.
    #[command(subcommand)]
    Operators(operators::OperatorsCommand),
    /// Serve the console until interrupted.
    Serve,
    /// What waits to be delivered to Tencent.
    #[command(subcommand)]
    Outbox(outbox::OutboxCommand),
}

impl Command {
    /// What it does, in the table of roles; `None` for the console, which asks by itself.
    pub(crate) fn action(&self) -> Option<Action> {
        Some(match self {
            Self::Users(command) => command.action(),
            Self::Configs(command) => command.action(),
            Self::Rooms(command) => command.action(),
            Self::Gifts(command) => command.action(),
            Self::Blocks(command) => command.action(),
            Self::Orders(command) => command.action(),
            Self::Withdrawals(command) => command.action(),
            Self::Ledger(command) => command.action(),
            Self::Operators(command) => command.action(),
            Self::Outbox(command) => command.action(),
            Self::Serve => return None,
        })
    }

    /// Runs the command and returns its answer.
    ///
    /// # Errors
    /// When it did not do what it says.
    pub(crate) async fn run(
        self,
        settings: &Settings,
        services: &Services,
        by: Operator,
    ) -> anyhow::Result<Value> {
        match self {
            Self::Users(command) => command.run(services, by).await,
            Self::Configs(command) => command.run(services, by).await,
            Self::Rooms(command) => command.run(services, by).await,
            Self::Gifts(command) => command.run(services, by).await,
            Self::Blocks(command) => command.run(services, by).await,
            Self::Orders(command) => command.run(services, by).await,
            Self::Withdrawals(command) => command.run(services, by).await,
            Self::Ledger(command) => command.run(services, by).await,
            Self::Operators(command) => command.run(services, by).await,
            Self::Serve => serve::serve(settings, services).await,
            Self::Outbox(command) => command.run(services, by).await,
        }
    }
}
