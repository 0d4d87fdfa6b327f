//! Runs `qlive-admin` as a process beside a running server.

use std::process::{Command, Output};

use qlive_tests::TestApp;
use serde_json::Value;

/// Runs a command against the app's database and sandbox as the operator `olga`.
pub(crate) async fn run_admin(app: &TestApp, arguments: &[&str]) -> Output {
    run_admin_as(app, "olga", arguments).await
}

/// The same as another operator.
pub(crate) async fn run_admin_as(app: &TestApp, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qlive-admin"));
    command.args(["--json", "--as", name]).args(arguments);
    command
        .env("QLIVE__DATABASE__URL", app.database_url())
        .env("QLIVE__SERVER__LOG", "off")
        .env(
            "QLIVE__SANDBOX__LISTEN",
            app.sandbox.trim_start_matches("http://"),
        )
        .current_dir("/");
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.unwrap().unwrap()
}

/// Runs a command that succeeds, and returns its answer.
pub(crate) async fn run(app: &TestApp, arguments: &[&str]) -> Value {
    let output = run_admin(app, arguments).await;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a command that fails, and returns what it prints to standard error.
pub(crate) async fn run_refused(app: &TestApp, arguments: &[&str]) -> String {
    let output = run_admin(app, arguments).await;
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{arguments:?}: {stdout}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
