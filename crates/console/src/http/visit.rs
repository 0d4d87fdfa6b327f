//! [`Visit`]: a request of an operator who is logged in.

use actix_web::dev::Payload;
use actix_web::http::header::{HOST, LOCATION, ORIGIN, USER_AGENT};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use askama::Template;
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qlive_operators::{Action, Session};
use qlive_types::Moment;

use super::cookies::session_token;
use super::failure::Failure;
use super::language::language;
use super::same_origin::is_allowed;
use crate::state::State;
use crate::texts::{Lang, Texts};

/// A request of anybody.
pub(crate) struct Anybody {
    pub(crate) state: Data<State>,
    pub(crate) lang: Lang,
    /// The path and the query.
    pub(crate) path: String,
}

/// A request of an operator who is logged in completely.
pub(crate) struct Visit {
    pub(crate) state: Data<State>,
    pub(crate) session: Session,
    pub(crate) lang: Lang,
    /// The path and the query.
    pub(crate) path: String,
    pub(crate) now: Moment,
    /// Where the console is, as the browser names it: `http://127.0.0.1:8082`.
    pub(crate) origin: String,
}

impl Anybody {
    fn of(request: &HttpRequest) -> Result<Self, Failure> {
        let state = request.app_data::<Data<State>>().ok_or(Failure::Internal)?;
        if !is_allowed(request) {
            return Err(Failure::OtherOrigin);
        }
        // No text has such a character, and a database refuses it.
        if request.uri().to_string().contains("%00") {
            return Err(Failure::BadRequest);
        }
        let path = request.uri().path_and_query();
        Ok(Self {
            state: state.clone(),
            lang: language(request),
            path: path.map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }

    pub(crate) fn t(&self) -> &'static Texts {
        self.lang.texts()
    }
}

impl FromRequest for Anybody {
    type Error = Failure;
    type Future = std::future::Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

impl Visit {
    pub(crate) fn t(&self) -> &'static Texts {
        self.lang.texts()
    }

    /// Checks that the operator may do this. A refusal is recorded.
    ///
    /// # Errors
    /// [`Failure::Forbidden`], or when the database fails.
    pub(crate) async fn require(&self, action: Action, subject: &str) -> Result<(), Failure> {
        if self.session.may(action) {
            return Ok(());
        }
        let refusal = self
            .state
            .operators
            .record_refusal(&self.session, action, subject);
        refusal.await?;
        Err(Failure::Forbidden)
    }
}

impl FromRequest for Visit {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let anybody = Anybody::of(&request)?;
            let found = find_session(&request, &anybody.state).await?;
            let Some(session) = found else {
                return Err(Failure::LoginNeeded(login_path(&request, "/login")));
            };
            if !session.is_complete {
                return Err(Failure::LoginNeeded(login_path(&request, "/login/code")));
            }
            Ok(Self {
                now: anybody.state.now(),
                origin: origin(&request, &anybody.state),
                state: anybody.state,
                session,
                lang: anybody.lang,
                path: anybody.path,
            })
        }
        .boxed_local()
    }
}

/// Where the console is, as the browser names it.
fn origin(request: &HttpRequest, state: &State) -> String {
    if !state.public_url.is_empty() {
        return state.public_url.clone();
    }
    // The browser names its page in every form that it sends. Anybody can write the headers that
    // proxies write.
    let header = |name| request.headers().get(name)?.to_str().ok();
    if let Some(origin) = header(ORIGIN).filter(|origin| origin.contains("://")) {
        return origin.to_owned();
    }
    format!("http://{}", header(HOST).unwrap_or("127.0.0.1"))
}

/// The session that the cookie of a request names, complete or not.
///
/// # Errors
/// When the database fails.
pub(crate) async fn find_session(
    request: &HttpRequest,
    state: &State,
) -> Result<Option<Session>, Failure> {
    let Some(token) = session_token(request) else {
        return Ok(None);
    };
    let address = client_address(request, state);
    // htmx reads a page again by itself.
    let is_use = !request.headers().contains_key("hx-request");
    Ok(state
        .operators
        .authenticate(&token, &address, is_use)
        .await?)
}

/// Where to log in, and where to go on then. Only a page that was asked for by GET is named.
fn login_path(request: &HttpRequest, path: &str) -> String {
    let wanted = request
        .uri()
        .path_and_query()
        .map_or("/", |wanted| wanted.as_str());
    if request.method() != actix_web::http::Method::GET || wanted == "/" {
        return path.to_owned();
    }
    let wanted = utf8_percent_encode(wanted, NON_ALPHANUMERIC);
    format!("{path}?next={wanted}")
}

/// The address that a request comes from.
pub(crate) fn client_address(request: &HttpRequest, state: &State) -> String {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let lines = request.headers().get_all("x-forwarded-for");
    let client = state
        .proxies
        .client_address(peer, lines.map(|line| line.as_bytes()));
    client.ip().to_string()
}

/// What the browser calls itself.
pub(crate) fn user_agent(request: &HttpRequest) -> String {
    let named = request.headers().get(USER_AGENT);
    let named = named.and_then(|value| value.to_str().ok());
    named.unwrap_or_default().to_owned()
}

/// The answer that goes to another page.
pub(crate) fn redirect(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, to))
        .finish()
}

/// The answer that is a page.
///
/// # Errors
/// When it cannot be rendered.
pub(crate) fn html(page: &impl Template) -> Result<HttpResponse, Failure> {
    let text = page.render()?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(text))
}
