//! Connections: how many may be open, how long each may take, and how pipelined requests are
//! delayed.

mod address_block;
mod files;
mod limits;
mod progress;
mod server;
mod stream;
mod table;

pub(crate) use address_block::{AddressBlock, WideBlock};
pub(crate) use files::{connection_bound, raise_file_limit};
pub use limits::ConnectionLimits;
pub(crate) use progress::{Progress, RequestGuard};
pub(crate) use server::{ListenerAddress, listen, serve};
pub(crate) use table::{Bounds, ConnectionTable};
