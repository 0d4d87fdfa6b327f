//! What holds for every operation: input, access, limits, the OpenAPI document, metrics.

mod access;
mod clock_steps;
mod configs;
mod connections;
mod database_outages;
mod deep_pages;
mod head;
mod headers;
mod hostile_bytes;
mod input;
mod internal_listen;
mod openapi_document;
mod playroom;
mod rate_limits;
mod readiness;
mod sandbox_origins;
mod server;
mod statement_counts;
