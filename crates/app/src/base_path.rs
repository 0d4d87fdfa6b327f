//! The base path of the HTTP interface.

/// The path below which all operations and callbacks are served, with both slashes.
pub const BASE_PATH: &str = "/wx/api/qlive/";
