//! `qlive-server`: serves, migrates the database, or checks a configuration.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use actix_web::dev::ServerHandle;
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use qlive_app::{BASE_PATH, ConsoleSection, Mode, Settings, check, open_services};
use qlive_console::{Console, ConsoleSettings};
use qlive_server::{Application, init_logging};
use qlive_store::{StoreError, find_session_faults};
use qlive_types::Clock;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::signal::unix::{SignalKind, signal};

/// The back end of a live video matchmaking mini-program.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file with settings. The environment (QLIVE__DATABASE__URL, …) wins over it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the schema of the database up to date.
    Migrate,
    /// Print what this configuration will and will not do.
    CheckConfig,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = Settings::load(arguments.config.as_deref())?;
    let sampler = init_logging(&settings.server)?;
    tokio::spawn(sampler.clone().run());
    match arguments.command {
        None => {
            let served = serve(settings).await;
            sampler.begin_period();
            served
        }
        Some(Command::Migrate) => {
            open_services(&settings).await?;
            print_line("the database is up to date");
            Ok(())
        }
        Some(Command::CheckConfig) => {
            for note in check(&settings)? {
                print_line(&note);
            }
            check_database(&settings).await
        }
    }
}

/// Logs what `check-config` would refuse. The server starts meanwhile.
async fn warn_of_database(url: SecretString) {
    match find_session_faults(url.expose_secret()).await {
        Ok(faults) => {
            for fault in faults {
                tracing::warn!("the database: {fault}");
            }
        }
        Err(error) => tracing::warn!(%error, "the settings of the database are not checked"),
    }
}

/// Checks that the database keeps what is committed. One that cannot be reached from here is only
/// named.
async fn check_database(settings: &Settings) -> anyhow::Result<()> {
    let url = settings.database.url.expose_secret();
    let faults = match find_session_faults(url).await {
        Ok(faults) => faults,
        Err(StoreError::Unavailable(_)) => {
            print_line("the database cannot be reached, so its settings are not checked");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    anyhow::ensure!(faults.is_empty(), "the database: {}", faults.join("; "));
    Ok(())
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    for note in check(&settings)? {
        tracing::info!("{note}");
    }
    // Installed before the server announces itself: a signal that comes then must stop it.
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let application = Application::build(&settings, Clock::system()).await?;
    let handle = application.handle();
    tokio::spawn(warn_of_database(settings.database.url.clone()));
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: running requests are answered first");
        handle.stop(true).await;
    });
    let url = application.url();
    print_line(&format!("qlive serves on {url}{BASE_PATH}"));
    if let Some(internal) = application.internal_url() {
        print_line(&format!("  docs      {internal}/docs"));
        print_line(&format!("  metrics   {internal}/metrics"));
    }
    if let (Mode::Sandbox, Some(sandbox)) = (settings.mode()?, application.sandbox_url()) {
        print_line(&format!("  playroom  {url}/ plays a room in the browser"));
        print_line(&format!(
            "  sandbox   {sandbox}/sandbox/messages shows the messages that IM received"
        ));
        print_line(&format!(
            "  register  curl '{sandbox}/sandbox/profile?code=alice&nickname=Alice&gender=2' | \\"
        ));
        print_line(&format!(
            "            curl -H 'Content-Type: application/json' -d @- {url}{BASE_PATH}qlive_user/"
        ));
    }
    let console = match settings.mode()? {
        Mode::Sandbox => Some(start_console(&settings, &application).await?),
        Mode::Real => None,
    };
    let served = application.run().await.map(drop);
    if let Some(console) = console {
        console.stop(false).await;
    }
    served
}

/// Serves the console of a sandbox beside the API, and prints the link that logs in.
async fn start_console(
    settings: &Settings,
    application: &Application,
) -> anyhow::Result<ServerHandle> {
    let listener = match settings.console.listen {
        Some(address) => TcpListener::bind(address),
        None => TcpListener::bind(ConsoleSection::DEFAULT)
            .or_else(|_in_use| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))),
    };
    let listener = listener.context("the console cannot listen")?;
    let settings = ConsoleSettings {
        is_sandbox: true,
        public_url: settings.console.public_url.clone(),
        trusted_proxies: settings.server.trusted_proxies.clone(),
    };
    let console = Console::new(application.services().clone(), settings, listener)?;
    let link = console.sandbox_link().await?;
    print_line(&format!(
        "  console   {link} logs in once, within 30 minutes"
    ));
    let handle = console.handle();
    tokio::spawn(async move {
        if let Err(error) = console.run().await {
            tracing::error!(%error, "the console failed");
        }
    });
    Ok(handle)
}

#[expect(clippy::print_stdout, reason = "the output of a command")]
fn print_line(line: &str) {
    println!("{line}");
}
