//! What is between the socket and a handler: callers, input, errors, limits, and what every answer
//! has in common.

mod access;
mod bounded_limiter;
mod caller;
mod client_address;
mod cross_origin;
mod errors;
mod headers;
mod internal_pages;
mod language;
mod params;
#[cfg(test)]
mod params_properties;
mod rate_limits;
mod refused_senders;
mod request_scope;
mod response;
mod state;

pub use access::Access;
pub(crate) use caller::{Call, Caller, Leaver, Payer, PresentedToken, Reader, Who};
pub(crate) use cross_origin::cross_origin;
pub(crate) use errors::{ApiError, ErrorAnswer};
pub(crate) use internal_pages::InternalPages;
pub(crate) use params::{BODY_LIMIT, FromParams, Params};
pub(crate) use rate_limits::RateLimits;
pub(crate) use response::finish_response;
pub(crate) use state::State;
