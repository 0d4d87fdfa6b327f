//! The timeline of a room: the messages to its group, and whether they were delivered.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_types::LiveId;

use super::rooms::{answer, head};
use super::timeline_table::timeline_table;
use crate::http::{Failure, Visit};
use crate::view::Section;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/rooms/{id}/timeline", web::get().to(show));
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    let live = LiveId::new(*id);
    let (mut page, _) = head(&visit, live).await?;
    let before = visit.cursor().map(|(seq, _)| seq);
    let outbox = &visit.state.services.outbox;
    let messages = outbox.room_messages(live, before).await?;
    let mut table = timeline_table(visit.t(), &messages);
    table.older = visit.older(&messages, |message| message.seq.to_string());
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    answer(&visit, page).await
}
