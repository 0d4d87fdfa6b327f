//! What holds for every operation: input, access, limits, the OpenAPI document, metrics.

mod access;
mod configs;
mod connections;
mod hostile_bytes;
mod input;
mod openapi_document;
mod rate_limits;
mod server;
