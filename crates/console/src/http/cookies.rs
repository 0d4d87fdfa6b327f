//! The cookies: the session, and the language.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use secrecy::{ExposeSecret as _, SecretString};

use crate::texts::Lang;

/// The cookie of the session. The prefix makes browsers refuse one that another host or a page
/// without TLS has set ("HTTP State Management Mechanism", cookie name prefixes); they count an
/// address of the machine itself as secure.
pub const SESSION_COOKIE: &str = "__Host-qlive-console";
const LANGUAGE_COOKIE: &str = "qlive-console-language";

/// The token in the cookie of a request.
pub(crate) fn session_token(request: &HttpRequest) -> Option<SecretString> {
    let cookie = request.cookie(SESSION_COOKIE)?;
    Some(cookie.value().to_owned().into())
}

/// The cookie that carries a new token. It ends with the browser's session.
pub(crate) fn session_cookie(token: &SecretString) -> Cookie<'static> {
    Cookie::build(SESSION_COOKIE, token.expose_secret().to_owned())
        .path("/")
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .finish()
}

/// The cookie that takes the token away.
pub(crate) fn forget_session() -> Cookie<'static> {
    let mut cookie = session_cookie(&String::new().into());
    cookie.set_max_age(Duration::ZERO);
    cookie
}

/// The language that was chosen.
pub(crate) fn chosen_language(request: &HttpRequest) -> Option<Lang> {
    Lang::parse(request.cookie(LANGUAGE_COOKIE)?.value())
}

/// The cookie that remembers a chosen language, for a year.
pub(crate) fn language_cookie(lang: Lang) -> Cookie<'static> {
    Cookie::build(LANGUAGE_COOKIE, lang.code())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(Duration::days(365))
        .finish()
}
