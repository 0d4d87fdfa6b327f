//! Errors as clients see them: one table for each domain, in the files below.
//!
//! A domain error knows neither a status nor a text for users. The exhaustive matches here give
//! each variant its status, its slug and its text in both languages, one variant in one row. A
//! client reads nothing else; the error's own text goes to the log. Whatever is neither the
//! client's fault nor that of an external system is 500 `internal`.

mod accounts;
mod api_error;
mod money;
mod rooms;
mod store;

pub(crate) use api_error::{ApiError, ErrorAnswer};
