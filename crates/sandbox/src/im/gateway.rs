//! The side of IM that clients without Tencent's SDK speak: a stream of events, and commands.

mod commands;
mod events;

use actix_web::web;

pub(crate) fn gateway_routes(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/events", web::get().to(events::receive_events))
        .route("/sandbox/im/join", web::post().to(commands::join))
        .route("/sandbox/im/quit", web::post().to(commands::quit))
        .route("/sandbox/im/send", web::post().to(commands::send))
        .route("/sandbox/im/logout", web::post().to(commands::log_out));
}
