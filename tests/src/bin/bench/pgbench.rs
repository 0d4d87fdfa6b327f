//! Load by `pgbench`: statements, as fast as PostgreSQL executes them.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::options::CLIENTS;
use crate::postgres::Postgres;

/// A script of statements, and the variables that it reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) variables: Vec<(String, String)>,
}

/// Executes a script with as many clients as send requests to the server. Returns how often a
/// second, or what went wrong.
pub(crate) async fn run_pgbench(
    postgres: &Postgres,
    script: &Script,
    duration: Duration,
) -> Result<f64, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &script.text).unwrap();
    let mut command = postgres.client("pgbench");
    command
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={CLIENTS}"))
        .arg(format!("--time={}", duration.as_secs()))
        .arg("--file")
        .arg(file.path());
    for (name, value) in &script.variables {
        command.arg(format!("--define={name}={value}"));
    }
    tokio::task::spawn_blocking(move || rate_of(&mut command))
        .await
        .unwrap()
}

fn rate_of(command: &mut Command) -> Result<f64, String> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    match rate {
        Some(rate) if output.status.success() => Ok(rate),
        _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
