//! `qlive-admin`: what operators do, from a terminal. It reads the server's
//! settings and calls the same crates; deliveries are left to the server.
//! Exit status 0 only when it did what it says.

mod commands;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use qlive_server::{Settings, operators_house};
use qlive_store::audit::Operator;
use serde_json::Value;

use commands::Command;

/// Operate qlive.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file with settings; the environment (QLIVE__DATABASE__URL, …) wins over it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Answer JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Who does it, for the audit log; the login name by default.
    // Named as no argument of a command is: clap takes those of one name for one.
    #[arg(long = "as", global = true, value_name = "NAME")]
    operator: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = Settings::load(arguments.config.as_deref())?;
    let name = match arguments.operator {
        Some(name) => name,
        None => std::env::var("USER")
            .or_else(|_| std::env::var("LOGNAME"))
            .unwrap_or_else(|_| "unknown".into()),
    };
    let by = Operator {
        name,
        reason: String::new(),
    };
    let parts = operators_house(&settings)
        .await
        .context("cannot open the house")?;
    let answer = arguments.command.run(&parts, by).await?;
    print(&answer, arguments.json)
}

#[expect(
    clippy::print_stdout,
    reason = "a command answers the person who typed it"
)]
fn print(answer: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(answer)?);
        return Ok(());
    }
    match answer {
        Value::Array(rows) if rows.is_empty() => println!("(none)"),
        Value::Array(rows) => rows.iter().for_each(|row| println!("{}", line(row))),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| println!("{key:<16} {}", plain(value))),
        other => println!("{}", plain(other)),
    }
    Ok(())
}

/// A row on one line, its fields apart by tabs.
fn line(row: &Value) -> String {
    match row {
        Value::Object(fields) => {
            let cells: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{key}={}", plain(value)))
                .collect();
            cells.join("\t")
        }
        other => plain(other),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
