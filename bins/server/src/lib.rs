//! The HTTP server of qlive.
//!
//! A handler names its caller and its typed input in its signature, calls one method of a domain
//! crate, and turns the answer into a wire type. `docs/architecture.md` has the map.
//!
//! Architecture invariants: no SQL and no domain rule here. Every answer that is not a success
//! comes from the tables in `http/errors`. Every operation is one row of the table in
//! `api/routes.rs`.

mod api;
mod application;
mod connections;
mod http;
mod logging;
mod metrics;
mod seeds;

pub use api::{Operation, Verb, operations};
pub use application::Application;
pub use connections::ConnectionLimits;
pub use http::Access;
pub use logging::{LogSampler, init as init_logging};
