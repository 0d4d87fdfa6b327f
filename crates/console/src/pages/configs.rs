//! Configs: what operators change while the server runs.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_configs::{default_value, is_rate};
use qlive_operators::{Action, AuditFilter, AuditRecord};
use qlive_store::audit_log::Operator;
use serde_json::Value;

use super::config_fields::{lines_of, read_value, shown, value_fields};
use super::list::{ROWS, empty};
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::review::Review;
use crate::texts::{Texts, fill};
use crate::view::{
    Button, Cell, Column, Fact, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/configs", web::get().to(list))
        .route("/configs/{key}", web::get().to(show));
    register::<SetConfig>(config, "/configs/{key}/set");
    register::<SetRate>(config, "/configs/{key}/set-rate");
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewConfigs, "").await?;
    let t = visit.t();
    let snapshot = visit.state.services.configs.snapshot().await?;
    let rows = snapshot.all().iter().map(|(key, value)| {
        let (action, path) = change_of(key);
        let href = format!("/configs/{key}/{path}");
        let buttons = visit.button(action, t.actions.config_set, href);
        let link = Cell::Link(name(t, key).to_owned(), format!("/configs/{key}"));
        let is_own = meaning(t, key).is_empty();
        let key_cell = if is_own {
            Cell::Empty
        } else {
            Cell::Code(key.clone())
        };
        let cells = vec![link, Cell::Text(summary(t, key, value)), key_cell];
        Row::new(cells).with_buttons(buttons.into_iter().collect())
    });
    let mut page = Page::new(t.pages.configs_title);
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.key),
            Column::text(t.pages.value),
            Column::text(t.pages.key_name),
        ],
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

/// What a config is for; empty for one that is the mini-program's own.
fn meaning(t: &'static Texts, key: &str) -> &'static str {
    match key {
        "PROGRAM_SHARE" => t.configs.program_share,
        "LIVEROOM_SHARE" => t.configs.room_share,
        "INDEX_BANNER" => t.configs.banner,
        "BACKGROUND" => t.configs.background,
        "EXCHANGE_RATE" => t.configs.exchange_rate,
        "HOST_RATE" => t.configs.host_rate,
        "WITHDRAW_RATE" => t.configs.withdraw_rate,
        "FORBIDDEN_WORDS" => t.configs.forbidden_words,
        "AVATAR_BOY" => t.configs.avatar_boy,
        "AVATAR_GIRL" => t.configs.avatar_girl,
        _ => "",
    }
}

/// What a config is called: the beginning of what it is for, or its key.
fn name<'k>(t: &'static Texts, key: &'k str) -> &'k str {
    let meaning: &'static str = meaning(t, key);
    if meaning.is_empty() {
        return key;
    }
    let name = meaning.split_once(['：', ':']);
    name.map_or(meaning, |(name, _)| name)
}

/// A value in a list: words or titles of cards beside each other, and nothing as such.
fn summary(t: &'static Texts, key: &str, value: &Value) -> String {
    if is_nothing(value) {
        return t.configs.nothing.to_owned();
    }
    let word = |item: &Value| match (key, item) {
        ("FORBIDDEN_WORDS", word) => Some(shown(word)),
        ("PROGRAM_SHARE" | "LIVEROOM_SHARE", card) => {
            let title = card.get("title")?.as_str()?;
            Some(title.to_owned()).filter(|title| !title.is_empty())
        }
        _ => None,
    };
    let items = value.as_array();
    let words: Option<Vec<String>> = items.and_then(|items| items.iter().map(word).collect());
    words.map_or_else(|| shown(value), |words| words.join(t.pages.list_comma))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A config with everything that it was: each earlier value can be set again.
async fn show(visit: Visit, key: Path<String>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewConfigs, &key).await?;
    let t = visit.t();
    let snapshot = visit.state.services.configs.snapshot().await?;
    let value = snapshot.all().get(key.as_str());
    let value = value.ok_or(Failure::NotFound)?;
    let value = if is_nothing(value) {
        t.configs.nothing.to_owned()
    } else {
        lines_of(&key, value)
    };
    let (action, path) = change_of(&key);
    let mut page = Page::new(name(t, &key));
    page.back = Some((t.pages.configs_title.to_owned(), "/configs".to_owned()));
    let meaning = meaning(t, &key);
    if !meaning.is_empty() {
        page.lead = key.clone();
    }
    if meaning != page.title && !meaning.is_empty() {
        page.sections.push(Section::Note {
            text: meaning.to_owned(),
            tone: Tone::Plain,
        });
    }
    page.sections.push(Section::Facts {
        title: "",
        facts: vec![Fact {
            label: t.pages.value,
            value: Cell::Text(value),
        }],
    });
    let href = format!("/configs/{key}/{path}");
    page.buttons
        .extend(visit.button(action, t.actions.config_set, href));
    page.sections
        .push(Section::Table(history(&visit, &key).await?));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/configs").await?,
        page,
    })
}

/// What a config was before, with buttons that set it again.
async fn history(visit: &Visit, key: &str) -> Result<Table, Failure> {
    let t = visit.t();
    let (action, path) = change_of(key);
    let may_change = visit.session.may(action);
    let filter = AuditFilter {
        subject: Some(key.to_owned()),
        ..AuditFilter::default()
    };
    let before = visit.cursor().map(|(id, _)| id);
    let limit = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let records = visit
        .state
        .operators
        .audit_log(filter, before, limit)
        .await?;
    let row = |record: &AuditRecord| {
        let old = stored(&record.before);
        let again = serde_urlencoded::to_string([("value", old.as_str())]);
        let href = format!("/configs/{key}/{path}?{}", again.unwrap_or_default());
        let button = Button::new(t.actions.config_restore, href);
        let can_restore = may_change && !record.before.is_empty();
        Row::new(vec![
            Cell::Time(format::time(record.at)),
            Cell::Text(record.who.clone()),
            Cell::Text(record.reason.clone()),
            Cell::Text(old),
            Cell::Text(stored(&record.after)),
        ])
        .with_buttons(can_restore.then_some(button).into_iter().collect())
    };
    Ok(Table {
        caption: t.pages.history.to_owned(),
        columns: vec![
            Column::text(t.pages.time),
            Column::text(t.pages.who),
            Column::text(t.pages.reason),
            Column::text(t.pages.before),
            Column::text(t.pages.after),
        ],
        rows: records.iter().map(row).collect(),
        older: visit.older(&records, |record| record.id.to_string()),
        newest: visit.newest(),
        empty: empty(t, false, t.pages.no_history),
    })
}

/// A value of the audit log as it is typed.
fn stored(text: &str) -> String {
    serde_json::from_str(text).map_or_else(|_not_json| text.to_owned(), |value| shown(&value))
}

/// The action that changes a config, and the end of its path.
fn change_of(key: &str) -> (Action, &'static str) {
    if is_rate(key) {
        (Action::SetRate, "set-rate")
    } else {
        (Action::SetConfig, "set")
    }
}

/// A value of the history, in a link.
fn earlier_value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Array(_) | Value::Object(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

async fn config_form(visit: &Visit, key: &str, wants_rate: bool) -> Result<ActionForm, Failure> {
    if is_rate(key) != wants_rate {
        return Err(Failure::NotFound);
    }
    let snapshot = visit.state.services.configs.snapshot().await?;
    let now = snapshot.all().get(key).ok_or(Failure::NotFound)?;
    let (t, a) = (visit.t(), &visit.t().actions);
    let mut form = ActionForm::new(visit, a.config_set, format!("/configs/{key}"));
    form.title = fill(a.config_title, &[name(t, key)]);
    let meaning = meaning(t, key);
    form.lines = vec![meaning.to_owned(), a.config_text.to_owned()];
    form.lines.retain(|line| *line != name(t, key));
    if let Some(default) = default_value(key).map(|value| shown(&value)) {
        let default = if ["", "[]", "{}"].contains(&default.as_str()) {
            t.configs.nothing
        } else {
            &default
        };
        form.lines.push(fill(t.configs.default_is, &[default]));
    }
    form.lines.retain(|line| !line.is_empty());
    // An earlier value that is to be set again, or the one that it has.
    let earlier = visit.query("value").map(|text| earlier_value(&text));
    form.fields = value_fields(t, key, earlier.as_ref().unwrap_or(now));
    form.action.clone_from(&visit.path);
    if wants_rate {
        form.typed = Some(key.to_owned());
        form.reasons = vec![a.reason_mistake];
    }
    Ok(form)
}

/// What the fields of a form make, and the value that the config has.
async fn read(visit: &Visit, key: &str, input: &Input) -> Result<(String, Value), Refusal> {
    let t = &visit.t().failures;
    let typed = read_value(key, input);
    let typed = typed.map_err(|field| Refusal::Explained(fill(t.bad_field, &[field])))?;
    let snapshot = visit.state.services.configs.snapshot().await;
    let snapshot = snapshot.map_err(|error| refuse(error, t))?;
    let now = snapshot.all().get(key).cloned().unwrap_or_default();
    Ok((typed, now))
}

async fn review(visit: &Visit, key: &str, input: &Input) -> Result<Review, Refusal> {
    let t = &visit.t().failures;
    let (typed, now) = read(visit, key, input).await?;
    let parsed = visit.state.services.configs.preview(key, &typed).await;
    let parsed = parsed.map_err(|error| refuse(error, t))?;
    Review::of(&lines_of(key, &now), &lines_of(key, &parsed))
        .ok_or_else(|| Refusal::Explained(t.same_value.to_owned()))
}

async fn set(visit: &Visit, key: &str, by: Operator, input: &Input) -> Result<Done, Refusal> {
    let t = &visit.t().failures;
    let (value, now) = read(visit, key, input).await?;
    // What is replaced is what the operator saw.
    if Review::name_of(&lines_of(key, &now)) != input.text("seen") {
        return Err(Refusal::Explained(t.changed_meanwhile.to_owned()));
    }
    let configs = &visit.state.services.configs;
    let set = configs.replace(by, key.to_owned(), now, value).await;
    set.map_err(|error| refuse(error, t))?;
    Ok(Done::At(format!("/configs/{key}")))
}

struct SetConfig;

impl Act for SetConfig {
    const ACTION: Action = Action::SetConfig;
    type Path = String;
    const IS_REVIEWED: bool = true;

    fn subject(key: &String) -> String {
        key.clone()
    }

    async fn form(visit: &Visit, key: &String) -> Result<ActionForm, Failure> {
        config_form(visit, key, false).await
    }

    async fn review(visit: &Visit, key: &String, input: &Input) -> Result<Review, Refusal> {
        review(visit, key, input).await
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
    const IS_REVIEWED: bool = true;

    fn subject(key: &String) -> String {
        key.clone()
    }

    async fn form(visit: &Visit, key: &String) -> Result<ActionForm, Failure> {
        config_form(visit, key, true).await
    }

    async fn review(visit: &Visit, key: &String, input: &Input) -> Result<Review, Refusal> {
        review(visit, key, input).await
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
