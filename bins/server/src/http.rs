//! Everything between the socket and a handler: input, callers, errors, limits, the table of routes.

mod caller;
mod envelope;
pub mod error;
mod limits;
mod params;
pub mod routes;
mod state;

pub(crate) use caller::{Call, Caller, Leaver, Payer, PresentedToken, Reader};
pub(crate) use envelope::envelope;
pub(crate) use limits::Limits;
pub(crate) use params::{BODY_LIMIT, FromParams, Params};
pub(crate) use state::State;
