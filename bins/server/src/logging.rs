//! The log: to standard error, as text or JSON. No secret may be logged.

use qlive_app::{LogFormat, ServerSection};
use tracing_subscriber::EnvFilter;

/// Installs the log of this process.
///
/// # Errors
/// When `server.log` is not a valid filter.
pub fn init(server: &ServerSection) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&server.log)?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match server.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
