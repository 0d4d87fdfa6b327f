//! The operations: the table of all, their wire types and handlers, and the OpenAPI document.

mod accounts;
mod callbacks;
mod endpoint;
mod explorer;
mod inputs;
mod money;
mod openapi;
mod operation;
mod pages;
mod rooms;
mod router;
mod routes;
mod wire;

pub(crate) use operation::{Caching, ErrorMsg};
pub use operation::{Operation, Verb};
pub(crate) use router::{configure, find_operation};
pub use routes::operations;
