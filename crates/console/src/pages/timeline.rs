//! The timeline of a room: the messages to its group and whether they were delivered, who came,
//! applied and left, and what was written.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_app::{TimelineCursor, TimelineFilter, TimelineList};
use qlive_operators::Action;
use qlive_types::{DAY, LiveId, Moment, UserId};

use super::list::Filters;
use super::rooms::{answer, head};
use super::timeline_table::{everything, timeline_table};
use crate::http::{Failure, Visit};
use crate::view::{Choice, Filter, Section};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/rooms/{id}/timeline", web::get().to(show));
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    let live = LiveId::new(*id);
    let (mut page, _) = head(&visit, live).await?;
    let services = &visit.state.services;
    let mut read = Filters::new(&visit);
    let filter = TimelineFilter {
        list: read.read("kind", |kind| match kind {
            "messages" => Some(TimelineList::Messages),
            "visits" => Some(TimelineList::Events),
            "comments" => Some(TimelineList::Comments),
            _ => None,
        }),
        user: read.read("user", UserId::parse),
        ..everything(&visit)
    };
    let until = read.read("until", Moment::parse_day);
    let before = match (cursor(&visit), until) {
        (Some(before), _) => before,
        (None, Some(day)) => services.timeline_before(live, day.after(DAY)).await?,
        (None, None) => TimelineCursor::LATEST,
    };
    let timeline = services.room_timeline(live, filter, before).await?;
    page.is_filtered = filter.list.is_some() || filter.user.is_some() || until.is_some();
    page.filters = filters(&visit);
    page.sections.extend(read.note());
    let mut table = timeline_table(&visit, &timeline.rows, page.is_filtered).await?;
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

fn filters(visit: &Visit) -> Vec<Filter> {
    let t = visit.t();
    let mut choices = vec![
        Choice::new("", t.frame.all),
        Choice::new("messages", t.pages.kind_messages),
        Choice::new("visits", t.pages.kind_visits),
    ];
    if visit.session.may(Action::ViewComments) {
        choices.push(Choice::new("comments", t.pages.comments));
    }
    vec![
        Filter::Choice {
            name: "kind",
            label: t.pages.kind,
            chosen: visit.query("kind").unwrap_or_default(),
            choices,
        },
        visit.text_filter("user", t.pages.user, ""),
        visit.day_filter("until", t.pages.until_only),
    ]
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
