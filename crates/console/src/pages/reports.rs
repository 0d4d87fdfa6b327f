//! Reports of users about users: the queue, and its decisions.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_operators::Action;
use qlive_users::{Report, ReportFilter, ReportKind};

use super::list::{Names, empty};
use super::reviews::Review;
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{
    Cell, Choice, Column, Fact, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/reports", web::get().to(list))
        .route("/reports/{id}", web::get().to(show));
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewReports, "").await?;
    let t = visit.t();
    let which = visit.query("which").unwrap_or_default();
    let filter = if which == "all" {
        ReportFilter::All
    } else {
        ReportFilter::Open
    };
    let before = visit.cursor().map(|(id, _)| id);
    let found = visit.state.services.users.reports(filter, before).await?;
    let mut page = Page::new(t.pages.reports_title);
    page.filters.push(Filter::Choice {
        name: "which",
        label: t.pages.which,
        chosen: which,
        choices: vec![
            Choice::new("", t.pages.open_only),
            Choice::new("all", t.frame.all),
        ],
    });
    let mut table = reports_table(&visit, &found).await?;
    for (row, report) in table.rows.iter_mut().zip(&found) {
        let case = (report.id, report.user);
        Review::Reports.offer(&visit, row, case, report.closed_at.is_none());
    }
    page.choosing = Review::Reports.choosing(&visit);
    table.older = visit.older(&found, |report| report.id.to_string());
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/reports").await?,
        page,
    })
}

/// A table of reports.
pub(super) async fn reports_table(visit: &Visit, found: &[Report]) -> Result<Table, Failure> {
    let t = visit.t();
    let people = found
        .iter()
        .flat_map(|report| [report.user, report.reporter]);
    let names = Names::of(visit, people).await?;
    let row = |report: &Report| {
        let (state, tone) = state_of(t, report);
        Row::new(vec![
            Cell::Link(
                fill(t.pages.report_title, &[&report.id.to_string()]),
                format!("/reports/{}", report.id),
            ),
            Cell::Time(format::time(report.created_at)),
            Cell::Text(kind_name(t, report.kind).to_owned()),
            names.link(report.user),
            names.link(report.reporter),
            Cell::Text(report.text.clone()),
            Cell::Badge(state.to_owned(), tone),
        ])
    };
    Ok(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.id),
            Column::text(t.pages.time),
            Column::text(t.pages.kind),
            Column::text(t.pages.reported),
            Column::text(t.pages.reporter),
            Column::text(t.pages.report_text),
            Column::text(t.pages.state),
        ],
        rows: found.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_reports),
    })
}

const fn state_of(t: &'static Texts, report: &Report) -> (&'static str, Tone) {
    if report.closed_at.is_some() {
        (t.pages.report_closed, Tone::Quiet)
    } else {
        (t.pages.report_open, Tone::Warn)
    }
}

const fn kind_name(t: &'static Texts, kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Fraud => t.pages.fraud,
        ReportKind::Abuse => t.pages.abuse,
        ReportKind::Minor => t.pages.minor,
        ReportKind::Other => t.pages.other_kind,
    }
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewReports, &id.to_string()).await?;
    let t = visit.t();
    let users = &visit.state.services.users;
    let report = users.find_report(*id).await?;
    let mut page = Page::new(fill(t.pages.report_title, &[&id.to_string()]));
    let (state, tone) = state_of(t, &report);
    page.badges.push((state.to_owned(), tone));
    kind_name(t, report.kind).clone_into(&mut page.lead);
    let case = (report.id, report.user);
    let is_open = report.closed_at.is_none();
    page.buttons = Review::Reports.decisions(&visit, case, is_open);
    page.back = Some((t.pages.reports_title.to_owned(), "/reports".to_owned()));
    page.sections.push(facts(&visit, &report).await?);
    let mut others = users
        .reports(ReportFilter::About(report.user), None)
        .await?;
    others.retain(|other| other.id != report.id);
    let mut table = reports_table(&visit, &others).await?;
    t.pages.other_reports.clone_into(&mut table.caption);
    t.pages.no_other_reports.clone_into(&mut table.empty.text);
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/reports").await?,
        page,
    })
}

async fn facts(visit: &Visit, report: &Report) -> Result<Section, Failure> {
    let t = visit.t();
    let users = &visit.state.services.users;
    let mut person = Vec::new();
    for user in [report.user, report.reporter] {
        let profile = users.profile(user).await?;
        let text = format!("{} {user}", profile.nickname);
        person.push(Cell::Link(text, format!("/users/{user}")));
    }
    let reporter = person.pop().unwrap_or(Cell::Empty);
    let reported = person.pop().unwrap_or(Cell::Empty);
    let room = report.live.map_or(Cell::Empty, |live| {
        Cell::Link(live.to_string(), format!("/rooms/{live}"))
    });
    let text = |text: &str| {
        if text.is_empty() {
            Cell::Empty
        } else {
            Cell::Text(text.to_owned())
        }
    };
    let facts = [
        (t.pages.reported, reported),
        (t.pages.reporter, reporter),
        (t.pages.time, Cell::Time(format::time(report.created_at))),
        (t.pages.room, room),
        (t.pages.report_text, text(&report.text)),
        (t.pages.closed_by, text(&report.closed_by)),
        (t.pages.decision, text(&report.decision)),
    ];
    Ok(Section::Facts {
        title: "",
        facts: facts
            .into_iter()
            .map(|(label, value)| Fact { label, value })
            .collect(),
    })
}
