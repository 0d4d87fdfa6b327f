//! `qlive-server`: serves; or migrates, or checks a configuration.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use qlive_server::{Application, Mode, Settings, check, init_logging, operators_house};
use qlive_types::Clock;
use tokio::signal::unix::{SignalKind, signal};

/// The back end of a live video matchmaking mini-program.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file with settings; the environment (QLIVE__DATABASE__URL, …) wins over it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the database up to this program's schema.
    Migrate,
    /// Say what this configuration will and will not do.
    CheckConfig,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = Settings::load(arguments.config.as_deref())?;
    init_logging(&settings.server)?;
    match arguments.command {
        None => serve(settings).await,
        Some(Command::Migrate) => {
            operators_house(&settings).await?;
            say("the database is up to date");
            Ok(())
        }
        Some(Command::CheckConfig) => {
            for note in check(&settings)? {
                say(&note);
            }
            Ok(())
        }
    }
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    for note in check(&settings)? {
        tracing::info!("{note}");
    }
    // Listened for before anybody is told that we serve.
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let application = Application::build(&settings, Clock::system()).await?;
    let handle = application.handle();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("draining");
        handle.stop(true).await;
    });
    let url = application.url();
    say(&format!("qlive serves on {url}{}", qlive_server::BASE));
    say(&format!("  explore   {url}/docs"));
    say(&format!("  measure   {url}/metrics"));
    if let (Mode::Sandbox, Some(sandbox)) = (settings.mode()?, application.sandbox_url()) {
        say(&format!(
            "  sandbox   {sandbox}/sandbox/messages shows what IM was told"
        ));
        say(&format!(
            "  register  curl '{sandbox}/sandbox/profile?code=alice&nickname=Alice&gender=2' | \\"
        ));
        say(&format!(
            "            curl -H 'Content-Type: application/json' -d @- {url}{}qlive_user/",
            qlive_server::BASE
        ));
    }
    application.run().await.map(drop)
}

#[expect(
    clippy::print_stdout,
    reason = "a command speaks to the person who typed it"
)]
fn say(line: &str) {
    println!("{line}");
}
