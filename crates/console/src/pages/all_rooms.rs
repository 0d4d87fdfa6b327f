//! All rooms, live or not.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::Action;
use qlive_rooms::ListedRoom;
use qlive_types::LiveId;

use super::list::{empty, user_link};
use super::rooms::room_link;
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Frame, Page, PageTemplate, Row, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/rooms", web::get().to(list));
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewRooms, "").await?;
    let t = visit.t();
    let before = visit.cursor().map(|(room, _)| LiveId::new(room));
    let rooms = visit.state.services.rooms.all_rooms(before).await?;
    let mut page = Page::new(t.pages.rooms_title);
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.cover),
            Column::text(t.pages.room),
            Column::text(t.pages.host),
            Column::text(t.pages.state),
            Column::text(t.pages.last_ended),
            Column::text(t.pages.created),
        ],
        rows: rooms.iter().map(|room| row(t, room)).collect(),
        older: visit.older(&rooms, |room| room.live.to_string()),
        newest: visit.newest(),
        empty: empty(t, false, t.pages.no_rooms_at_all),
    }));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/rooms").await?,
        page,
    })
}

fn row(t: &'static Texts, room: &ListedRoom) -> Row {
    let state = room.live_since.map_or_else(
        || Cell::Badge(t.pages.not_live.to_owned(), Tone::Quiet),
        |since| {
            let text = fill(t.pages.started, &[&format::time(since)]);
            Cell::Badge(text, Tone::Good)
        },
    );
    let ended = room
        .last_ended
        .map_or(Cell::Empty, |ended| Cell::Time(format::time(ended)));
    Row::new(vec![
        Cell::face(&room.cover),
        room_link(t, room.live),
        user_link(room.host, Some(&room.host_nickname)),
        state,
        ended,
        Cell::Time(format::time(room.created_at)),
    ])
}
