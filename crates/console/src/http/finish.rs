//! What every answer carries: the headers, and a page in place of a failure.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use askama::Template as _;
use qlive_store::operation::run_request;

use super::failure::Failure;
use super::language::language;
use crate::texts::fill;
use crate::view::PlainPage;

/// What every request of the console is to the database.
const OPERATION: &str = "console";

/// A page loads its own files, and pictures of users from where they are; nothing runs but the
/// console's own script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' https: data:; connect-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";
/// In a sandbox pictures are on the machine itself.
const SANDBOX_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' https: http: data:; connect-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// Answers, adds the headers, and makes the page of a failure.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let state = request.app_data::<actix_web::web::Data<crate::state::State>>();
    let is_sandbox = state.is_some_and(|state| state.is_sandbox);
    let lang = language(request.request());
    let of_form = request.method() == Method::POST;
    let is_refresh = request.headers().contains_key("hx-request");
    // Beside the API, pages take at most a share of the connections.
    let response = run_request(OPERATION, next.call(request)).await?;
    let mut response = response.map_into_boxed_body();
    let failure = response.response().extensions().get::<Failure>().cloned();
    if let Some(failure) = failure.as_ref().filter(|_| is_refresh) {
        response = keep_what_is_shown(response, failure);
    } else if let Some(failure) =
        failure.filter(|failure| !matches!(failure, Failure::LoginNeeded(_)))
    {
        let page = PlainPage::of_failure(lang, &failure, of_form);
        let text = page
            .render()
            .unwrap_or_else(|_| fill(lang.texts().failures.internal, &[]));
        response = response.map_body(|_, _| BoxBody::new(text));
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
    }
    let headers = response.headers_mut();
    let mut insert = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    insert(X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(REFERRER_POLICY, "no-referrer");
    insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    let policy = if is_sandbox { SANDBOX_POLICY } else { POLICY };
    insert(CONTENT_SECURITY_POLICY, policy);
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// A part of a page could not be refreshed: what is shown stays, and its script asks again. Whoever
/// is not logged in any more is sent to the login.
fn keep_what_is_shown(
    mut response: ServiceResponse<BoxBody>,
    failure: &Failure,
) -> ServiceResponse<BoxBody> {
    *response.response_mut().status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().remove(LOCATION);
    if let Failure::LoginNeeded(to) = failure
        && let Ok(to) = HeaderValue::from_str(to)
    {
        response
            .headers_mut()
            .insert(HeaderName::from_static("hx-redirect"), to);
    }
    response.map_body(|_, _| BoxBody::new(()))
}

/// There is no such page.
pub(crate) async fn not_found() -> Result<HttpResponse, Failure> {
    Err(Failure::NotFound)
}
