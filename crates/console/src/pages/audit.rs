//! The audit log: who did what, from where, and why.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::{Action, AuditFilter, AuditRecord, Role};
use qlive_types::{DAY, Moment, UserId};

use super::list::{Filters, ROWS, empty};
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::{Texts, action_label, fill, record_label};
use crate::view::{
    Cell, Choice, Column, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

/// How the audit log begins the name of an action that was refused.
const REFUSED: &str = "refused: ";

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/audit", web::get().to(list));
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewAudit, "").await?;
    let t = visit.t();
    let mut read = Filters::new(&visit);
    let until = read.read("until", Moment::parse_day);
    let filter = AuditFilter {
        who: visit.query("who"),
        action: visit.query("action"),
        subject: visit.query("subject"),
        until: until.map(|day| day.after(DAY)),
    };
    let before = visit.cursor().map(|(id, _)| id);
    let limit = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let records = visit
        .state
        .operators
        .audit_log(filter.clone(), before, limit)
        .await?;
    let mut page = Page::new(t.pages.audit_log_title);
    let export = visit.button(Action::ExportList, t.actions.export, "/export/audit");
    page.buttons = export.into_iter().collect();
    page.is_filtered = [&filter.who, &filter.action, &filter.subject]
        .into_iter()
        .any(Option::is_some)
        || filter.until.is_some();
    let recorded = visit.state.operators.recorded_actions().await?;
    page.filters = filters(&visit, filter, recorded);
    page.sections.extend(read.note());
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::number(t.pages.id),
            Column::text(t.pages.time),
            Column::text(t.pages.who),
            Column::text(t.pages.role),
            Column::text(t.pages.address),
            Column::text(t.pages.action),
            Column::text(t.pages.subject),
            Column::text(t.pages.reason),
            Column::text(t.pages.before_after),
        ],
        rows: records.iter().map(|record| row(&visit, record)).collect(),
        older: visit.older(&records, |record| record.id.to_string()),
        newest: visit.newest(),
        empty: empty(t, page.is_filtered, t.pages.no_audit),
    }));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/audit").await?,
        page,
    })
}

fn filters(visit: &Visit, filter: AuditFilter, recorded: Vec<String>) -> Vec<Filter> {
    let t = visit.t();
    let text = |name, label, value: Option<String>| Filter::Text {
        name,
        label,
        value: value.unwrap_or_default(),
        hint: "",
    };
    let mut choices = vec![Choice::new("", t.frame.all)];
    let chosen = filter.action.unwrap_or_default();
    if !chosen.is_empty() && !recorded.contains(&chosen) {
        choices.push(Choice::new(chosen.clone(), action_name(visit, &chosen)));
    }
    choices.extend(recorded.into_iter().map(|name| {
        let label = action_name(visit, &name);
        Choice::new(name, label)
    }));
    vec![
        text("who", t.pages.who, filter.who),
        Filter::Choice {
            name: "action",
            label: t.pages.action,
            chosen,
            choices,
        },
        text("subject", t.pages.subject, filter.subject),
        visit.day_filter("until", t.pages.until_only),
    ]
}

fn row(visit: &Visit, record: &AuditRecord) -> Row {
    let t = visit.t();
    let role = Role::parse(&record.role).map_or("", |role| t.values.role(role));
    let text = |text: &str| {
        if text.is_empty() {
            Cell::Empty
        } else {
            Cell::Text(text.to_owned())
        }
    };
    let name = action_name(visit, &record.action);
    let action = if record.action.starts_with(REFUSED) {
        Cell::Badge(name, Tone::Bad)
    } else {
        Cell::Text(name)
    };
    let change = if record.before.is_empty() && record.after.is_empty() {
        Cell::Empty
    } else {
        let [before, after] = [&record.before, &record.after].map(|value| value_name(t, value));
        Cell::Text(format!("{before} → {after}"))
    };
    Row::new(vec![
        Cell::Number(record.id.to_string()),
        Cell::Time(format::time(record.at)),
        Cell::Text(record.who.clone()),
        text(role),
        text(&record.address),
        action,
        subject_cell(record),
        text(&record.reason),
        change,
    ])
}

/// What a record is about, and where that is.
fn subject_cell(record: &AuditRecord) -> Cell {
    let subject = record.subject.as_str();
    let action = record
        .action
        .strip_prefix(REFUSED)
        .unwrap_or(&record.action);
    let object = action.split(' ').next().unwrap_or_default();
    let is_number = !subject.is_empty() && subject.bytes().all(|byte| byte.is_ascii_digit());
    let path = match object {
        "users" if UserId::parse(subject).is_some() => "/users",
        "withdrawals" if is_number => "/withdrawals",
        "rooms" if is_number => "/rooms",
        // What was done is recorded with the name, what was refused with the number.
        "operators" if is_number && record.action.starts_with(REFUSED) => "/operators",
        "configs" if !subject.is_empty() => "/configs",
        "orders" if is_order_number(subject) => "/orders",
        "ledger" if is_number => "/ledger",
        _ if subject.is_empty() => return Cell::Empty,
        _ => return Cell::Text(subject.to_owned()),
    };
    Cell::Link(subject.to_owned(), format!("{path}/{subject}"))
}

/// Whether a subject is the number of an order, and no day or sentence.
fn is_order_number(subject: &str) -> bool {
    subject.len() > 20 && subject.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What a recorded value is called: the end of a ban or a mute, or a role. Others are shown as they
/// are stored.
fn value_name(t: &'static Texts, recorded: &str) -> String {
    if let Some(end) = recorded.strip_prefix("until ") {
        return fill(t.pages.until, &[&end.replace('T', " ")]);
    }
    let role = Role::parse(recorded).map(|role| t.values.role(role));
    match recorded {
        "for ever" => t.pages.permanent,
        "matchmaker" => t.values.matchmaker,
        "guest" => t.values.guest,
        other => role.unwrap_or(other),
    }
    .to_owned()
}

/// What a recorded action is called. A name that is not known, perhaps of a later version, is shown
/// as it is.
fn action_name(visit: &Visit, recorded: &str) -> String {
    let named = |name: &str| {
        let action = Action::ALL.iter().find(|action| action.name() == name);
        let label = action.map(|action| action_label(visit.lang, *action));
        let label = label.or_else(|| record_label(visit.lang, name));
        label.unwrap_or(name).to_owned()
    };
    match recorded.strip_prefix(REFUSED) {
        Some(name) => fill(visit.t().pages.refused_action, &[&named(name)]),
        None => named(recorded),
    }
}
