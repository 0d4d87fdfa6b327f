//! Operation 20, and what stands outside the base path: health, metrics, documentation.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Json};
use serde_json::{Map, Value};
use std::sync::atomic::Ordering;
use utoipa::OpenApi as _;
use utoipa_swagger_ui::SwaggerUi;

use super::openapi::Document;
use super::rooms::NoInput;
use crate::http::error::{ApiError, ErrorAnswer};
use crate::http::{Call, Reader, State};

/// 20. What operators set for all clients.
#[utoipa::path(get, path = "/wx/api/qlive/get_configs/", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Object), (status = "4XX", body = ErrorAnswer), (status = "5XX", body = ErrorAnswer)))]
pub(crate) async fn get_configs(
    state: Data<State>,
    Call(_reader, NoInput): Call<Reader, NoInput>,
) -> Result<Json<Map<String, Value>>, ApiError> {
    Ok(Json(state.parts.configs.snapshot().await?.public()))
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(healthz))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(metrics))
        .route("/docs", web::get().to(docs))
        .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", Document::openapi()));
}

/// The process lives.
async fn healthz() -> &'static str {
    "ok"
}

/// This instance can serve: the database answers. WeChat and Tencent are not asked.
async fn readyz(state: Data<State>) -> Result<&'static str, ApiError> {
    match state.parts.db.ping().await {
        Ok(()) => Ok("ok"),
        Err(fault) => {
            tracing::warn!(%fault, "not ready");
            Err(ApiError::NOT_READY)
        }
    }
}

async fn metrics(state: Data<State>) -> Result<HttpResponse, ApiError> {
    match (
        state.parts.rooms.gauges().await,
        state.parts.office.stats().await,
    ) {
        (Ok(rooms), Ok(outbox)) => state.metrics.gauges(rooms, outbox, state.parts.clock.now()),
        // The counters are wanted most when the database is gone.
        (rooms, outbox) => tracing::warn!(
            rooms = rooms.is_ok(),
            outbox = outbox.is_ok(),
            "the gauges are old"
        ),
    }
    match state.parts.payments.waiting().await {
        Ok((waiting, oldest)) => state
            .metrics
            .orders(waiting, oldest, state.parts.clock.now()),
        Err(fault) => tracing::warn!(%fault, "the gauges of orders are old"),
    }
    let troubles = state.parts.office.troubles();
    state
        .metrics
        .upstream_total("im", troubles.im.load(Ordering::Relaxed));
    state
        .metrics
        .upstream_total("css", troubles.css.load(Ordering::Relaxed));
    let text = state.metrics.text().map_err(|error| {
        tracing::error!(%error, "metrics cannot be written");
        ApiError::INTERNAL
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(text))
}

async fn docs() -> HttpResponse {
    HttpResponse::Found()
        .insert_header((LOCATION, "/docs/"))
        .finish()
}
