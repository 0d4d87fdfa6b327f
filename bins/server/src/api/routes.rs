//! The table of operations.
//!
//! One row says everything about an operation but what its handler does: the router, the rate
//! limits, the labels of logs and metrics, the caching rule, the form of errors and the OpenAPI
//! document come from here. `docs/adding-an-operation.md` shows how to add one.

use actix_web::web;

use super::accounts::{configs, likes, login, profile};
use super::callbacks::{im, live, message_push, wechat_pay};
use super::endpoint::{CallbackAnswer, address_check, body, callback, no_input, query};
use super::money::{gifts, orders, wallet, withdrawals};
use super::operation::{Caching, ErrorMsg, Operation, Tag, Verb};
use super::rooms::{broadcast, listing, mic, sync, visits};
use crate::http::Access;

use Access::{Callback, Open, Token};
use Caching::{NoStore, Unspecified};
use ErrorMsg::{Absent, Present};
use Tag::{Accounts, Additions, Callbacks, Mic, Money, Rooms};
use Verb::{ChangingGet, Get, GetOrPost, Post};

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "login",
        method: Post,
        path: "qlive_user/login/",
        access: Open,
        tag: Accounts,
        summary: "Logs a user in with a code of `wx.login`.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(login::login),
    },
    Operation {
        name: "register",
        method: Post,
        path: "qlive_user/",
        access: Open,
        tag: Accounts,
        summary: "Registers a user, or answers with the account that the user already has.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(login::register),
    },
    Operation {
        name: "update_userinfo",
        method: Post,
        path: "qlive_user/update_userinfo/",
        access: Token,
        tag: Accounts,
        summary: "Changes the caller's profile. What is absent or `\"\"` stays as it is.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(profile::update_userinfo),
    },
    Operation {
        name: "get_userinfo",
        method: Get,
        path: "qlive_user/get_userinfo/",
        access: Token,
        tag: Accounts,
        summary: "Shows a profile.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(profile::get_userinfo),
    },
    Operation {
        name: "set_like",
        method: Post,
        path: "qlive_like/",
        access: Token,
        tag: Accounts,
        summary: "Likes a user, or no longer.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(likes::set_like),
    },
    Operation {
        name: "get_like",
        method: Get,
        path: "qlive_like/",
        access: Token,
        tag: Accounts,
        summary: "Shows whether the caller likes a user.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(likes::get_like),
    },
    Operation {
        name: "get_configs",
        method: Get,
        path: "get_configs/",
        access: Token,
        tag: Accounts,
        summary: "Shows the configs that operators set for all clients.",
        caching: Unspecified,
        error_msg: Absent,
        endpoint: || no_input(configs::get_configs),
    },
    Operation {
        name: "get_livelist",
        method: Get,
        path: "get_livelist/",
        access: Token,
        tag: Rooms,
        summary: "Lists the live rooms.",
        caching: Unspecified,
        error_msg: Absent,
        endpoint: || query(listing::get_livelist),
    },
    Operation {
        name: "get_users_info",
        method: Get,
        path: "qlive_user/get_users_info/",
        access: Token,
        tag: Rooms,
        summary: "Lists the viewers of one gender; those who applied for the mic come first.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(listing::get_users_info),
    },
    Operation {
        name: "get_playurl",
        method: ChangingGet,
        path: "get_playurl/",
        access: Token,
        tag: Rooms,
        summary: "Enters a room, or resumes the caller's place in it.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(visits::get_playurl),
    },
    Operation {
        name: "leave_room",
        method: GetOrPost,
        path: "qlive_room/leave_room/",
        access: Token,
        tag: Rooms,
        summary: "Leaves a room. When the host leaves, the broadcast ends.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(visits::leave_room),
    },
    Operation {
        name: "logout",
        method: GetOrPost,
        path: "qlive_user/logout/",
        access: Token,
        tag: Rooms,
        summary: "Leaves whatever room the caller is in. The token stays valid.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(visits::logout),
    },
    Operation {
        name: "get_user_state",
        method: Get,
        path: "qlive_user/get_user_state/",
        access: Token,
        tag: Rooms,
        summary: "Shows which room the caller is in.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || no_input(visits::get_user_state),
    },
    Operation {
        name: "matchmaker_enter",
        method: Post,
        path: "qlive_room/matchmaker_enter/",
        access: Token,
        tag: Rooms,
        summary: "Starts the broadcast of a matchmaker, or resumes it.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || no_input(broadcast::matchmaker_enter),
    },
    Operation {
        name: "live_end",
        method: Post,
        path: "qlive_room/live_end/",
        access: Token,
        tag: Rooms,
        summary: "Ends the broadcast of the calling host.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(broadcast::live_end),
    },
    Operation {
        name: "sync",
        method: Get,
        path: "qlive_room/sync/",
        access: Token,
        tag: Additions,
        summary: "Shows the stage and the messages that a client missed. Changes nothing.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(sync::sync),
    },
    Operation {
        name: "apply_micro",
        method: Post,
        path: "qlive_room/apply_micro/",
        access: Token,
        tag: Mic,
        summary: "Applies for the mic.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(mic::apply_micro),
    },
    Operation {
        name: "accept_micro",
        method: Post,
        path: "qlive_room/accept_micro/",
        access: Token,
        tag: Mic,
        summary: "Takes the seat of the caller's gender. Of two at once exactly one wins.",
        caching: NoStore,
        error_msg: Present,
        endpoint: || body(mic::accept_micro),
    },
    Operation {
        name: "leave_micro",
        method: GetOrPost,
        path: "qlive_room/leave_micro/",
        access: Token,
        tag: Mic,
        summary: "Leaves the mic; the host takes a guest off it.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(mic::leave_micro),
    },
    Operation {
        name: "refuse_micro",
        method: Post,
        path: "qlive_room/refuse_micro/",
        access: Token,
        tag: Mic,
        summary: "Withdraws an application, or turns an invitation down.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(mic::refuse_micro),
    },
    Operation {
        name: "invite_micro",
        method: Post,
        path: "qlive_room/invite_micro/",
        access: Token,
        tag: Additions,
        summary: "The host invites a user in the room to the mic.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(mic::invite_micro),
    },
    Operation {
        name: "decline_micro",
        method: Post,
        path: "qlive_room/decline_micro/",
        access: Token,
        tag: Additions,
        summary: "The host declines an application.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(mic::decline_micro),
    },
    Operation {
        name: "get_gifts",
        method: Get,
        path: "qlive_gift/",
        access: Token,
        tag: Money,
        summary: "Lists the gifts that can be given.",
        caching: Unspecified,
        error_msg: Absent,
        endpoint: || query(gifts::get_gifts),
    },
    Operation {
        name: "push_gift",
        method: GetOrPost,
        path: "qlive_gift/push_gift/",
        access: Token,
        tag: Money,
        summary: "Gives a gift to a user.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(gifts::push_gift),
    },
    Operation {
        name: "wallet",
        method: Get,
        path: "qlive_user/wallet/",
        access: Token,
        tag: Additions,
        summary: "Lists the changes of the caller's gold and income, the latest first.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(wallet::wallet),
    },
    Operation {
        name: "get_blocks",
        method: Get,
        path: "qlive_pay/",
        access: Token,
        tag: Money,
        summary: "Lists the blocks of gold that can be bought.",
        caching: Unspecified,
        error_msg: Absent,
        endpoint: || no_input(orders::get_blocks),
    },
    Operation {
        name: "recharge",
        method: Post,
        path: "qlive_pay/",
        access: Token,
        tag: Money,
        summary: "Orders a block of gold.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(orders::recharge),
    },
    Operation {
        name: "get_order",
        method: ChangingGet,
        path: "qlive_pay/order/",
        access: Token,
        tag: Additions,
        summary: "Shows an order of the caller; its provider is queried when the notice is late.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(orders::get_order),
    },
    Operation {
        name: "withdraw",
        method: Post,
        path: "qlive_user/withdraw/",
        access: Token,
        tag: Additions,
        summary: "Requests a withdrawal. The income is held at once.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || body(withdrawals::withdraw),
    },
    Operation {
        name: "get_withdrawals",
        method: Get,
        path: "qlive_user/withdrawals/",
        access: Token,
        tag: Additions,
        summary: "Shows the caller's withdrawals.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || query(withdrawals::get_withdrawals),
    },
    Operation {
        name: "im_notify",
        method: Post,
        path: "im_notify/",
        access: Callback,
        tag: Callbacks,
        summary: "Tencent IM reports connections, group members and messages, and asks \
            whether a message is allowed.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || {
            callback(
                web::route().to(im::im_notify),
                CallbackAnswer::json::<im::ImAnswer>(),
            )
        },
    },
    Operation {
        name: "live_notify",
        method: Post,
        path: "live_notify/",
        access: Callback,
        tag: Callbacks,
        summary: "Tencent CSS reports that a stream started, stopped, or got a screenshot.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || {
            callback(
                web::route().to(live::live_notify),
                CallbackAnswer::json::<live::LiveAnswer>(),
            )
        },
    },
    Operation {
        name: "pay_notify",
        method: Post,
        path: "pay_notify/",
        access: Callback,
        tag: Callbacks,
        summary: "WeChat Pay reports a payment, a refund or a transfer. 204 once it is stored.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || {
            callback(
                web::route().to(wechat_pay::pay_notify),
                CallbackAnswer::no_content(),
            )
        },
    },
    Operation {
        name: "wx_verify",
        method: Get,
        path: "wx_notify/",
        access: Callback,
        tag: Callbacks,
        summary: "WeChat verifies the address of the message push.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || address_check(web::route().to(message_push::wx_verify)),
    },
    Operation {
        name: "wx_notify",
        method: Post,
        path: "wx_notify/",
        access: Callback,
        tag: Callbacks,
        summary: "WeChat reports a virtual payment, a refund of one, or a complaint. \
            Accepted once it is stored.",
        caching: NoStore,
        error_msg: Absent,
        endpoint: || {
            callback(
                web::route().to(message_push::wx_notify),
                CallbackAnswer::any_object(),
            )
        },
    },
];

/// Every operation and callback.
#[must_use]
pub const fn operations() -> &'static [Operation] {
    OPERATIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_of_every_row_is_that_of_its_handler() {
        for operation in OPERATIONS {
            let endpoint = (operation.endpoint)();
            assert_eq!(operation.access, endpoint.access, "{}", operation.name);
        }
    }

    #[test]
    fn get_that_changes_state_is_never_cached() {
        for operation in OPERATIONS {
            if matches!(operation.method, GetOrPost | ChangingGet) {
                assert_eq!(operation.caching, NoStore, "{}", operation.name);
            }
        }
    }

    #[test]
    fn only_lists_that_are_the_same_for_every_user_may_be_cached() {
        let cached = OPERATIONS.iter().filter(|row| row.caching == Unspecified);
        let names: Vec<_> = cached.map(|row| row.name).collect();
        assert_eq!(
            names,
            ["get_configs", "get_livelist", "get_gifts", "get_blocks"]
        );
    }

    #[test]
    fn every_row_has_a_name_a_path_and_a_handler_of_its_own() {
        for (number, operation) in OPERATIONS.iter().enumerate() {
            assert!(!operation.name.is_empty() && !operation.summary.is_empty());
            assert!(operation.path.ends_with('/'), "{}", operation.name);
            for other in &OPERATIONS[..number] {
                assert_ne!(operation.name, other.name);
                let is_same = operation.path == other.path && operation.method == other.method;
                assert!(!is_same, "{} and {}", operation.name, other.name);
            }
        }
    }
}
