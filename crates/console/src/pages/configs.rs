//! Configs: what operators change while the server runs.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_configs::{ValueType, is_rate, value_type};
use qlive_operators::{Action, AuditFilter, AuditRecord};
use qlive_store::audit_log::Operator;
use serde_json::Value;

use super::list::{ROWS, empty};
use crate::actions::{Act, ActionForm, Done, Field, FieldKind, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Button, Cell, Column, Frame, Page, PageTemplate, Row, Section, Table, Tone};

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
        let link = Cell::Link(key.clone(), format!("/configs/{key}"));
        let value = match shown(value) {
            empty if empty.is_empty() => Cell::Empty,
            value => Cell::Text(value),
        };
        let meaning = meaning(t, key).to_owned();
        Row::new(vec![link, Cell::Text(meaning), value]).with_buttons(buttons.into_iter().collect())
    });
    let mut page = Page::new(t.pages.configs_title);
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.key),
            Column::text(t.pages.meaning),
            Column::text(t.pages.value),
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

/// A config with everything that it was: each earlier value can be set again.
async fn show(visit: Visit, key: Path<String>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewConfigs, &key).await?;
    let t = visit.t();
    let snapshot = visit.state.services.configs.snapshot().await?;
    let value = snapshot.all().get(key.as_str()).map(shown);
    let value = value.ok_or(Failure::NotFound)?;
    let (action, path) = change_of(&key);
    let mut page = Page::new(key.clone());
    page.back = Some((t.pages.configs_title.to_owned(), "/configs".to_owned()));
    page.lead = value;
    let meaning = meaning(t, &key);
    if !meaning.is_empty() {
        page.sections.push(Section::Note {
            text: meaning.to_owned(),
            tone: Tone::Plain,
        });
    }
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

/// A value as it is typed: texts without quotes, the rest as JSON.
fn shown(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

async fn config_form(visit: &Visit, key: &str, wants_rate: bool) -> Result<ActionForm, Failure> {
    if is_rate(key) != wants_rate {
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
    // An earlier value that is to be set again, or the one that it has.
    form.fields.push(value_field(
        visit,
        key,
        visit.query("value").unwrap_or(value),
    ));
    if wants_rate {
        form.typed = Some(key.to_owned());
        form.reasons = vec![a.reason_mistake];
    }
    Ok(form)
}

/// The field for a value: words are written one a line, what is not JSON on one line.
fn value_field(visit: &Visit, key: &str, value: String) -> Field {
    let a = &visit.t().actions;
    let field = Field {
        max: 10_000,
        is_required: false,
        ..Field::required("value", a.value)
    };
    match value_type(key) {
        Some(ValueType::Words) => Field {
            value: words_as_lines(&value).unwrap_or(value),
            kind: FieldKind::Area,
            hint: a.words_hint.to_owned(),
            ..field
        },
        Some(ValueType::Rate | ValueType::Address) => Field { value, ..field },
        Some(ValueType::List | ValueType::Object) => Field {
            value,
            kind: FieldKind::Area,
            hint: a.json_hint.to_owned(),
            ..field
        },
        None => Field {
            value,
            kind: FieldKind::Area,
            ..field
        },
    }
}

/// The words of a JSON array, one a line. Digits may be stored as a number.
fn words_as_lines(value: &str) -> Option<String> {
    let words: Vec<Value> = serde_json::from_str(value).ok()?;
    let written = |word: &Value| {
        word.as_str()
            .map_or_else(|| word.to_string(), str::to_owned)
    };
    Some(words.iter().map(written).collect::<Vec<_>>().join("\n"))
}

/// The JSON array of the words in these lines.
fn lines_as_words(lines: &str) -> String {
    let words = lines.lines().map(str::trim).filter(|word| !word.is_empty());
    serde_json::json!(words.collect::<Vec<_>>()).to_string()
}

async fn set(visit: &Visit, key: &str, by: Operator, input: &Input) -> Result<Done, Refusal> {
    let typed = input.text("value");
    let value = match value_type(key) {
        Some(ValueType::Words) => lines_as_words(typed),
        _ => typed.to_owned(),
    };
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
