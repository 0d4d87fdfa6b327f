//! Moderation: screenshots of streams that CSS does not pass.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::Action;
use qlive_rooms::{Screenshot, ScreenshotFilter};
use qlive_store::audit_log::Operator;

use super::list::{Names, empty};
use super::reviews::{Review, act_on, chosen, read_ids};
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::Refusal;
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{
    Cell, Choice, Column, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/screenshots", web::get().to(list));
    config.route("/screenshots/close", web::get().to(chosen));
    register::<Close>(config, "/screenshots/{ids}/close");
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
    if found.iter().any(|shot| shot.closed_at.is_none()) {
        page.choosing = Review::Screenshots.choosing(&visit);
    }
    html(&PageTemplate {
        frame: Frame::new(&visit, "/screenshots").await?,
        page,
    })
}

fn row(visit: &Visit, shot: &Screenshot, names: &Names) -> Row {
    let t = visit.t();
    let user = shot.user.to_string();
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
    let mut buttons = act_on(
        visit,
        &user,
        [
            (Action::WarnUser, t.actions.warn, "warn"),
            (Action::BanUser, t.actions.ban, "ban"),
        ],
        is_open.then(|| Review::Screenshots.closes(shot.id)),
    );
    let close = is_open.then(|| Review::Screenshots.close_button(visit, shot.id));
    let close = close.flatten();
    let id = close.as_ref().map(|_may| shot.id);
    buttons.extend(close);
    let room = shot.live.map_or(Cell::Empty, |live| {
        Cell::Link(live.to_string(), format!("/rooms/{live}"))
    });
    let row = Row::new(vec![
        Cell::picture(shot.url.as_deref().unwrap_or_default()),
        Cell::Time(format::time(shot.at)),
        names.link(shot.user),
        room,
        judgement,
        state,
    ]);
    Row {
        id,
        ..row.with_buttons(buttons)
    }
}

/// What CSS sees in a screenshot, and what it suggests.
fn judged_as(t: &'static Texts, shot: &Screenshot) -> String {
    let suggestion = if shot.is_blocked {
        t.pages.suggests_block
    } else {
        t.pages.suggests_review
    };
    let (label, _) = shot.label.split_once('/').unwrap_or((&shot.label, ""));
    let named = match label {
        "Porn" => t.values.shows_porn,
        "Sexy" => t.values.shows_sexy,
        "Polity" => t.values.shows_politics,
        "Terror" => t.values.shows_terror,
        "Illegal" => t.values.shows_crime,
        "Abuse" => t.values.shows_abuse,
        "Ad" => t.values.shows_ad,
        _ => &shot.label,
    };
    fill(suggestion, &[named, &shot.score.to_string()])
}

struct Close;

impl Act for Close {
    const ACTION: Action = Action::CloseScreenshot;
    type Path = String;

    fn subject(ids: &String) -> String {
        ids.clone()
    }

    async fn form(visit: &Visit, ids: &String) -> Result<ActionForm, Failure> {
        let ids = read_ids(ids)?;
        let a = &visit.t().actions;
        let mut title = String::new();
        let mut lines = Vec::new();
        for id in &ids {
            let shot = visit.state.services.rooms.screenshot(*id).await?;
            title = fill(a.close_screenshot_title, &[&shot.user.to_string()]);
            lines.push(format!("{}: {}", shot.user, judged_as(visit.t(), &shot)));
        }
        lines.push(a.close_screenshot_text.to_owned());
        let form = Review::Screenshots.form(visit, &ids, title);
        Ok(ActionForm { lines, ..form })
    }

    async fn act(
        visit: &Visit,
        ids: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let ids = read_ids(ids).map_err(Refusal::Failure)?;
        Review::Screenshots.close(visit, by, ids).await?;
        Ok(Done::At(Review::Screenshots.path().to_owned()))
    }
}
