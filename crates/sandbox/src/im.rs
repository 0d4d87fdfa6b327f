//! Tencent IM: the REST API, and the callbacks of the IM application.

mod api;
pub(crate) mod callbacks;
mod commands;
pub(crate) mod records;
mod user_sig;

use actix_web::web;

pub(crate) fn im_routes(config: &mut web::ServiceConfig) {
    config.route("/v4/{service}/{command}", web::post().to(api::call_im));
}
