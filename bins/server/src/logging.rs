//! The log, to standard error, as text or JSON. It contains no secret, and each statement writes a
//! limited number of lines. A terminal shows colours, a file does not.

mod sampler;

use std::io::{IsTerminal as _, stderr};
use std::sync::Arc;

use qlive_app::{LogFormat, ServerSection};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, registry};

pub use sampler::LogSampler;

/// Installs the log of this process. Returns the sampler, which knows how many lines it left out.
///
/// # Errors
/// When `server.log` is not a valid filter.
pub fn init(server: &ServerSection) -> anyhow::Result<Arc<LogSampler>> {
    let filter = EnvFilter::try_new(&server.log)?;
    let sampler = Arc::new(LogSampler::default());
    let mut log = fmt::layer().with_writer(stderr);
    if !stderr().is_terminal() {
        log.set_ansi(false);
    }
    let sample = sampler.clone().layer();
    match server.log_format {
        LogFormat::Text => registry().with(log).with(sample).with(filter).init(),
        LogFormat::Json => {
            let log = log.json();
            registry().with(log).with(sample).with(filter).init();
        }
    }
    Ok(sampler)
}
