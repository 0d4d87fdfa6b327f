//! [`LogSampler`]: each statement of the log writes a limited number of lines a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How many lines a statement writes within one period.
const LINES_PER_PERIOD: u32 = 30;
const PERIOD: Duration = Duration::from_secs(60);
/// The access log of what was served, which the rate limits bound.
const SERVED: &str = "access";
/// The errors that requests of strangers can cause again and again, as while the database is down.
const ERRORS_OF_REQUESTS: &str = "qlive_server::http";
/// The target of the lines that say how many were left out.
const REPORT: &str = "log";

/// Counts the lines of each statement of the log, of the server and of its libraries. Lines below
/// the level `info`, those of served requests and errors that strangers cannot cause are not
/// counted.
#[derive(Debug)]
pub struct LogSampler {
    statements: Mutex<HashMap<Identifier, Statement>>,
    lines_per_period: u32,
}

/// One statement within one period.
#[derive(Debug)]
struct Statement {
    place: &'static Metadata<'static>,
    written: u32,
    left_out: u64,
}

impl Default for LogSampler {
    fn default() -> Self {
        Self {
            statements: Mutex::default(),
            lines_per_period: LINES_PER_PERIOD,
        }
    }
}

impl LogSampler {
    /// The layer that leaves lines out, for all layers of a subscriber.
    pub(super) fn layer(self: Arc<Self>) -> SampleLayer {
        SampleLayer(self)
    }

    /// Begins a new period once a minute and logs how many lines the last one left out. Runs
    /// forever.
    pub async fn run(self: Arc<Self>) {
        let mut periods = interval(PERIOD);
        periods.set_missed_tick_behavior(MissedTickBehavior::Delay);
        periods.reset_at(Instant::now() + PERIOD);
        loop {
            periods.tick().await;
            self.begin_period();
        }
    }

    /// Begins a new period and logs how many lines the last one left out. For the end of the
    /// process too.
    pub fn begin_period(&self) {
        // The lock must be free before anything is logged.
        let statements = std::mem::take(&mut *self.statements());
        for statement in statements.into_values().filter(|of| of.left_out > 0) {
            let place = statement.place;
            tracing::warn!(
                target: REPORT,
                of = place.target(),
                line = place.line(),
                lines = statement.left_out,
                "similar lines were left out in the last minute"
            );
        }
    }

    /// Counts a line. Returns whether it is written.
    fn allows(&self, place: &'static Metadata<'static>) -> bool {
        let is_detail = *place.level() > Level::INFO;
        if is_detail || [SERVED, REPORT].contains(&place.target()) || is_own_error(place) {
            return true;
        }
        let mut statements = self.statements();
        let statement = statements
            .entry(place.callsite())
            .or_insert_with(|| Statement {
                place,
                written: 0,
                left_out: 0,
            });
        if statement.written < self.lines_per_period {
            statement.written = statement.written.saturating_add(1);
            true
        } else {
            statement.left_out = statement.left_out.saturating_add(1);
            false
        }
    }

    fn statements(&self) -> MutexGuard<'_, HashMap<Identifier, Statement>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a line is an error of this program that strangers cannot cause at will, such as a
/// payment that does not match its order. Libraries also log errors of clients as errors.
fn is_own_error(place: &Metadata<'_>) -> bool {
    let target = place.target();
    *place.level() == Level::ERROR
        && target.starts_with("qlive_")
        && !target.starts_with(ERRORS_OF_REQUESTS)
}

/// The layer of a [`LogSampler`].
#[derive(Debug)]
pub(super) struct SampleLayer(Arc<LogSampler>);

impl<S: Subscriber> Layer<S> for SampleLayer {
    fn event_enabled(&self, event: &Event<'_>, _context: Context<'_, S>) -> bool {
        self.0.allows(event.metadata())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{EnvFilter, fmt, registry};

    use super::*;

    /// A log in memory.
    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Runs `write` with a sampled log and returns its lines.
    fn lines(write: impl FnOnce(&LogSampler)) -> Vec<String> {
        let (memory, sampler) = (Memory::default(), Arc::new(LogSampler::default()));
        let writer = memory.clone();
        let log = fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone());
        let subscriber = registry()
            .with(log)
            .with(sampler.clone().layer())
            .with(EnvFilter::new("debug"));
        tracing::subscriber::with_default(subscriber, || write(&sampler));
        let bytes = memory.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn statement_writes_a_sample_and_the_number_of_the_rest() {
        let lines = lines(|sampler| {
            for _ in 0..1_000 {
                tracing::warn!("a refusal");
                tracing::info!("another one");
            }
            sampler.begin_period();
            sampler.begin_period();
            tracing::warn!("the next minute");
        });
        let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
        assert_eq!(count("a refusal"), 30);
        assert_eq!(
            count("another one"),
            30,
            "each statement has its own sample"
        );
        assert_eq!(count("lines=970"), 2);
        assert_eq!(count("the next minute"), 1);
    }

    #[test]
    fn errors_that_strangers_cannot_cause_are_all_written() {
        let lines = lines(|_| {
            for _ in 0..100 {
                tracing::error!(target: "qlive_payments::orders::query", "a mismatch");
                tracing::error!(target: "qlive_server::http::errors::store", "no database");
                tracing::error!(target: "actix_http::h1::dispatcher", "no HTTP");
            }
        });
        let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
        assert_eq!(count("a mismatch"), 100);
        assert_eq!((count("no database"), count("no HTTP")), (30, 30));
    }

    #[test]
    fn served_requests_and_details_are_all_written() {
        let lines = lines(|_| {
            for _ in 0..100 {
                tracing::info!(target: "access", "answered");
                tracing::debug!("a detail");
            }
        });
        assert_eq!(lines.len(), 200);
    }
}
