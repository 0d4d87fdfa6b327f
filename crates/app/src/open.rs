//! How the database and the services are opened, by the server and by the operators' tool.

use anyhow::bail;
use qlive_store::{Db, StoreError};
use qlive_types::Clock;
use secrecy::ExposeSecret as _;

use crate::sandbox_credentials::SandboxCredentials;
use crate::services::Services;
use crate::settings::{Mode, Settings};

/// Opens the services of an operator's command, without workers. The schema is brought up to date
/// first.
///
/// Against the sandbox the credentials are fetched from the sandbox of a running server.
///
/// # Errors
/// When the settings are incomplete, the database cannot be opened or migrated, or it belongs to
/// the other environment.
pub async fn open_services(settings: &Settings) -> anyhow::Result<Services> {
    let settings = with_sandbox_credentials(settings).await?;
    let db = open_database(&settings).await?;
    Services::new(&settings, db, Clock::system())
}

/// The same without changing the schema.
///
/// # Errors
/// As [`open_services`], and when the schema is not that of this program.
pub async fn open_services_without_migrating(settings: &Settings) -> anyhow::Result<Services> {
    let settings = with_sandbox_credentials(settings).await?;
    let db = connect(&settings).await?;
    db.check_schema().await?;
    claim_environment(&settings, &db).await?;
    Services::new(&settings, db, Clock::system())
}

/// Opens the database, brings its schema up to date, and claims it for the environment, real or
/// sandbox, of these settings.
///
/// # Errors
/// When it cannot be opened or migrated, or belongs to the other environment.
pub async fn open_database(settings: &Settings) -> anyhow::Result<Db> {
    let db = connect(settings).await?;
    db.migrate().await?;
    claim_environment(settings, &db).await?;
    Ok(db)
}

async fn with_sandbox_credentials(settings: &Settings) -> anyhow::Result<Settings> {
    match settings.mode()? {
        Mode::Sandbox if !settings.has_sandbox_credentials() => {
            let address = settings.sandbox.join.unwrap_or(settings.sandbox.listen);
            let url = format!("http://{address}");
            let credentials = SandboxCredentials::fetch_or_generate(&url).await?;
            settings.against_sandbox(&url, &credentials)
        }
        Mode::Sandbox | Mode::Real => Ok(settings.clone()),
    }
}

async fn connect(settings: &Settings) -> Result<Db, StoreError> {
    let url = settings.database.url.expose_secret();
    Db::open(url, settings.database.pool_size).await
}

async fn claim_environment(settings: &Settings, db: &Db) -> anyhow::Result<()> {
    let is_sandbox = settings.mode()? == Mode::Sandbox;
    if db.claim_environment(is_sandbox).await? {
        return Ok(());
    }
    if is_sandbox {
        bail!("this database holds real data, which a sandbox must not touch: is --config missing?")
    }
    bail!("this database holds a sandbox's data: name an empty one in [database] url")
}
