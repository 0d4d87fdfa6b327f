//! Virtual payment of WeChat mini-programs (`xpay`): goods that a user buys inside WeChat.

mod api;
pub(crate) mod payment;
pub(crate) mod records;
pub(crate) mod refunds;

use actix_web::web;

pub(crate) fn virtual_payment_routes(config: &mut web::ServiceConfig) {
    config.route("/xpay/{call}", web::post().to(api::call_virtual_payment));
}
