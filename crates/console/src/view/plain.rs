//! [`PlainPage`]: a page without navigation, for whoever is not logged in.

use askama::Template;

use crate::http::Failure;
use crate::texts::{Lang, Texts};

/// What a plain page is for.
pub(crate) enum PlainBody {
    /// The name and the password.
    Login { next: String, name: String },
    /// The code of the authenticator.
    Code {
        next: String,
        /// The code itself, in a sandbox.
        shown: Option<String>,
    },
    /// The button that uses a link to a sandbox.
    SandboxLink,
    /// A new password.
    Invitation,
    /// A text, and where to go.
    Message { href: &'static str, label: String },
}

/// A page without navigation.
#[derive(Template)]
#[template(path = "plain.html")]
pub(crate) struct PlainPage {
    pub(crate) t: &'static Texts,
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) text: String,
    /// What was wrong with the last attempt.
    pub(crate) problem: Option<String>,
    pub(crate) is_sandbox: bool,
    pub(crate) body: PlainBody,
    pub(crate) path: String,
}

impl PlainPage {
    /// The page of a failure. After a form was sent, it may have done its work all the same.
    pub(crate) fn of_failure(lang: Lang, failure: &Failure, of_form: bool) -> Self {
        let t = &lang.texts().failures;
        let (title, text) = match failure {
            Failure::Forbidden => (t.forbidden_title, t.forbidden),
            Failure::OtherOrigin => (t.other_origin_title, t.other_origin),
            Failure::NotFound => (t.not_found_title, t.not_found),
            Failure::BadRequest => (t.bad_request_title, t.bad_request),
            Failure::Unavailable if of_form => (t.unavailable_title, t.unknown_outcome),
            Failure::Unavailable => (t.unavailable_title, t.unavailable),
            Failure::Internal if of_form => (t.internal_title, t.unknown_outcome),
            Failure::LoginNeeded(_) | Failure::Internal => (t.internal_title, t.internal),
        };
        Self {
            t: lang.texts(),
            lang,
            title: title.to_owned(),
            text: text.to_owned(),
            problem: None,
            is_sandbox: false,
            body: PlainBody::Message {
                href: "/",
                label: t.back.to_owned(),
            },
            path: "/".to_owned(),
        }
    }
}
