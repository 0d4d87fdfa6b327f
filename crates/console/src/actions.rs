//! Actions: the form that says what will happen, the checks before it, and the answer after it.
//! Every action is one [`Act`]; what its role and its confirmation are is in the table of
//! [`Action`].

use std::borrow::Cow;
use std::future::Future;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{self, Path};
use askama::Template;
use qlive_operators::{Action, Confirmation, Operators, OperatorsError};
use qlive_store::audit_log::Operator;
use qlive_types::{Moment, text};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use crate::explain::Refusal;
use crate::http::{Failure, Input, Visit, html, redirect};
use crate::review::Review;
use crate::texts::fill;
use crate::view::{Frame, Page, PageTemplate};

/// What a form sends besides its fields.
const NOT_FIELDS: &[&str] = &["key", "reason", "typed", "code", "seen", "edit"];
/// The longest reason, in characters.
const REASON_LIMIT: usize = 500;

/// A field of a form besides the reason and the proof.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: Cow<'static, str>,
    pub(crate) label: Cow<'static, str>,
    pub(crate) hint: String,
    pub(crate) value: String,
    pub(crate) max: usize,
    pub(crate) is_required: bool,
    pub(crate) kind: FieldKind,
}

/// How a field is filled in.
#[derive(Clone)]
pub(crate) enum FieldKind {
    Text,
    /// A day, as `2026-11-27`.
    Date,
    Area,
    Select(Vec<(String, String)>),
}

impl Field {
    /// A line of text that must be filled in.
    pub(crate) fn required(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: String::new(),
            value: String::new(),
            max: 200,
            is_required: true,
            kind: FieldKind::Text,
        }
    }

    /// A line of text that may be empty.
    pub(crate) fn optional(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            is_required: false,
            ..Self::required(name, label)
        }
    }

    /// A day that must be filled in; at first, that of a moment.
    pub(crate) fn day(name: &'static str, label: &'static str, at: Moment) -> Self {
        Self {
            value: at.shanghai_day(),
            kind: FieldKind::Date,
            ..Self::required(name, label)
        }
    }

    /// One of some values.
    pub(crate) fn select(
        name: &'static str,
        label: &'static str,
        choices: Vec<(String, String)>,
    ) -> Self {
        Self {
            kind: FieldKind::Select(choices),
            ..Self::required(name, label)
        }
    }
}

/// What a form says and asks.
pub(crate) struct ActionForm {
    pub(crate) title: String,
    /// What happens, to whom.
    pub(crate) lines: Vec<String>,
    /// The addresses of the pictures that it is about.
    pub(crate) pictures: Vec<String>,
    pub(crate) fields: Vec<Field>,
    /// What the reason is called; otherwise "Reason".
    pub(crate) reason_label: Option<&'static str>,
    /// Reasons to choose from.
    pub(crate) reasons: Vec<&'static str>,
    /// What must be typed.
    pub(crate) typed: Option<String>,
    pub(crate) submit: &'static str,
    /// Where the form is sent to.
    pub(crate) action: String,
    /// Where it leads when it is cancelled, and after it.
    pub(crate) back: String,
}

impl ActionForm {
    pub(crate) fn new(visit: &Visit, submit: &'static str, back: impl Into<String>) -> Self {
        let path = visit.path.split('?').next().unwrap_or_default();
        Self {
            title: submit.to_owned(),
            lines: Vec::new(),
            pictures: Vec::new(),
            fields: Vec::new(),
            reason_label: None,
            reasons: Vec::new(),
            typed: None,
            submit,
            action: path.to_owned(),
            back: back.into(),
        }
    }
}

/// What an action answers when it was done.
pub(crate) enum Done {
    /// The page that shows it.
    At(String),
    /// The page itself: what it shows is not to be in a URL.
    Page(Box<Page>),
    /// A file that is downloaded: its name and its text.
    File { name: String, text: String },
    /// A secret that is shown once, and the page after it.
    Secret {
        text: String,
        secret: SecretString,
        next: String,
    },
}

/// An action.
pub(crate) trait Act: 'static {
    /// What it is in the table of roles.
    const ACTION: Action;
    /// What its path names.
    type Path: DeserializeOwned;

    /// What the audit log calls what it is done to.
    fn subject(path: &Self::Path) -> String;

    /// The form, for what the path names as it is now.
    fn form(visit: &Visit, path: &Self::Path) -> impl Future<Output = Result<ActionForm, Failure>>;

    /// Whether what it would change is looked at before it is done.
    const IS_REVIEWED: bool = false;

    /// What it would change, for an action that is reviewed.
    fn review(
        _visit: &Visit,
        _path: &Self::Path,
        _input: &Input,
    ) -> impl Future<Output = Result<Review, Refusal>> {
        async { Err(Refusal::Failure(Failure::Internal)) }
    }

    /// Does it.
    fn act(
        visit: &Visit,
        path: &Self::Path,
        by: Operator,
        input: &Input,
    ) -> impl Future<Output = Result<Done, Refusal>>;
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmTemplate {
    frame: Frame,
    form: ActionForm,
    key: String,
    is_danger: bool,
    needs_reason: bool,
    reason: String,
    needs_code: bool,
    /// The code itself, in a sandbox.
    shown_code: Option<String>,
    problem: Option<String>,
    /// What would change, once the fields are filled in.
    review: Option<Review>,
    /// What was filled in, when there is a review of it.
    sent: Vec<(String, String)>,
    /// Whether a review comes after the form.
    is_reviewed_next: bool,
}

#[derive(Template)]
#[template(path = "secret.html")]
struct SecretTemplate {
    frame: Frame,
    text: String,
    secret: String,
    next: String,
}

/// Registers the form and the action at a path.
pub(crate) fn register<A: Act>(config: &mut web::ServiceConfig, path: &str) {
    let resource = web::resource(path)
        .route(web::get().to(show::<A>))
        .route(web::post().to(run::<A>));
    config.service(resource);
}

async fn show<A: Act>(visit: Visit, path: Path<A::Path>) -> Result<HttpResponse, Failure> {
    visit.require(A::ACTION, &A::subject(&path)).await?;
    let form = A::form(&visit, &path).await?;
    answer_form::<A>(&visit, form, &Input::default(), None, None).await
}

async fn run<A: Act>(
    visit: Visit,
    path: Path<A::Path>,
    input: Input,
) -> Result<HttpResponse, Failure> {
    visit.require(A::ACTION, &A::subject(&path)).await?;
    let form = match A::form(&visit, &path).await {
        // What it was about may be gone after the first of two clicks.
        Err(Failure::NotFound) if input.has("key") && !claim(&visit, &input).await? => {
            return Ok(redirect("/?again=1"));
        }
        form => form?,
    };
    if let Some(problem) = reason_problem::<A>(&visit, &input) {
        return answer_form::<A>(&visit, form, &input, None, Some(problem)).await;
    }
    let review = match review::<A>(&visit, &path, &input).await {
        Ok(review) => review,
        Err(Refusal::Explained(_)) if input.has("seen") && !claim(&visit, &input).await? => {
            // Nothing is left to change after the first of two clicks.
            return Ok(done_before(&form));
        }
        Err(Refusal::Explained(problem)) => {
            return answer_form::<A>(&visit, form, &input, None, Some(problem)).await;
        }
        Err(Refusal::Failure(failure)) => return Err(failure),
    };
    if input.has("edit") {
        return answer_form::<A>(&visit, form, &input, None, None).await;
    }
    if review
        .as_ref()
        .is_some_and(|review| review.seen != input.text("seen"))
    {
        return answer_form::<A>(&visit, form, &input, review, None).await;
    }
    if let Some(problem) = typed_problem(&visit, &form, &input) {
        return answer_form::<A>(&visit, form, &input, review, Some(problem)).await;
    }
    // Before the code: that the second of two clicks cannot use it again is no reason to show its
    // sender a new form.
    if !claim(&visit, &input).await? {
        return Ok(done_before(&form));
    }
    match prove::<A>(&visit, &input).await {
        Ok(None) => act::<A>(&visit, &path, form, &input).await,
        refused => {
            let operators = &visit.state.operators;
            let key = input.text("key");
            operators.release_form(&visit.session, key).await?;
            answer_form::<A>(&visit, form, &input, review, refused?).await
        }
    }
}

/// What the action would change, if that is looked at before it is done.
async fn review<A: Act>(
    visit: &Visit,
    path: &A::Path,
    input: &Input,
) -> Result<Option<Review>, Refusal> {
    if A::IS_REVIEWED {
        A::review(visit, path, input).await.map(Some)
    } else {
        Ok(None)
    }
}

/// Whether this is the first time that a form is sent.
async fn claim(visit: &Visit, input: &Input) -> Result<bool, Failure> {
    let operators = &visit.state.operators;
    let claimed = operators.claim_form(&visit.session, input.text("key"));
    Ok(claimed.await?)
}

/// The answer to a form that was sent before.
fn done_before(form: &ActionForm) -> HttpResponse {
    redirect(&with_query(&form.back, "again=1"))
}

async fn act<A: Act>(
    visit: &Visit,
    path: &A::Path,
    form: ActionForm,
    input: &Input,
) -> Result<HttpResponse, Failure> {
    let by = visit.session.by(input.text("reason"));
    let operators = &visit.state.operators;
    // Before the action: a failure afterwards would look as if nothing was done.
    let frame = Frame::new(visit, "").await?;
    let before = operators.last_record(&visit.session).await?;
    match A::act(visit, path, by, input).await {
        Ok(Done::At(to)) => {
            // An action that found nothing to change records nothing; one that closes a case too
            // has another record after its own.
            let record = operators.first_record_after(&visit.session, before).await;
            let record = record.unwrap_or_else(|error| {
                tracing::error!(%error, "the audit record of an action cannot be read");
                None
            });
            let record = record.unwrap_or_default();
            let done = format!("done={record}");
            Ok(redirect(&with_query(&to, &done)))
        }
        Ok(Done::Secret { text, secret, next }) => {
            use secrecy::ExposeSecret as _;
            html(&SecretTemplate {
                frame,
                text,
                secret: secret.expose_secret().to_owned(),
                next,
            })
        }
        Ok(Done::File { name, text }) => Ok(HttpResponse::Ok()
            .content_type(if name.ends_with(".json") {
                "application/json"
            } else {
                "text/csv; charset=utf-8"
            })
            .insert_header((
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ))
            .body(text)),
        Ok(Done::Page(page)) => html(&PageTemplate { frame, page: *page }),
        Err(Refusal::Explained(problem)) => {
            answer_form::<A>(visit, form, input, None, Some(problem)).await
        }
        Err(Refusal::Failure(failure)) => Err(failure),
    }
}

/// What is wrong with the reason.
fn reason_problem<A: Act>(visit: &Visit, input: &Input) -> Option<String> {
    let t = &visit.t().failures;
    let reason = input.text("reason");
    let problem = if needs_reason::<A>() && reason.is_empty() {
        t.reason_needed
    } else if !text::is_displayable_lines(reason) {
        t.reason_hidden
    } else if reason.chars().count() > REASON_LIMIT {
        t.reason_long
    } else {
        return None;
    };
    Some(problem.to_owned())
}

/// What is wrong with what was typed to confirm.
fn typed_problem(visit: &Visit, form: &ActionForm, input: &Input) -> Option<String> {
    let asked = form.typed.as_deref()?;
    let is_wrong = asked != input.text("typed");
    is_wrong.then(|| visit.t().failures.typed_wrong.to_owned())
}

/// Checks the code of the authenticator, when the action needs one. Returns what is wrong.
async fn prove<A: Act>(visit: &Visit, input: &Input) -> Result<Option<String>, Failure> {
    let t = &visit.t().failures;
    if !needs_proof::<A>(visit) {
        return Ok(None);
    }
    if !visit.session.has_authenticator {
        return Ok(Some(t.totp_needed.to_owned()));
    }
    if input.text("code").is_empty() {
        return Ok(Some(t.code_needed.to_owned()));
    }
    let operators = &visit.state.operators;
    match operators.prove(&visit.session, input.text("code")).await {
        Ok(()) => Ok(None),
        Err(OperatorsError::WrongCode) => Ok(Some(t.code_wrong.to_owned())),
        Err(OperatorsError::Locked(until)) => {
            let until = crate::format::time(until);
            Ok(Some(fill(visit.t().login.locked, &[&until])))
        }
        Err(error) => Err(error.into()),
    }
}

fn needs_reason<A: Act>() -> bool {
    A::ACTION.confirmation() >= Confirmation::Reason
}

/// Whether the action needs a code, and none was accepted recently.
fn needs_proof<A: Act>(visit: &Visit) -> bool {
    let is_proof = A::ACTION.confirmation() == Confirmation::Proof;
    is_proof && !visit.session.has_fresh_code(visit.now)
}

/// The form, or the review of what was filled in, and what is wrong with it.
async fn answer_form<A: Act>(
    visit: &Visit,
    mut form: ActionForm,
    input: &Input,
    review: Option<Review>,
    problem: Option<String>,
) -> Result<HttpResponse, Failure> {
    for field in &mut form.fields {
        if input.has(&field.name) {
            input.text(&field.name).clone_into(&mut field.value);
        }
    }
    let is_reviewed_next = A::IS_REVIEWED && review.is_none();
    if is_reviewed_next {
        // It is asked for beside the review.
        form.typed = None;
    }
    let needs_code = needs_proof::<A>(visit) && !is_reviewed_next;
    let problem = problem.or_else(|| {
        let is_missing = needs_code && !visit.session.has_authenticator;
        is_missing.then(|| visit.t().failures.totp_needed.to_owned())
    });
    let shown_code = if needs_code && visit.state.is_sandbox && visit.session.has_authenticator {
        Some(
            visit
                .state
                .operators
                .current_code(visit.session.operator_id)
                .await?,
        )
    } else {
        None
    };
    let is_refused = problem.is_some() && input.has("key");
    let page = ConfirmTemplate {
        frame: Frame::new(visit, "").await?,
        form,
        key: Operators::new_form_key(),
        is_danger: A::ACTION.is_danger(),
        needs_reason: needs_reason::<A>(),
        reason: input.text("reason").to_owned(),
        needs_code,
        shown_code,
        problem,
        sent: review
            .as_ref()
            .map_or_else(Vec::new, |_| input.without(NOT_FIELDS)),
        review,
        is_reviewed_next,
    };
    let mut response = html(&page)?;
    if is_refused {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn with_query(path: &str, query: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}{query}")
}
