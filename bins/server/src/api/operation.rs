//! What one row of the table of operations says.

use actix_web::http::Method;

use super::endpoint::Endpoint;
use crate::http::Access;

/// One operation or callback: a row of the table in `api/routes.rs`.
#[derive(Clone, Copy)]
pub struct Operation {
    /// The name in logs, in metrics and as the document's `operationId`.
    pub name: &'static str,
    /// The methods that it answers.
    pub method: Verb,
    /// The path below [`qlive_app::BASE_PATH`], with the trailing slash.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    pub(crate) tag: Tag,
    /// One sentence for the document.
    pub(crate) summary: &'static str,
    pub(crate) caching: Caching,
    pub(crate) error_msg: ErrorMsg,
    /// The handler. A function, since a route can be used only once.
    pub(crate) endpoint: fn() -> Endpoint,
}

/// How an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// A GET that changes nothing. HEAD answers the same headers.
    Get,
    /// A GET that changes state. HEAD is refused: whoever sends it expects that nothing happens.
    ChangingGet,
    Post,
    /// A GET that changes state: POST does the same, and HEAD is refused.
    GetOrPost,
}

impl Verb {
    /// Whether the document lists the operation as a POST.
    #[must_use]
    pub const fn is_post(self) -> bool {
        matches!(self, Self::Post)
    }

    /// The methods of HTTP that it answers.
    pub(crate) fn methods(self) -> &'static [Method] {
        match self {
            Self::Get | Self::ChangingGet => &[Method::GET],
            Self::Post => &[Method::POST],
            Self::GetOrPost => &[Method::GET, Method::POST],
        }
    }
}

/// The group of an operation in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Accounts,
    Rooms,
    Mic,
    Money,
    /// Not in the mini-program's first interface document.
    Additions,
    Callbacks,
}

impl Tag {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Rooms => "rooms",
            Self::Mic => "mic",
            Self::Money => "money",
            Self::Additions => "additions",
            Self::Callbacks => "callbacks",
        }
    }
}

/// The caching header of the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caching {
    /// A list that is the same for every user: no header is sent. Errors are never stored.
    Unspecified,
    /// `Cache-Control: no-store`. The rule: what is a user's own, such as a token, a UserSig or a
    /// balance, must not lie in a cache, and a GET that changes state must not be answered by one.
    NoStore,
}

/// Whether errors repeat `detail` as `error_msg`, the name under which older clients read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorMsg {
    Absent,
    Present,
}
