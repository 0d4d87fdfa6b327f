//! Configs: what operators change while the server runs.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::Action;
use qlive_store::audit_log::Operator;

use super::list::empty;
use crate::actions::{Act, ActionForm, Done, Field, FieldKind, register};
use crate::explain::{Refusal, refuse};
use crate::http::{Failure, Input, Visit, html};
use crate::texts::fill;
use crate::view::{Button, Cell, Column, Frame, Page, PageTemplate, Row, Section, Table};

/// The configs that decide about money.
const RATES: [&str; 3] = ["EXCHANGE_RATE", "HOST_RATE", "WITHDRAW_RATE"];

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/configs", web::get().to(list));
    register::<SetConfig>(config, "/configs/{key}/set");
    register::<SetRate>(config, "/configs/{key}/set-rate");
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewConfigs, "").await?;
    let t = visit.t();
    let snapshot = visit.state.services.configs.snapshot().await?;
    let rows = snapshot.all().iter().map(|(key, value)| {
        let (action, path) = if RATES.contains(&key.as_str()) {
            (Action::SetRate, "set-rate")
        } else {
            (Action::SetConfig, "set")
        };
        let button = Button::new(t.actions.config_set, format!("/configs/{key}/{path}"));
        let buttons = visit.session.may(action).then_some(button);
        Row::new(vec![Cell::Code(key.clone()), Cell::Text(shown(value))])
            .with_buttons(buttons.into_iter().collect())
    });
    let mut page = Page::new(t.pages.configs_title);
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![Column::text(t.pages.key), Column::text(t.pages.value)],
        rows: rows.collect(),
        older: None,
        newest: None,
        empty: empty(t, false, ""),
    }));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/configs").await?,
        page,
    })
}

/// A value as it is typed: texts without quotes, the rest as JSON.
fn shown(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

async fn config_form(visit: &Visit, key: &str, is_rate: bool) -> Result<ActionForm, Failure> {
    if RATES.contains(&key) != is_rate {
        return Err(Failure::NotFound);
    }
    let snapshot = visit.state.services.configs.snapshot().await?;
    let value = snapshot
        .all()
        .get(key)
        .map(shown)
        .ok_or(Failure::NotFound)?;
    let a = &visit.t().actions;
    let mut form = ActionForm::new(visit, a.config_set, "/configs");
    form.title = fill(a.config_title, &[key]);
    form.lines.push(fill(a.config_text, &[&value]));
    form.fields.push(Field {
        value,
        max: 10_000,
        is_required: false,
        kind: FieldKind::Area,
        ..Field::required("value", a.value)
    });
    if is_rate {
        form.typed = Some(key.to_owned());
        form.reasons = vec![a.reason_mistake];
        form.is_danger = true;
    }
    Ok(form)
}

async fn set(visit: &Visit, key: &str, by: Operator, input: &Input) -> Result<Done, Refusal> {
    let value = input.text("value").to_owned();
    let set = visit
        .state
        .services
        .configs
        .set(by, key.to_owned(), value)
        .await;
    set.map_err(|error| refuse(error, &visit.t().failures))?;
    Ok(Done::At("/configs".to_owned()))
}

struct SetConfig;

impl Act for SetConfig {
    const ACTION: Action = Action::SetConfig;
    type Path = String;

    fn subject(key: &String) -> String {
        key.clone()
    }

    async fn form(visit: &Visit, key: &String) -> Result<ActionForm, Failure> {
        config_form(visit, key, false).await
    }

    async fn act(
        visit: &Visit,
        key: &String,
        by: Operator,
        input: &Input,
    ) -> Result<Done, Refusal> {
        set(visit, key, by, input).await
    }
}

struct SetRate;

impl Act for SetRate {
    const ACTION: Action = Action::SetRate;
    type Path = String;

    fn subject(key: &String) -> String {
        key.clone()
    }

    async fn form(visit: &Visit, key: &String) -> Result<ActionForm, Failure> {
        config_form(visit, key, true).await
    }

    async fn act(
        visit: &Visit,
        key: &String,
        by: Operator,
        input: &Input,
    ) -> Result<Done, Refusal> {
        set(visit, key, by, input).await
    }
}
