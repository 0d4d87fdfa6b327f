//! `qlive-admin`: the operators' command-line tool. It reads the server's settings and calls the
//! same domain crates. It starts no worker: what a command puts into the outbox, the server
//! delivers. The exit status is 0 only when a command did what it says.

mod commands;
mod output;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use qlive_app::{Settings, open_services, open_services_without_migrating};
use qlive_operators::Operators;
use qlive_store::OperatorName;
use qlive_store::audit_log::Operator;
use secrecy::SecretString;

use commands::Command;

/// Operate qlive.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file with settings. The environment (QLIVE__DATABASE__URL, …) wins over it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    /// The operator: the name of an account as soon as an owner has an authenticator, until then
    /// any name for the audit log. Default: the login name.
    // No argument of a command may have the name of this field: clap would merge the two.
    #[arg(long = "as", global = true, value_name = "NAME")]
    operator: Option<String>,
    /// A code of the operator's authenticator, for what is about money or operators.
    #[arg(long, global = true, value_name = "CODE")]
    code: Option<SecretString>,
    /// Bring the schema of the database up to date first.
    #[arg(long, global = true)]
    migrate: bool,
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = Settings::load(arguments.config.as_deref())?;
    let services = if arguments.migrate {
        open_services(&settings).await
    } else {
        open_services_without_migrating(&settings).await
    };
    let services = services.context("cannot open the database")?;
    let name = operator_name(arguments.operator.as_deref())?;
    let by = match arguments.command.action() {
        None => Operator::new(name.as_str(), "")?,
        Some(action) => {
            let operators = Operators::new(services.db.clone(), services.clock.clone());
            let authorized = operators.authorize_in_terminal(name, action, arguments.code);
            authorized.await.context("--as")?
        }
    };
    let answer = arguments.command.run(&settings, &services, by).await?;
    output::print(&answer, arguments.json)
}

/// The name given with `--as`; without it the login name, or `unknown` when the environment has
/// none.
///
/// # Errors
/// When the given name is empty.
fn operator_name(given: Option<&str>) -> anyhow::Result<OperatorName> {
    if let Some(given) = given {
        return OperatorName::parse(given).context("--as needs a name");
    }
    let login = ["USER", "LOGNAME"]
        .into_iter()
        .filter_map(|variable| std::env::var(variable).ok())
        .find_map(|name| OperatorName::parse(&name).ok());
    Ok(login.map_or_else(|| OperatorName::parse("unknown"), Ok)?)
}
