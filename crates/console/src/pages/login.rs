//! Logging in and out: the password, the code, the links that work once.

use actix_web::web::{self, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use qlive_operators::{Login, OperatorsError};
use serde::Deserialize;

use crate::format;
use crate::http::{
    Anybody, Failure, Input, Visit, client_address, find_session, forget_session, html, local_path,
    redirect, session_cookie, user_agent,
};
use crate::texts::fill;
use crate::view::{PlainBody, PlainPage};

/// Where to go after a login.
#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/login")
                .route(web::get().to(show_login))
                .route(web::post().to(login)),
        )
        .service(
            web::resource("/login/code")
                .route(web::get().to(show_code))
                .route(web::post().to(enter_code)),
        )
        .service(
            web::resource("/link/{secret}")
                .route(web::get().to(show_link))
                .route(web::post().to(use_link)),
        )
        .route("/logout", web::post().to(log_out));
}

fn plain(anybody: &Anybody, title: &str, text: &str, body: PlainBody) -> PlainPage {
    PlainPage {
        t: anybody.t(),
        lang: anybody.lang,
        title: title.to_owned(),
        text: text.to_owned(),
        problem: None,
        is_sandbox: anybody.state.is_sandbox,
        body,
        path: anybody.path.clone(),
    }
}

async fn show_login(anybody: Anybody, next: Query<Next>) -> Result<HttpResponse, Failure> {
    html(&login_page(&anybody, &next.next, ""))
}

fn login_page(anybody: &Anybody, next: &str, name: &str) -> PlainPage {
    let body = PlainBody::Login {
        next: local_path(next).to_owned(),
        name: name.to_owned(),
    };
    plain(anybody, anybody.t().login.title, "", body)
}

async fn login(
    anybody: Anybody,
    request: HttpRequest,
    input: Input,
) -> Result<HttpResponse, Failure> {
    let (name, next) = (input.text("name"), input.text("next"));
    let (address, agent) = (
        client_address(&request, &anybody.state),
        user_agent(&request),
    );
    let login = anybody
        .state
        .operators
        .login(name, input.secret("password"), (&address, &agent));
    match login.await {
        Ok(login) => enter(&login, next),
        Err(error) => {
            let problem = explain(&anybody, error)?;
            let mut page = login_page(&anybody, next, name);
            page.problem = Some(problem);
            refused(&page)
        }
    }
}

/// Sets the cookie of a new session and goes on.
fn enter(login: &Login, next: &str) -> Result<HttpResponse, Failure> {
    let next = local_path(next);
    let mut response = if login.needs_code {
        let next = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
        redirect(&format!("/login/code?next={next}"))
    } else {
        redirect(next)
    };
    response
        .add_cookie(&session_cookie(&login.token))
        .map_err(|_unwritable| Failure::Internal)?;
    Ok(response)
}

/// What was wrong with an attempt.
///
/// # Errors
/// When something failed that the operator did not cause.
fn explain(anybody: &Anybody, error: OperatorsError) -> Result<String, Failure> {
    let t = &anybody.t().login;
    match error {
        OperatorsError::WrongCredentials => Ok(t.wrong.to_owned()),
        OperatorsError::WrongCode => Ok(t.code_wrong.to_owned()),
        OperatorsError::BadPassword => Ok(t.bad_password.to_owned()),
        OperatorsError::Locked(until) => Ok(fill(t.locked, &[&format::time(until)])),
        error => Err(error.into()),
    }
}

fn refused(page: &PlainPage) -> Result<HttpResponse, Failure> {
    let mut response = html(page)?;
    *response.status_mut() = actix_web::http::StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

async fn show_code(
    anybody: Anybody,
    request: HttpRequest,
    next: Query<Next>,
) -> Result<HttpResponse, Failure> {
    let Some(session) = find_session(&request, &anybody.state).await? else {
        return Ok(redirect("/login"));
    };
    html(&code_page(&anybody, session.operator_id, &next.next).await?)
}

async fn code_page(anybody: &Anybody, operator: i64, next: &str) -> Result<PlainPage, Failure> {
    let shown = if anybody.state.is_sandbox {
        anybody.state.operators.current_code(operator).await.ok()
    } else {
        None
    };
    let next = local_path(next).to_owned();
    let body = PlainBody::Code { next, shown };
    Ok(plain(anybody, anybody.t().login.code_title, "", body))
}

async fn enter_code(
    anybody: Anybody,
    request: HttpRequest,
    input: Input,
) -> Result<HttpResponse, Failure> {
    let Some(session) = find_session(&request, &anybody.state).await? else {
        return Ok(redirect("/login"));
    };
    let next = input.text("next");
    match anybody
        .state
        .operators
        .enter_code(&session, input.text("code"))
        .await
    {
        Ok(token) => {
            let needs_code = false;
            enter(&Login { token, needs_code }, next)
        }
        Err(error) => {
            let problem = explain(&anybody, error)?;
            let mut page = code_page(&anybody, session.operator_id, next).await?;
            page.problem = Some(problem);
            refused(&page)
        }
    }
}

/// What a link is for.
async fn show_link(anybody: Anybody, secret: Path<String>) -> Result<HttpResponse, Failure> {
    html(&link_page(&anybody, &secret).await?)
}

async fn link_page(anybody: &Anybody, secret: &str) -> Result<PlainPage, Failure> {
    let t = &anybody.t().login;
    let account = match anybody
        .state
        .operators
        .link(&secret.to_owned().into())
        .await
    {
        Ok(account) => account,
        Err(OperatorsError::BadLink) => {
            let body = PlainBody::Message {
                href: "/login",
                label: t.title.to_owned(),
            };
            return Ok(plain(anybody, t.bad_link_title, t.bad_link, body));
        }
        Err(error) => return Err(error.into()),
    };
    if account.is_sandbox_owner() && anybody.state.is_sandbox {
        return Ok(plain(
            anybody,
            t.link_title,
            t.link_text,
            PlainBody::SandboxLink,
        ));
    }
    let title = fill(t.invitation_title, &[account.name.as_str()]);
    Ok(plain(
        anybody,
        &title,
        t.invitation_text,
        PlainBody::Invitation,
    ))
}

async fn use_link(
    anybody: Anybody,
    request: HttpRequest,
    secret: Path<String>,
    input: Input,
) -> Result<HttpResponse, Failure> {
    let (address, agent) = (
        client_address(&request, &anybody.state),
        user_agent(&request),
    );
    let from = (address.as_str(), agent.as_str());
    let operators = &anybody.state.operators;
    let token = secret.clone().into();
    let used = if input.has("password") {
        operators
            .accept_invitation(&token, input.secret("password"), from)
            .await
    } else if anybody.state.is_sandbox {
        operators.use_sandbox_link(&token, from).await
    } else {
        Err(OperatorsError::BadLink)
    };
    match used {
        Ok(login) => enter(&login, "/"),
        Err(OperatorsError::BadLink) => refused(&link_page(&anybody, &secret).await?),
        Err(error) => {
            let problem = explain(&anybody, error)?;
            let mut page = link_page(&anybody, &secret).await?;
            page.problem = Some(problem);
            refused(&page)
        }
    }
}

async fn log_out(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.state.operators.logout(&visit.session).await?;
    let mut response = redirect("/login");
    response
        .add_cookie(&forget_session())
        .map_err(|_unwritable| Failure::Internal)?;
    Ok(response)
}
