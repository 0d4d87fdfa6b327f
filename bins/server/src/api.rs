//! The operations: the table of all, their wire types and handlers, and the OpenAPI document.

mod accounts;
mod callbacks;
mod endpoint;
mod explorer;
mod inputs;
mod money;
mod openapi;
mod operation;
mod page_paths;
mod pages;
mod playroom;
mod rooms;
mod router;
mod routes;
mod wire;

pub(crate) use operation::{Caching, ErrorMsg};
pub use operation::{Operation, Verb};
pub(crate) use page_paths::{is_explorer_page, is_internal_page, is_playroom_page};
pub(crate) use router::{answers_head, configure, find_operation};
pub use routes::operations;
