//! What holds for every operation: input, access, limits, the OpenAPI document, metrics.

mod access;
mod configs;
mod connections;
mod head;
mod headers;
mod input;
mod internal_listen;
mod openapi_document;
mod rate_limits;
mod server;
