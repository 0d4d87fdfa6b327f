//! Tencent IM: the REST API, the callbacks of the IM application, and the gateway of clients.

mod api;
pub(crate) mod callbacks;
mod commands;
mod connections;
mod gateway;
pub(crate) mod records;
mod sessions;
pub(crate) mod user_messages;
mod user_sig;

use actix_web::web;

pub(crate) fn im_routes(config: &mut web::ServiceConfig) {
    config.route("/v4/{service}/{command}", web::post().to(api::call_im));
    gateway::gateway_routes(config);
}
