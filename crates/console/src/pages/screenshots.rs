//! Moderation: screenshots of streams that CSS does not pass.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::Action;
use qlive_rooms::{Screenshot, ScreenshotFilter};

use super::judgement::judged_as;
use super::list::{Names, empty, end_path};
use super::reviews::Review;
use super::rooms::room_link;
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::view::{
    Cell, Choice, Column, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/screenshots", web::get().to(list));
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewScreenshots, "").await?;
    let t = visit.t();
    let which = visit.query("which").unwrap_or_default();
    let (filter, none) = if which == "all" {
        (ScreenshotFilter::All, t.pages.no_judged_screenshots)
    } else {
        (ScreenshotFilter::Open, t.pages.no_open_screenshots)
    };
    let before = visit.cursor().map(|(id, _)| id);
    let rooms = &visit.state.services.rooms;
    let found = rooms.screenshots(filter, before).await?;
    let names = Names::of(&visit, found.iter().map(|shot| shot.user)).await?;
    let mut page = Page::new(t.pages.screenshots_title);
    page.filters.push(Filter::Choice {
        name: "which",
        label: t.pages.which,
        chosen: which,
        choices: vec![
            Choice::new("", t.pages.open_only),
            Choice::new("all", t.frame.all),
        ],
    });
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.picture),
            Column::text(t.pages.time),
            Column::text(t.pages.user),
            Column::text(t.pages.room),
            Column::text(t.pages.judgement),
            Column::text(t.pages.state),
        ],
        rows: found.iter().map(|shot| row(&visit, shot, &names)).collect(),
        older: visit.older(&found, |shot| shot.id.to_string()),
        newest: visit.newest(),
        empty: empty(t, false, none),
    }));
    page.choosing = Review::Screenshots.choosing(&visit);
    html(&PageTemplate {
        frame: Frame::new(&visit, "/screenshots").await?,
        page,
    })
}

fn row(visit: &Visit, shot: &Screenshot, names: &Names) -> Row {
    let t = visit.t();
    let is_open = shot.closed_at.is_none();
    let state = if is_open {
        Cell::Badge(t.pages.report_open.to_owned(), Tone::Warn)
    } else {
        Cell::Text(format!("{}: {}", shot.closed_by, shot.decision))
    };
    let tone = if shot.is_blocked {
        Tone::Bad
    } else {
        Tone::Warn
    };
    let judgement = Cell::Badge(judged_as(t, shot), tone);
    let room = shot.live.map_or(Cell::Empty, |live| room_link(t, live));
    let mut row = Row::new(vec![
        Cell::picture(shot.url.as_deref().unwrap_or_default()),
        Cell::Time(format::time(shot.at)),
        names.link(shot.user),
        room,
        judgement,
        state,
    ]);
    Review::Screenshots.offer(visit, &mut row, (shot.id, shot.user), is_open);
    if let Some(live) = shot.live.filter(|_| is_open) {
        let href = end_path(live, shot.at);
        let end = visit.button(Action::EndBroadcast, t.actions.end, href);
        row.buttons.extend(end);
    }
    row
}
