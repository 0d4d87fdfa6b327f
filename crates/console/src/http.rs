//! What happens to every request: where it comes from, who sends it, and what an answer carries.

mod cookies;
mod failure;
mod finish;
mod input;
mod language;
mod local_path;
mod same_origin;
mod visit;

pub use cookies::SESSION_COOKIE;
pub(crate) use cookies::{forget_session, language_cookie, session_cookie};
pub(crate) use failure::Failure;
pub(crate) use finish::{finish, not_found};
pub(crate) use input::{FORM_LIMIT, Input};
pub(crate) use local_path::local_path;
pub(crate) use visit::{Anybody, Visit, client_address, find_session, html, redirect, user_agent};
