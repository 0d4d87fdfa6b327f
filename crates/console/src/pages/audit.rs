//! The audit log: who did what, from where, and why.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::{Action, AuditFilter, AuditRecord, Role};

use super::list::{ROWS, empty};
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::view::{Cell, Column, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/audit", web::get().to(list));
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewAudit, "").await?;
    let t = visit.t();
    let filter = AuditFilter {
        who: visit.query("who"),
        action: visit.query("action"),
        subject: visit.query("subject"),
    };
    let before = visit.cursor().map(|(id, _)| id);
    let limit = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let records = visit
        .state
        .operators
        .audit_log(filter.clone(), before, limit)
        .await?;
    let mut page = Page::new(t.pages.audit_log_title);
    let text = |name, label, value: Option<String>| Filter::Text {
        name,
        label,
        value: value.unwrap_or_default(),
        hint: "",
    };
    page.is_filtered = [&filter.who, &filter.action, &filter.subject]
        .into_iter()
        .any(Option::is_some);
    page.filters = vec![
        text("who", t.pages.who, filter.who),
        text("action", t.pages.action, filter.action),
        text("subject", t.pages.subject, filter.subject),
    ];
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
    let action = if record.action.starts_with("refused: ") {
        Cell::Badge(record.action.clone(), Tone::Bad)
    } else {
        Cell::Text(record.action.clone())
    };
    let change = if record.before.is_empty() && record.after.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(format!("{} → {}", record.before, record.after))
    };
    Row::new(vec![
        Cell::Number(record.id.to_string()),
        Cell::Time(format::time(record.at)),
        Cell::Text(record.who.clone()),
        text(role),
        text(&record.address),
        action,
        text(&record.subject),
        text(&record.reason),
        change,
    ])
}
