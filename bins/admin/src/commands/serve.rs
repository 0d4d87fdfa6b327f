//! `serve`: the console, until it is interrupted.

use std::io::{IsTerminal as _, stderr};
use std::net::TcpListener;

use anyhow::Context as _;
use qlive_app::{ConsoleSection, LogFormat, Mode, ServerSection, Services, Settings};
use qlive_console::{Console, ConsoleSettings};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{EnvFilter, fmt};

/// Serves the console until the process is asked to stop.
///
/// # Errors
/// When the address is in use, or the console fails.
pub(super) async fn serve(settings: &Settings, services: &Services) -> anyhow::Result<Value> {
    init_log(&settings.server)?;
    let address = settings.console.listen.unwrap_or(ConsoleSection::DEFAULT);
    let listener =
        TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    let is_sandbox = settings.mode()? == Mode::Sandbox;
    let console_settings = ConsoleSettings {
        is_sandbox,
        public_url: settings.console.public_url.clone(),
        trusted_proxies: settings.server.trusted_proxies.clone(),
    };
    let console = Console::new(services.clone(), console_settings, listener)?;
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

/// Installs the log, to standard error, as the settings of the server say.
fn init_log(server: &ServerSection) -> anyhow::Result<()> {
    let log = fmt()
        .with_env_filter(EnvFilter::try_new(&server.log)?)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    match server.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the output of a command")]
fn print_line(line: &str) {
    println!("{line}");
}
