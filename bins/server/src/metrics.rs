//! The metrics that Prometheus reads.

use std::collections::BTreeMap;
use std::time::Duration;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};
use qlive_outbox::OutboxStats;
use qlive_rooms::Gauges;
use qlive_types::Moment;

/// All metrics of this instance.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    callbacks: IntCounterVec,
    upstream_errors: IntCounterVec,
    statements: IntCounterVec,
    connections: IntGauge,
    connections_refused: IntCounterVec,
    connections_closed: IntCounterVec,
    unchecked_names: IntCounter,
    rooms_live: IntGauge,
    people_present: IntGauge,
    outbox_waiting: IntGauge,
    outbox_parked: IntGauge,
    outbox_oldest_seconds: IntGauge,
    orders_waiting: IntGauge,
    orders_oldest_seconds: IntGauge,
}

/// What was decided about a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallbackVerdict {
    /// It is handled, and what it says is stored.
    Accepted,
    /// The same was accepted before.
    Known,
    /// It contradicts the final state of what it is about; nothing changed.
    Contradiction,
    /// Somebody made it up in WeChat's console to test the delivery.
    Mock,
    /// It is about an order, refund or transfer that does not exist here.
    Unknown,
    /// It is of a kind that is not handled.
    Unhandled,
    /// The message that it asks about is not allowed.
    Refused,
    /// Its signature does not verify.
    Forged,
    /// WeChat Pay sent a wrong signature to test that it is refused.
    Probe,
    /// It contradicts the order, refund or transfer that it is about.
    Mismatch,
    /// Its body cannot be read.
    Unreadable,
    /// It cannot be settled yet; the sender is to send it again.
    Retry,
}

impl CallbackVerdict {
    const fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Known => "known",
            Self::Contradiction => "contradiction",
            Self::Mock => "mock",
            Self::Unknown => "unknown",
            Self::Unhandled => "unhandled",
            Self::Refused => "refused",
            Self::Forged => "forged",
            Self::Probe => "probe",
            Self::Mismatch => "mismatch",
            Self::Unreadable => "unreadable",
            Self::Retry => "retry",
        }
    }
}

impl Metrics {
    /// Registers all metrics.
    ///
    /// # Errors
    /// When two have the same name.
    #[rustfmt::skip] // One metric a line.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let histogram = |name: &str, help: &str, labels: &[&str]| {
            let histogram = HistogramVec::new(HistogramOpts::new(name, help), labels)?;
            registry.register(Box::new(histogram.clone()))?;
            Ok::<_, prometheus::Error>(histogram)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let unchecked_names = IntCounter::new("qlive_unchecked_names_total",
            "Names that were set although WeChat could not check them")?;
        registry.register(Box::new(unchecked_names.clone()))?;
        Ok(Self {
            unchecked_names,
            requests: counter("qlive_requests_total",
                "Requests answered", &["operation", "status"])?,
            request_seconds: histogram("qlive_request_seconds",
                "Duration of requests", &["operation"])?,
            callbacks: counter("qlive_callbacks_total",
                "Callbacks received", &["kind", "verdict"])?,
            upstream_errors: counter("qlive_upstream_errors_total",
                "Failed calls to WeChat or Tencent", &["system"])?,
            statements: counter("qlive_database_statements_total",
                "Statements sent to the database", &["operation"])?,
            connections: gauge("qlive_connections", "Open connections of clients")?,
            connections_refused: counter("qlive_connections_refused_total",
                "Connections closed at once", &["reason"])?,
            connections_closed: counter("qlive_connections_closed_total",
                "Connections ended by the server without an answer", &["reason"])?,
            rooms_live: gauge("qlive_rooms_live", "Rooms that are live")?,
            people_present: gauge("qlive_people_present", "Users in live rooms")?,
            outbox_waiting: gauge("qlive_outbox_waiting", "Outbox rows not delivered yet")?,
            outbox_parked: gauge("qlive_outbox_parked", "Outbox rows that were refused for good")?,
            outbox_oldest_seconds: gauge("qlive_outbox_oldest_seconds",
                "Age of the oldest waiting outbox row")?,
            orders_waiting: gauge("qlive_orders_waiting",
                "Orders that are neither paid nor closed")?,
            orders_oldest_seconds: gauge("qlive_orders_oldest_seconds",
                "Age of the oldest waiting order")?,
            registry,
        })
    }

    pub(crate) fn count_request(&self, operation: &str, status: u16, took: Duration) {
        let status = status.to_string();
        self.requests.with_label_values(&[operation, &status]).inc();
        let seconds = self.request_seconds.with_label_values(&[operation]);
        seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn count_callback(&self, kind: &str, verdict: CallbackVerdict) {
        let labels = [kind, verdict.label()];
        self.callbacks.with_label_values(&labels).inc();
    }

    pub(crate) fn count_upstream_error(&self, system: &str) {
        self.upstream_errors.with_label_values(&[system]).inc();
    }

    /// Counts connections that were opened (1) or have ended (-1).
    pub(crate) fn add_connections(&self, number: i64) {
        self.connections.add(number);
    }

    pub(crate) fn count_refused_connection(&self, reason: &str) {
        self.connections_refused.with_label_values(&[reason]).inc();
    }

    pub(crate) fn count_closed_connection(&self, reason: &str) {
        self.connections_closed.with_label_values(&[reason]).inc();
    }

    pub(crate) fn count_unchecked_name(&self) {
        self.unchecked_names.inc();
    }

    /// Raises a counter to a total that is counted elsewhere.
    pub(crate) fn raise_upstream_errors(&self, system: &str, total: u64) {
        let counter = self.upstream_errors.with_label_values(&[system]);
        counter.inc_by(total.saturating_sub(counter.get()));
    }

    /// Raises the numbers of statements to totals that are counted elsewhere.
    pub(crate) fn raise_statements(&self, totals: BTreeMap<&'static str, u64>) {
        for (operation, total) in totals {
            let counter = self.statements.with_label_values(&[operation]);
            counter.inc_by(total.saturating_sub(counter.get()));
        }
    }

    pub(crate) fn set_room_gauges(&self, rooms: Gauges) {
        self.rooms_live.set(rooms.rooms_live);
        self.people_present.set(rooms.people_present);
    }

    pub(crate) fn set_outbox_gauges(&self, outbox: OutboxStats, now: Moment) {
        self.outbox_waiting.set(outbox.waiting);
        self.outbox_parked.set(outbox.parked);
        self.outbox_oldest_seconds.set(age_secs(outbox.oldest, now));
    }

    /// Sets how many orders wait, and since when the oldest of them does.
    pub(crate) fn set_order_gauges(&self, waiting: i64, oldest: Option<Moment>, now: Moment) {
        self.orders_waiting.set(waiting);
        self.orders_oldest_seconds.set(age_secs(oldest, now));
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    /// When they cannot be encoded.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Seconds since `oldest`; 0 when there is none.
fn age_secs(oldest: Option<Moment>, now: Moment) -> i64 {
    let age = oldest.map_or(0, |oldest| now.since(oldest).as_secs());
    i64::try_from(age).unwrap_or(i64::MAX)
}
