//! One's own account: the password, the authenticator, the sessions.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use qlive_operators::{Operators, OperatorsError};
use qrcode::QrCode;
use qrcode::render::svg;
use secrecy::{ExposeSecret as _, SecretString};

use crate::format;
use crate::http::{Failure, Input, Visit, html, redirect, session_cookie};
use crate::texts::{Texts, fill};
use crate::view::Frame;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/account", web::get().to(show))
        .route("/account/password", web::post().to(change_password))
        .route("/account/authenticator", web::post().to(set_up))
        .route("/account/sessions/end", web::post().to(end_session));
}

/// A session in the list.
struct SessionRow {
    hash: String,
    is_this: bool,
    address: String,
    agent: String,
    used: String,
    since: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountTemplate {
    frame: Frame,
    name: String,
    role: &'static str,
    has_password: bool,
    has_authenticator: bool,
    /// The secret and the picture of a new authenticator.
    new_authenticator: Option<(String, String)>,
    /// The code that belongs to it, in a sandbox.
    sessions: Vec<SessionRow>,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryTemplate {
    frame: Frame,
    codes: Vec<String>,
}

impl AccountTemplate {
    fn t(&self) -> &'static Texts {
        self.frame.t
    }
}

impl RecoveryTemplate {
    fn t(&self) -> &'static Texts {
        self.frame.t
    }
}

async fn show(visit: Visit) -> Result<HttpResponse, Failure> {
    answer(&visit, None, None).await
}

/// The page. `drawn` is the secret of an authenticator that is being set up.
async fn answer(
    visit: &Visit,
    problem: Option<String>,
    drawn: Option<SecretString>,
) -> Result<HttpResponse, Failure> {
    let session = &visit.session;
    let may_set_up = session.has_authenticator || session.by_link;
    let new_authenticator = if !may_set_up {
        None
    } else {
        let kept = drawn.and_then(|drawn| {
            let base32 = drawn.expose_secret().to_owned();
            Operators::authenticator_of(session, base32).ok()
        });
        let new = match kept {
            Some(kept) => kept,
            None => Operators::new_authenticator(session)?,
        };
        Some((new.secret.expose_secret().to_owned(), picture(&new.url)?))
    };
    let sessions = visit.state.operators.sessions(session.operator_id).await?;
    let row = |listed: qlive_operators::OperatorSession| SessionRow {
        is_this: session.is(&listed),
        hash: listed.hash,
        address: listed.address,
        agent: listed.agent,
        used: format::time(listed.used_at),
        since: format::time(listed.created_at),
    };
    let is_refused = problem.is_some();
    let mut response = html(&AccountTemplate {
        frame: Frame::new(visit, "/account").await?,
        name: session.name.to_string(),
        role: visit.t().values.role(session.role),
        has_password: session.has_password,
        has_authenticator: session.has_authenticator,
        new_authenticator,
        sessions: sessions.into_iter().map(row).collect(),
        problem,
    })?;
    if is_refused {
        *response.status_mut() = actix_web::http::StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// The picture of a URL, as the address of an image.
fn picture(url: &SecretString) -> Result<String, Failure> {
    let code = QrCode::new(url.expose_secret()).map_err(|_too_long| Failure::Internal)?;
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(180, 180)
        .build();
    let encoded = percent_encoding::utf8_percent_encode(&image, percent_encoding::NON_ALPHANUMERIC);
    Ok(format!("data:image/svg+xml,{encoded}"))
}

/// What was wrong, as the page shows it.
fn explain(visit: &Visit, error: OperatorsError) -> Result<String, Failure> {
    let t = &visit.t().login;
    match error {
        OperatorsError::WrongCredentials => Ok(t.wrong.to_owned()),
        OperatorsError::WrongCode => Ok(t.code_wrong.to_owned()),
        OperatorsError::BadPassword => Ok(t.bad_password.to_owned()),
        OperatorsError::Locked(until) => Ok(fill(t.locked, &[&format::time(until)])),
        error => Err(error.into()),
    }
}

async fn change_password(visit: Visit, input: Input) -> Result<HttpResponse, Failure> {
    let (current, new) = (input.secret("current"), input.secret("new"));
    match visit
        .state
        .operators
        .change_password(&visit.session, current, new)
        .await
    {
        Ok(token) => {
            let mut response = redirect("/account?done=0");
            response
                .add_cookie(&session_cookie(&token))
                .map_err(|_unwritable| Failure::Internal)?;
            Ok(response)
        }
        Err(error) => {
            let problem = explain(&visit, error)?;
            answer(&visit, Some(problem), None).await
        }
    }
}

async fn set_up(visit: Visit, input: Input) -> Result<HttpResponse, Failure> {
    let set_up = visit.state.operators.set_up_authenticator(
        &visit.session,
        input.secret("password"),
        input.secret("secret"),
        (input.text("code"), input.text("current")),
    );
    match set_up.await {
        Ok((token, codes)) => {
            let mut response = html(&RecoveryTemplate {
                frame: Frame::new(&visit, "/account").await?,
                codes,
            })?;
            response
                .add_cookie(&session_cookie(&token))
                .map_err(|_unwritable| Failure::Internal)?;
            Ok(response)
        }
        Err(error) => {
            let problem = explain(&visit, error)?;
            answer(&visit, Some(problem), Some(input.secret("secret"))).await
        }
    }
}

async fn end_session(
    visit: Visit,
    _request: HttpRequest,
    input: Input,
) -> Result<HttpResponse, Failure> {
    let by = visit.session.by("");
    let hash = input.text("session").to_owned();
    let operator = visit.session.operator_id;
    visit
        .state
        .operators
        .end_session(by, operator, hash)
        .await?;
    Ok(redirect("/account"))
}
