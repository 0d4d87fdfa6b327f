//! CSS live streaming: the cloud API that drops and forbids streams, and its callbacks.

mod api;
pub(crate) mod callbacks;
pub(crate) mod streams;
mod tc3;

use actix_web::web;

pub(crate) fn css_routes(config: &mut web::ServiceConfig) {
    config.route("/", web::post().to(api::call_css));
}
