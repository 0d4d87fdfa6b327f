//! The pages outside the base path: health and metrics.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};

use super::explorer::configure_explorer;
use super::playroom::configure_playroom;
use crate::http::{ApiError, State};

/// How long the gauges of `/metrics` are waited for.
const GAUGES_LIMIT: Duration = Duration::from_secs(2);

/// Registers the pages.
pub(super) fn configure_pages(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(metrics))
        .configure(configure_explorer)
        .configure(configure_playroom);
}

/// 200: the process answers.
async fn healthz() -> &'static str {
    "ok"
}

/// 200: the database answers, has the migrations and takes a write. WeChat and Tencent are not
/// called.
async fn readyz(state: Data<State>) -> Result<&'static str, ApiError> {
    match state.services.db.readiness().await {
        Ok(()) => Ok("ok"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Err(ApiError::not_ready(error.name()))
        }
    }
}

/// The metrics. When the database does not answer, its gauges keep their last values: the counters
/// are needed most at such a time.
async fn metrics(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let (services, metrics) = (&state.services, &state.metrics);
    let now = services.clock.now();
    let (rooms, outbox, orders) = tokio::join!(
        read_gauges("rooms", services.rooms.gauges()),
        read_gauges("outbox", services.outbox.stats()),
        read_gauges("orders", services.payments.waiting_orders()),
    );
    if let Some(gauges) = rooms {
        metrics.set_room_gauges(gauges);
    }
    if let Some(stats) = outbox {
        metrics.set_outbox_gauges(stats, now);
    }
    if let Some((waiting, oldest)) = orders {
        metrics.set_order_gauges(waiting, oldest, now);
    }
    let failures = services.outbox.failures();
    metrics.raise_upstream_errors("im", failures.im.load(Ordering::Relaxed));
    metrics.raise_upstream_errors("css", failures.css.load(Ordering::Relaxed));
    metrics.raise_statements(services.db.statement_counts());
    let text = metrics.text().map_err(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        ApiError::INTERNAL
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(text))
}

/// Reads gauges from the database; `None` when it does not answer soon.
async fn read_gauges<T, E: std::fmt::Display>(
    of: &str,
    read: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match tokio::time::timeout(GAUGES_LIMIT, read).await {
        Ok(Ok(gauges)) => Some(gauges),
        Ok(Err(error)) => {
            tracing::warn!(%error, of, "gauges are outdated");
            None
        }
        Err(_) => {
            tracing::warn!(of, "gauges are outdated: the database does not answer");
            None
        }
    }
}
