//! Operators: who they are, and what each role may do.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_operators::{Action, OperatorAccount, OperatorSession, Role};
use qlive_store::audit_log::Operator;

use super::list::empty;
use crate::actions::{Act, ActionForm, Done, Field, FieldKind, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, action_label, fill};
use crate::view::{Button, Cell, Column, Frame, Page, PageTemplate, Row, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/operators", web::get().to(list));
    register::<Add>(config, "/operators/add");
    register::<SetRole>(config, "/operators/{id}/role");
    register::<Reset>(config, "/operators/{id}/reset");
    register::<Disable>(config, "/operators/{id}/disable");
    register::<Enable>(config, "/operators/{id}/enable");
    register::<EndSessions>(config, "/operators/{id}/end-sessions");
    config.route("/operators/{id}", web::get().to(show));
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewOperators, "").await?;
    let t = visit.t();
    let mut page = Page::new(t.pages.operators_title);
    let add = visit.button(
        Action::AddOperator,
        t.actions.operator_add,
        "/operators/add",
    );
    page.buttons.extend(add);
    let accounts = visit.state.operators.accounts().await?;
    page.sections
        .push(Section::Table(accounts_table(&visit, &accounts)));
    page.sections
        .push(Section::Table(permissions_table(&visit)));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/operators").await?,
        page,
    })
}

fn accounts_table(visit: &Visit, accounts: &[OperatorAccount]) -> Table {
    let t = visit.t();
    let row = |account: &OperatorAccount| {
        let state = if account.disabled_at.is_some() {
            Cell::Badge(t.values.disabled_account.to_owned(), Tone::Bad)
        } else if account.has_password || account.is_sandbox_owner() {
            Cell::Badge(t.values.active.to_owned(), Tone::Good)
        } else {
            Cell::Badge(t.values.invited.to_owned(), Tone::Warn)
        };
        let authenticator = if account.has_authenticator {
            t.values.yes
        } else {
            t.values.no
        };
        let last = account.last_login_at;
        Row::new(vec![
            Cell::Link(
                account.name.to_string(),
                format!("/operators/{}", account.id),
            ),
            Cell::Text(t.values.role(account.role).to_owned()),
            state,
            Cell::Text(authenticator.to_owned()),
            last.map_or(Cell::Empty, |at| Cell::Time(format::time(at))),
        ])
        .with_buttons(buttons(visit, account))
    };
    Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.name),
            Column::text(t.pages.role),
            Column::text(t.pages.state),
            Column::text(t.pages.authenticator),
            Column::text(t.pages.last_login),
        ],
        rows: accounts.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, ""),
    }
}

fn buttons(visit: &Visit, account: &OperatorAccount) -> Vec<Button> {
    let a = &visit.t().actions;
    let is_disabled = account.disabled_at.is_some();
    let all = [
        (
            Action::SetOperatorRole,
            true,
            a.operator_role_change,
            "role",
        ),
        (Action::ResetOperator, true, a.operator_reset, "reset"),
        (
            Action::EndOperatorSessions,
            !is_disabled,
            a.operator_sessions_end,
            "end-sessions",
        ),
        (
            Action::DisableOperator,
            !is_disabled,
            a.operator_disable,
            "disable",
        ),
        (
            Action::EnableOperator,
            is_disabled,
            a.operator_enable,
            "enable",
        ),
    ];
    let fitting = all.into_iter().filter(|(_, fits, ..)| *fits);
    fitting
        .filter_map(|(action, _, label, path)| {
            visit.button(action, label, format!("/operators/{}/{path}", account.id))
        })
        .collect()
}

/// An account, with its sessions.
async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    visit
        .require(Action::ViewOperators, &id.to_string())
        .await?;
    let t = visit.t();
    let account = visit.state.operators.account(*id).await?;
    let may_see = visit.session.may(Action::EndOperatorSessions);
    let sessions = if may_see {
        visit.state.operators.sessions(*id).await?
    } else {
        Vec::new()
    };
    let mut page = Page::new(account.name.to_string());
    page.back = Some((t.pages.operators_title.to_owned(), "/operators".to_owned()));
    page.badges
        .push((t.values.role(account.role).to_owned(), Tone::Plain));
    page.buttons = buttons(&visit, &account);
    let row = |session: &OperatorSession| {
        Row::new(vec![
            Cell::Code(session.address.clone()),
            Cell::Text(session.agent.clone()),
            Cell::Time(format::time(session.used_at)),
            Cell::Time(format::time(session.created_at)),
        ])
    };
    let table = Table {
        caption: t.login.sessions.to_owned(),
        columns: vec![
            Column::text(t.login.address),
            Column::text(t.login.agent),
            Column::text(t.login.used),
            Column::text(t.login.since),
        ],
        rows: sessions.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_sessions),
    };
    page.sections
        .extend(may_see.then_some(Section::Table(table)));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/operators").await?,
        page,
    })
}

fn permissions_table(visit: &Visit) -> Table {
    let t = visit.t();
    let mut columns = vec![Column::text(t.pages.action)];
    columns.extend(Role::ALL.map(|role| Column::number(t.values.role(role))));
    let row = |action: &Action| {
        let mut cells = vec![Cell::Text(action_label(visit.lang, *action).to_owned())];
        cells.extend(Role::ALL.map(|role| {
            if action.roles().contains(&role) {
                Cell::Badge(t.values.yes.to_owned(), Tone::Good)
            } else {
                Cell::Empty
            }
        }));
        Row::new(cells)
    };
    Table {
        caption: t.pages.permissions.to_owned(),
        columns,
        rows: Action::ALL.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, ""),
    }
}

fn role_field(t: &'static Texts) -> Field {
    let choices = Role::ALL.map(|role| (role.name().to_owned(), t.values.role(role).to_owned()));
    Field::select("role", t.actions.operator_role, choices.into())
}

/// The role of somebody who has none yet: nothing is chosen beforehand.
fn new_role_field(t: &'static Texts) -> Field {
    let mut field = role_field(t);
    if let FieldKind::Select(choices) = &mut field.kind {
        choices.insert(0, (String::new(), t.actions.choose_role.to_owned()));
    }
    field
}

fn role_of(input: &Input, t: &'static Texts) -> Result<Role, Refusal> {
    let role = Role::parse(input.text("role"));
    role.ok_or_else(|| Refusal::Explained(t.failures.bad_value.to_owned()))
}

fn at_operators() -> Done {
    Done::At("/operators".to_owned())
}

async fn form_about(
    visit: &Visit,
    id: i64,
    submit: &'static str,
    (title, text): (&str, &str),
) -> Result<(ActionForm, OperatorAccount), Failure> {
    let account = visit.state.operators.account(id).await?;
    let mut form = ActionForm::new(visit, submit, "/operators");
    form.title = fill(title, &[account.name.as_str()]);
    form.lines.push(text.to_owned());
    Ok((form, account))
}

struct Add;

impl Act for Add {
    const ACTION: Action = Action::AddOperator;
    type Path = ();

    fn subject(_path: &()) -> String {
        String::new()
    }

    async fn form(visit: &Visit, _path: &()) -> Result<ActionForm, Failure> {
        let t = visit.t();
        let mut form = ActionForm::new(visit, t.actions.operator_add, "/operators");
        form.lines.push(t.actions.operator_add_text.to_owned());
        form.fields = vec![
            Field {
                max: 100,
                ..Field::required("name", t.actions.operator_name)
            },
            new_role_field(t),
        ];
        Ok(form)
    }

    async fn act(visit: &Visit, _path: &(), by: Operator, input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let role = role_of(input, t)?;
        let added = visit
            .state
            .operators
            .add(by, input.text("name"), role)
            .await;
        let (_, secret) = added.map_err(|error| refuse(error, &t.failures))?;
        Ok(invitation(visit, secret))
    }
}

fn invitation(visit: &Visit, secret: secrecy::SecretString) -> Done {
    use secrecy::ExposeSecret as _;
    Done::Secret {
        text: visit.t().pages.invitation_link.to_owned(),
        secret: format!("{}/link/{}", visit.origin, secret.expose_secret()).into(),
        next: "/operators".to_owned(),
    }
}

struct SetRole;

impl Act for SetRole {
    const ACTION: Action = Action::SetOperatorRole;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let t = visit.t();
        let texts = (t.actions.operator_role_title, t.actions.operator_role_text);
        let (mut form, account) =
            form_about(visit, *id, t.actions.operator_role_change, texts).await?;
        form.fields.push(Field {
            value: account.role.name().to_owned(),
            ..role_field(t)
        });
        form.typed = Some(account.name.to_string());
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let role = role_of(input, t)?;
        let set = visit.state.operators.set_role(by, *id, role).await;
        set.map_err(|error| refuse(error, &t.failures))?;
        Ok(at_operators())
    }
}

struct Reset;

impl Act for Reset {
    const ACTION: Action = Action::ResetOperator;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let texts = (a.operator_reset_title, a.operator_reset_text);
        let (mut form, account) = form_about(visit, *id, a.operator_reset, texts).await?;
        form.typed = Some(account.name.to_string());
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let reset = visit.state.operators.reset(by, *id).await;
        let secret = reset.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(invitation(visit, secret))
    }
}

struct EndSessions;

impl Act for EndSessions {
    const ACTION: Action = Action::EndOperatorSessions;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let texts = (a.operator_sessions_title, a.operator_sessions_text);
        let form = form_about(visit, *id, a.operator_sessions_end, texts).await?;
        Ok(form.0)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let ended = visit.state.operators.end_sessions(by, *id).await;
        ended.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_operators())
    }
}

struct Disable;

impl Act for Disable {
    const ACTION: Action = Action::DisableOperator;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let texts = (a.operator_disable_title, a.operator_disable_text);
        let (form, _) = form_about(visit, *id, a.operator_disable, texts).await?;
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let disabled = visit.state.operators.disable(by, *id).await;
        disabled.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_operators())
    }
}

struct Enable;

impl Act for Enable {
    const ACTION: Action = Action::EnableOperator;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let texts = (a.operator_enable_title, a.operator_enable_text);
        Ok(form_about(visit, *id, a.operator_enable, texts).await?.0)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let enabled = visit.state.operators.enable(by, *id).await;
        enabled.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_operators())
    }
}
