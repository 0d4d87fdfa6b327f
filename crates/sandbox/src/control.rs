//! The `/sandbox/*` paths, with which people and tests act for users and for WeChat's staff, look
//! at what arrived, and switch on faults.

mod bills;
mod clients;
mod faults;
mod messages;
mod notices;
mod overview;
mod payments;
mod refunds;
mod tokens;
mod transfers;

use actix_web::web;

pub(crate) fn control_routes(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/profile", web::get().to(overview::show_profile))
        .route(
            "/sandbox/profile",
            web::post().to(overview::encrypt_user_data),
        )
        .route("/sandbox/papers", web::get().to(overview::show_credentials))
        .route("/sandbox/state", web::get().to(overview::show_state))
        .route("/sandbox/messages", web::get().to(messages::list_messages))
        .route("/sandbox/say", web::post().to(messages::send_user_message))
        .route(
            "/sandbox/clients/{user_id}",
            web::post().to(clients::change_client),
        )
        .route("/sandbox/bills", web::post().to(bills::set_bill_form))
        .route("/sandbox/faults", web::post().to(faults::add_fault))
        .route("/sandbox/faults", web::delete().to(faults::clear_faults))
        .route(
            "/sandbox/notices",
            web::post().to(notices::send_made_up_notice),
        )
        .route(
            "/sandbox/pushes",
            web::post().to(notices::send_made_up_push),
        )
        .route(
            "/sandbox/pushes/text",
            web::post().to(notices::send_push_text),
        )
        .route("/sandbox/token", web::post().to(tokens::change_token))
        .route("/sandbox/push", web::post().to(notices::set_push_mode))
        .route(
            "/sandbox/push/verify",
            web::post().to(notices::check_push_url),
        )
        .route(
            "/sandbox/pay/{number}",
            web::post().to(payments::pay_as_user),
        )
        .route(
            "/sandbox/pay/{number}/refund",
            web::post().to(refunds::refund_as_platform),
        )
        .route(
            "/sandbox/refunds",
            web::post().to(refunds::set_hold_refunds),
        )
        .route(
            "/sandbox/refunds/{number}",
            web::post().to(refunds::decide_refund),
        )
        .route(
            "/sandbox/transfers/{number}",
            web::post().to(transfers::decide_transfer),
        );
}
