//! WeChat's server API for mini-programs: login, access token, content check and message push.

pub(crate) mod access_tokens;
mod content_check;
mod login;
pub(crate) mod message_push;
pub(crate) mod profile;
mod push_crypto;
pub(crate) mod push_mode;
pub(crate) mod sessions;
mod token;

use actix_web::web;

pub(crate) fn wechat_routes(config: &mut web::ServiceConfig) {
    config
        .route("/sns/jscode2session", web::get().to(login::jscode2session))
        .route("/wxa/checksession", web::get().to(login::checksession))
        .route("/cgi-bin/stable_token", web::post().to(token::stable_token))
        .route(
            "/wxa/msg_sec_check",
            web::post().to(content_check::msg_sec_check),
        );
}
