//! The table of operations: each with its name, method, path, who may call, and handler.
//! The router is made from it, and so is the test that strangers are turned away.

use actix_web::http::Method;
use actix_web::{Route, web};

use crate::api::{
    accounts, callbacks, gifts, micro, money_callbacks, payments, public, rooms, wallet,
    withdrawals,
};
use crate::http::error::ApiError;

/// The path under which all operations stand.
pub const BASE: &str = "/wx/api/qlive/";

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// Whoever holds a live token.
    Token,
    /// An outside system that signs its calls.
    Callback,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its name in logs and metrics.
    pub name: &'static str,
    pub method: Verb,
    /// Below [`BASE`], with the trailing slash.
    pub path: &'static str,
    pub access: Access,
    route: fn() -> Route,
}

impl Operation {
    /// Whether no cache may keep its answers: it is a GET that changes state, or shows what just changed.
    pub(crate) fn uncached(&self) -> bool {
        self.method == Verb::GetOrPost
            || [
                "get_playurl",
                "sync",
                "wallet",
                "get_order",
                "get_withdrawals",
            ]
            .contains(&self.name)
    }
}

/// How an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    /// A GET that changes state: POST does the same, and no cache may keep the answer.
    GetOrPost,
}

impl Verb {
    /// Whether the document knows it as a POST.
    #[must_use]
    pub const fn is_post(self) -> bool {
        matches!(self, Self::Post)
    }

    fn admits(self, method: &Method) -> bool {
        match self {
            Self::Get => method == Method::GET,
            Self::Post => method == Method::POST,
            Self::GetOrPost => method == Method::GET || method == Method::POST,
        }
    }
}

use Access::{Callback, Open, Token};
use Verb::{Get, GetOrPost, Post};

const fn row(
    name: &'static str,
    method: Verb,
    path: &'static str,
    access: Access,
    route: fn() -> Route,
) -> Operation {
    Operation {
        name,
        method,
        path,
        access,
        route,
    }
}

const OPERATIONS: &[Operation] = &[
    row("login", Post, "qlive_user/login/", Open, || {
        web::route().to(accounts::login)
    }),
    row("register", Post, "qlive_user/", Open, || {
        web::route().to(accounts::register)
    }),
    row(
        "update_userinfo",
        Post,
        "qlive_user/update_userinfo/",
        Token,
        || web::route().to(accounts::update_userinfo),
    ),
    row(
        "get_userinfo",
        Get,
        "qlive_user/get_userinfo/",
        Token,
        || web::route().to(accounts::get_userinfo),
    ),
    row("get_livelist", Get, "get_livelist/", Token, || {
        web::route().to(rooms::get_livelist)
    }),
    row("get_playurl", Get, "get_playurl/", Token, || {
        web::route().to(rooms::get_playurl)
    }),
    row(
        "get_users_info",
        Get,
        "qlive_user/get_users_info/",
        Token,
        || web::route().to(rooms::get_users_info),
    ),
    row(
        "apply_micro",
        Post,
        "qlive_room/apply_micro/",
        Token,
        || web::route().to(micro::apply_micro),
    ),
    row(
        "accept_micro",
        Post,
        "qlive_room/accept_micro/",
        Token,
        || web::route().to(micro::accept_micro),
    ),
    row(
        "leave_micro",
        GetOrPost,
        "qlive_room/leave_micro/",
        Token,
        || web::route().to(micro::leave_micro),
    ),
    row("live_end", Post, "qlive_room/live_end/", Token, || {
        web::route().to(rooms::live_end)
    }),
    row(
        "matchmaker_enter",
        Post,
        "qlive_room/matchmaker_enter/",
        Token,
        || web::route().to(rooms::matchmaker_enter),
    ),
    row(
        "leave_room",
        GetOrPost,
        "qlive_room/leave_room/",
        Token,
        || web::route().to(rooms::leave_room),
    ),
    row("logout", GetOrPost, "qlive_user/logout/", Token, || {
        web::route().to(rooms::logout)
    }),
    row(
        "refuse_micro",
        Post,
        "qlive_room/refuse_micro/",
        Token,
        || web::route().to(micro::refuse_micro),
    ),
    row("get_configs", Get, "get_configs/", Token, || {
        web::route().to(public::get_configs)
    }),
    row(
        "get_user_state",
        Get,
        "qlive_user/get_user_state/",
        Token,
        || web::route().to(rooms::get_user_state),
    ),
    row("set_like", Post, "qlive_like/", Token, || {
        web::route().to(accounts::set_like)
    }),
    row("get_like", Get, "qlive_like/", Token, || {
        web::route().to(accounts::get_like)
    }),
    row(
        "invite_micro",
        Post,
        "qlive_room/invite_micro/",
        Token,
        || web::route().to(micro::invite_micro),
    ),
    row(
        "decline_micro",
        Post,
        "qlive_room/decline_micro/",
        Token,
        || web::route().to(micro::decline_micro),
    ),
    row("sync", Get, "qlive_room/sync/", Token, || {
        web::route().to(rooms::sync)
    }),
    row("get_gifts", Get, "qlive_gift/", Token, || {
        web::route().to(gifts::get_gifts)
    }),
    row(
        "push_gift",
        GetOrPost,
        "qlive_gift/push_gift/",
        Token,
        || web::route().to(gifts::push_gift),
    ),
    row("wallet", Get, "qlive_user/wallet/", Token, || {
        web::route().to(wallet::wallet)
    }),
    row("get_blocks", Get, "qlive_pay/", Token, || {
        web::route().to(payments::get_blocks)
    }),
    row("recharge", Post, "qlive_pay/", Token, || {
        web::route().to(payments::recharge)
    }),
    row("get_order", Get, "qlive_pay/order/", Token, || {
        web::route().to(payments::get_order)
    }),
    row("withdraw", Post, "qlive_user/withdraw/", Token, || {
        web::route().to(withdrawals::withdraw)
    }),
    row(
        "get_withdrawals",
        Get,
        "qlive_user/withdrawals/",
        Token,
        || web::route().to(withdrawals::get_withdrawals),
    ),
    row("pay_notify", Post, "pay_notify/", Callback, || {
        web::route().to(money_callbacks::pay_notify)
    }),
    row("wx_verify", Get, "wx_notify/", Callback, || {
        web::route().to(money_callbacks::wx_verify)
    }),
    row("wx_notify", Post, "wx_notify/", Callback, || {
        web::route().to(money_callbacks::wx_notify)
    }),
    row("im_notify", Post, "im_notify/", Callback, || {
        web::route().to(callbacks::im_notify)
    }),
    row("live_notify", Post, "live_notify/", Callback, || {
        web::route().to(callbacks::live_notify)
    }),
];

/// The whole table.
#[must_use]
pub const fn operations() -> &'static [Operation] {
    OPERATIONS
}

/// The operation that a request is for, if any.
pub(crate) fn matched(method: &Method, path: &str) -> Option<&'static Operation> {
    let path = path.strip_prefix(BASE)?;
    let path = path.strip_suffix('/').unwrap_or(path);
    OPERATIONS.iter().find(|operation| {
        operation.path.strip_suffix('/') == Some(path) && operation.method.admits(method)
    })
}

/// Registers every operation, with and without its trailing slash.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let mut paths: Vec<&str> = OPERATIONS.iter().map(|operation| operation.path).collect();
    paths.dedup();
    for path in paths {
        let whole = format!("{BASE}{path}");
        let bare = whole.trim_end_matches('/').to_owned();
        let mut resource = web::resource([whole, bare]);
        for operation in OPERATIONS.iter().filter(|operation| operation.path == path) {
            resource = match operation.method {
                Get => resource.route((operation.route)().method(Method::GET)),
                Post => resource.route((operation.route)().method(Method::POST)),
                GetOrPost => resource
                    .route((operation.route)().method(Method::GET))
                    .route((operation.route)().method(Method::POST)),
            };
        }
        config.service(resource.default_service(web::to(method_not_allowed)));
    }
    public::configure(config);
    config.default_service(web::to(not_found));
}

async fn method_not_allowed() -> Result<&'static str, ApiError> {
    Err(ApiError::METHOD)
}

async fn not_found() -> Result<&'static str, ApiError> {
    Err(ApiError::NOT_FOUND)
}
