//! Logs go to standard error, as text or JSON. No secret is ever given to them.

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Server};

/// Installs the log for this process.
pub fn init(server: &Server) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&server.log)?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match server.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}
