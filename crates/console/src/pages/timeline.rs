//! The timeline of a room: the messages to its group and whether they were delivered, who came,
//! applied and left, and what was written.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_app::TimelineCursor;
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
    let before = cursor(&visit).unwrap_or(TimelineCursor::LATEST);
    let timeline = visit.state.services.room_timeline(live, before).await?;
    let mut table = timeline_table(&visit, &timeline.rows).await?;
    table.older = timeline.next.map(|next| {
        let TimelineCursor {
            message,
            event,
            comment,
        } = next;
        visit.with_query("after", Some(&format!("{message}.{event}.{comment}")))
    });
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    answer(&visit, page).await
}

/// The cursor of the timeline: the numbers of its three lists, separated by dots.
fn cursor(visit: &Visit) -> Option<TimelineCursor> {
    let (message, rest) = visit.cursor()?;
    let (event, comment) = rest.split_once('.')?;
    Some(TimelineCursor {
        message,
        event: event.parse().ok()?,
        comment: comment.parse().ok()?,
    })
}
