//! The side of IM that clients speak: the socket of Tencent's SDK, and for clients without it a
//! stream of events, and commands.

mod commands;
mod events;
mod frames;
mod polls;
mod socket;

use actix_web::web;

pub(crate) fn gateway_routes(config: &mut web::ServiceConfig) {
    config
        .route("/binfo", web::get().to(socket::open_socket))
        .route("/sandbox/events", web::get().to(events::receive_events))
        .route("/sandbox/im/join", web::post().to(commands::join))
        .route("/sandbox/im/quit", web::post().to(commands::quit))
        .route("/sandbox/im/send", web::post().to(commands::send))
        .route("/sandbox/im/logout", web::post().to(commands::log_out));
}
