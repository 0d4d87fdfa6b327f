//! `serve`: the console, until it is interrupted.

use std::net::TcpListener;

use anyhow::Context as _;
use qlive_app::{ConsoleSection, Mode, Services, Settings};
use qlive_console::{Console, ConsoleSettings};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

/// Serves the console until the process is asked to stop.
///
/// # Errors
/// When the address is in use, or the console fails.
pub(super) async fn serve(settings: &Settings, services: &Services) -> anyhow::Result<Value> {
    let address = settings.console.listen.unwrap_or(ConsoleSection::DEFAULT);
    let listener =
        TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    let is_sandbox = settings.mode()? == Mode::Sandbox;
    let console = Console::new(services.clone(), ConsoleSettings { is_sandbox }, listener)?;
    print_line(&format!("the console is at {}", console.url()));
    if is_sandbox {
        let link = console.sandbox_link().await?;
        print_line(&format!("{link} logs in once, within 30 minutes"));
    }
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let handle = console.handle();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        handle.stop(true).await;
    });
    console.run().await?;
    Ok(json!("stopped"))
}

#[expect(clippy::print_stdout, reason = "the output of a command")]
fn print_line(line: &str) {
    println!("{line}");
}
