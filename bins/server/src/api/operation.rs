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
    Get,
    Post,
    /// A GET that changes state: POST does the same.
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
            Self::Get => &[Method::GET],
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
    /// No header is sent.
    Unspecified,
    /// `Cache-Control: no-store`: a GET that changes state, or shows what has just changed.
    NoStore,
}

/// Whether errors repeat `detail` as `error_msg`, the name under which older clients read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorMsg {
    Absent,
    Present,
}
