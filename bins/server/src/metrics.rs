//! What Prometheus scrapes.

use std::time::Duration;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};
use qlive_outbox::Stats;
use qlive_rooms::Gauges;
use qlive_types::Moment;

/// All instruments of an instance.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    callbacks: IntCounterVec,
    upstream_errors: IntCounterVec,
    rooms_live: IntGauge,
    people_present: IntGauge,
    outbox_waiting: IntGauge,
    outbox_parked: IntGauge,
    outbox_age: IntGauge,
    orders_waiting: IntGauge,
    orders_age: IntGauge,
}

impl Metrics {
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let latency = HistogramVec::new(
            HistogramOpts::new("qlive_request_seconds", "How long an operation took"),
            &["operation"],
        )?;
        registry.register(Box::new(latency.clone()))?;
        Ok(Self {
            requests: counter(
                "qlive_requests_total",
                "Requests answered",
                &["operation", "status"],
            )?,
            latency,
            callbacks: counter(
                "qlive_callbacks_total",
                "Callbacks taken",
                &["kind", "verdict"],
            )?,
            upstream_errors: counter(
                "qlive_upstream_errors_total",
                "Calls that WeChat or Tencent failed",
                &["system"],
            )?,
            rooms_live: gauge("qlive_rooms_live", "Rooms live now")?,
            people_present: gauge("qlive_people_present", "People in live rooms now")?,
            outbox_waiting: gauge("qlive_outbox_waiting", "Rows not delivered yet")?,
            outbox_parked: gauge("qlive_outbox_parked", "Rows refused for good")?,
            outbox_age: gauge(
                "qlive_outbox_oldest_seconds",
                "Age of the oldest row not delivered yet",
            )?,
            orders_waiting: gauge(
                "qlive_orders_waiting",
                "Orders not paid, closed or settled yet",
            )?,
            orders_age: gauge(
                "qlive_orders_oldest_seconds",
                "Age of the oldest such order",
            )?,
            registry,
        })
    }

    pub(crate) fn request(&self, operation: &str, status: u16, took: Duration) {
        self.requests
            .with_label_values(&[operation, &status.to_string()])
            .inc();
        self.latency
            .with_label_values(&[operation])
            .observe(took.as_secs_f64());
    }

    pub(crate) fn callback(&self, kind: &str, verdict: &str) {
        self.callbacks.with_label_values(&[kind, verdict]).inc();
    }

    pub(crate) fn upstream_error(&self, system: &str) {
        self.upstream_errors.with_label_values(&[system]).inc();
    }

    /// Brings counters that others keep up to date.
    pub(crate) fn upstream_total(&self, system: &str, total: u64) {
        let counter = self.upstream_errors.with_label_values(&[system]);
        counter.inc_by(total.saturating_sub(counter.get()));
    }

    pub(crate) fn gauges(&self, rooms: Gauges, outbox: Stats, now: Moment) {
        self.rooms_live.set(rooms.rooms_live);
        self.people_present.set(rooms.people_present);
        self.outbox_waiting.set(outbox.waiting);
        self.outbox_parked.set(outbox.parked);
        self.outbox_age.set(age(outbox.oldest, now));
    }

    /// Orders that wait, and when the oldest of them was made.
    pub(crate) fn orders(&self, waiting: i64, oldest: Option<Moment>, now: Moment) {
        self.orders_waiting.set(waiting);
        self.orders_age.set(age(oldest, now));
    }

    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Seconds since the oldest of something; 0 when there is none.
fn age(oldest: Option<Moment>, now: Moment) -> i64 {
    let age = oldest.map_or(0, |oldest| now.since(oldest).as_secs());
    i64::try_from(age).unwrap_or(i64::MAX)
}
