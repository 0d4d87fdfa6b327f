//! The table of a room's timeline.

use qlive_app::{Happened, TimelineFilter};
use qlive_operators::Action;
use qlive_outbox::{RoomMessage, Status};
use qlive_rooms::{Comment, RoomEventKind};
use qlive_types::UserId;
use serde_json::Value;

use super::list::{Names, empty};
use crate::format;
use crate::http::{Failure, Visit};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Row, Table, Tone};

/// All that this operator may see. What people write is for those who may read comments.
pub(super) fn everything(visit: &Visit) -> TimelineFilter {
    TimelineFilter {
        hides_comments: !visit.session.may(Action::ViewComments),
        ..TimelineFilter::default()
    }
}

/// The table of what happened.
pub(super) async fn timeline_table(
    visit: &Visit,
    happened: &[Happened],
    is_filtered: bool,
) -> Result<Table, Failure> {
    let t = visit.t();
    let names = Names::of(visit, happened.iter().filter_map(who)).await?;
    Ok(Table {
        caption: t.pages.timeline.to_owned(),
        columns: vec![
            Column::text(t.pages.time),
            Column::text(t.pages.user),
            Column::text(t.pages.happened),
            Column::text(t.pages.is_delivered),
        ],
        rows: happened.iter().map(|one| row(t, one, &names)).collect(),
        older: None,
        newest: None,
        empty: empty(t, is_filtered, t.pages.no_timeline),
    })
}

fn row(t: &'static Texts, happened: &Happened, names: &Names) -> Row {
    let who = who(happened).map_or(Cell::Empty, |user| names.link(user));
    let (what, state) = match happened {
        Happened::Message(message) => {
            let (status, tone) = status_of(t, message.status);
            let state = Cell::Badge(status.to_owned(), tone);
            (message_text(t, &message.message), state)
        }
        Happened::Event(event) => (event_text(t, event.kind).to_owned(), Cell::Empty),
        Happened::Comment(comment) => {
            let what = fill(t.pages.comment_written, &[&comment.text]);
            (what, comment_state(t, comment))
        }
    };
    let time = Cell::Time(format::time(happened.at()));
    Row::new(vec![time, who, Cell::Text(what), state])
}

/// Who did it, or to whom it happened.
fn who(happened: &Happened) -> Option<UserId> {
    match happened {
        Happened::Message(RoomMessage { message, .. }) => {
            let user = message.pointer("/content/user_id")?.as_str()?;
            UserId::parse(user)
        }
        Happened::Event(event) => Some(event.user),
        Happened::Comment(comment) => Some(comment.user),
    }
}

fn comment_state(t: &'static Texts, comment: &Comment) -> Cell {
    comment.word.as_ref().map_or(Cell::Empty, |word| {
        Cell::Badge(fill(t.pages.comment_refused, &[word]), Tone::Warn)
    })
}

/// A message in words.
fn message_text(t: &'static Texts, message: &Value) -> String {
    let text = |name: &str| match message.pointer(&format!("/content/{name}")) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    let kind = message.get("type").and_then(Value::as_str);
    match (kind, text("content_type").as_str()) {
        (Some("reset"), "off") => t.pages.seat_freed.to_owned(),
        (Some("reset"), _) => t.pages.seat_taken.to_owned(),
        (Some("gift"), _) => fill(
            t.pages.gift_shown,
            &[&text("to_nickname"), &text("gift_title"), &text("gift_num")],
        ),
        (Some("over"), _) => t.pages.broadcast_over.to_owned(),
        _ => message.to_string(),
    }
}

/// An event in words.
pub(super) const fn event_text(t: &'static Texts, kind: RoomEventKind) -> &'static str {
    match kind {
        RoomEventKind::Started => t.pages.event_started,
        RoomEventKind::Entered => t.pages.event_entered,
        RoomEventKind::Left => t.pages.event_left,
        RoomEventKind::Lost => t.pages.event_lost,
        RoomEventKind::Banned => t.pages.event_banned,
        RoomEventKind::Applied => t.pages.event_applied,
        RoomEventKind::Withdrew => t.pages.event_withdrew,
        RoomEventKind::Declined => t.pages.event_declined,
        RoomEventKind::Invited => t.pages.event_invited,
        RoomEventKind::PutOffMic => t.pages.event_put_off_mic,
        RoomEventKind::LostMic => t.pages.event_lost_mic,
    }
}

/// What became of a message.
pub(super) const fn status_of(t: &'static Texts, status: Status) -> (&'static str, Tone) {
    match status {
        Status::Waiting => (t.pages.message_waits, Tone::Warn),
        Status::Delivered => (t.pages.message_delivered, Tone::Good),
        Status::Skipped => (t.pages.message_skipped, Tone::Quiet),
        Status::Parked => (t.pages.message_parked, Tone::Bad),
    }
}
