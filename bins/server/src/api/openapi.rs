//! The OpenAPI document, made from the handlers.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi, openapi};

use super::{
    accounts, callbacks, gifts, micro, money_callbacks, payments, public, rooms, wallet,
    withdrawals,
};

/// `/openapi.json`.
#[derive(OpenApi)]
#[openapi(
    info(title = "qlive", description = "Live video matchmaking: the mini-program's operations, our additions, and callbacks."),
    paths(
        accounts::login,
        accounts::register,
        accounts::update_userinfo,
        accounts::get_userinfo,
        accounts::set_like,
        accounts::get_like,
        rooms::get_livelist,
        rooms::get_playurl,
        rooms::get_users_info,
        rooms::live_end,
        rooms::matchmaker_enter,
        rooms::leave_room,
        rooms::logout,
        rooms::get_user_state,
        rooms::sync,
        micro::apply_micro,
        micro::accept_micro,
        micro::leave_micro,
        micro::refuse_micro,
        micro::invite_micro,
        micro::decline_micro,
        gifts::get_gifts,
        gifts::push_gift,
        payments::get_blocks,
        payments::recharge,
        payments::get_order,
        wallet::wallet,
        withdrawals::withdraw,
        withdrawals::get_withdrawals,
        money_callbacks::pay_notify,
        money_callbacks::wx_verify,
        money_callbacks::wx_notify,
        callbacks::im_notify,
        callbacks::live_notify,
        public::get_configs,
    ),
    modifiers(&Token)
)]
pub(crate) struct Document;

/// The `Authorization: QLiveToken …` header.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let header =
            ApiKeyValue::with_description("Authorization", "`QLiveToken` and 40 hex digits");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}
