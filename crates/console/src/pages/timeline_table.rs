//! The table of a room's timeline.

use qlive_outbox::{RoomMessage, Status};
use serde_json::Value;

use super::list::empty;
use crate::format;
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Row, Table, Tone};

/// The table of some messages.
pub(super) fn timeline_table(t: &'static Texts, messages: &[RoomMessage]) -> Table {
    let row = |message: &RoomMessage| {
        let (status, tone) = status_of(t, message.status);
        Row::new(vec![
            Cell::Time(format::time(message.at)),
            Cell::Number(format::grouped(message.seq)),
            Cell::Text(what_happened(t, &message.message)),
            Cell::Badge(status.to_owned(), tone),
        ])
    };
    Table {
        caption: t.pages.timeline.to_owned(),
        columns: vec![
            Column::text(t.pages.time),
            Column::number(t.pages.message_number),
            Column::text(t.pages.happened),
            Column::text(t.pages.is_delivered),
        ],
        rows: messages.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_timeline),
    }
}

/// A message in words.
fn what_happened(t: &'static Texts, message: &Value) -> String {
    let text = |name: &str| match message.pointer(&format!("/content/{name}")) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    let kind = message.get("type").and_then(Value::as_str);
    match (kind, text("content_type").as_str()) {
        (Some("reset"), "off") => fill(t.pages.seat_freed, &[&text("user_id")]),
        (Some("reset"), _) => fill(t.pages.seat_taken, &[&text("nickname"), &text("user_id")]),
        (Some("gift"), _) => fill(
            t.pages.gift_shown,
            &[
                &text("nickname"),
                &text("to_nickname"),
                &text("gift_title"),
                &text("gift_num"),
            ],
        ),
        (Some("over"), _) => t.pages.broadcast_over.to_owned(),
        _ => message.to_string(),
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
