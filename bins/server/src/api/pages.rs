//! The pages outside the base path: health and metrics.

use std::sync::atomic::Ordering;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};

use super::explorer::configure_explorer;
use crate::http::{ApiError, State};

/// Registers the pages.
pub(super) fn configure_pages(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(metrics))
        .configure(configure_explorer);
}

/// 200: the process answers.
async fn healthz() -> &'static str {
    "ok"
}

/// 200: the database answers. WeChat and Tencent are not called.
async fn readyz(state: Data<State>) -> Result<&'static str, ApiError> {
    match state.services.db.ping().await {
        Ok(()) => Ok("ok"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Err(ApiError::NOT_READY)
        }
    }
}

/// The metrics. When the database does not answer, its gauges keep their last values: the counters
/// are needed most at such a time.
async fn metrics(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let (services, metrics) = (&state.services, &state.metrics);
    let now = services.clock.now();
    match services.rooms.gauges().await {
        Ok(gauges) => metrics.set_room_gauges(gauges),
        Err(error) => tracing::warn!(%error, "the gauges of rooms are outdated"),
    }
    match services.outbox.stats().await {
        Ok(stats) => metrics.set_outbox_gauges(stats, now),
        Err(error) => tracing::warn!(%error, "the gauges of the outbox are outdated"),
    }
    match services.payments.waiting_orders().await {
        Ok((waiting, oldest)) => metrics.set_order_gauges(waiting, oldest, now),
        Err(error) => tracing::warn!(%error, "the gauges of orders are outdated"),
    }
    let failures = services.outbox.failures();
    metrics.raise_upstream_errors("im", failures.im.load(Ordering::Relaxed));
    metrics.raise_upstream_errors("css", failures.css.load(Ordering::Relaxed));
    let text = metrics.text().map_err(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        ApiError::INTERNAL
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(text))
}
