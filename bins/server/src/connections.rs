//! What is between the kernel and HTTP: how many connections there may be, how long each may take,
//! and when it lets others have their turn.

mod files;
mod limits;
mod progress;
mod server;
mod stream;
mod table;

pub(crate) use files::{connection_bound, raise_file_limit};
pub use limits::ConnectionLimits;
pub(crate) use progress::{Progress, RequestGuard};
pub(crate) use server::{listen, serve};
pub(crate) use table::{Bounds, ConnectionTable};
