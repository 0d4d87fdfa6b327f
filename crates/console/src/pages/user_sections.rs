//! Parts of the page of a user that operators keep for each other: mutes, notes, sessions.

use qlive_operators::Action;
use qlive_rooms::Mute;
use qlive_types::UserId;
use qlive_users::{ReportFilter, UserNote, UserSession};

use super::list::empty;
use super::reports::reports_table;
use crate::format;
use crate::http::{Failure, Visit};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Row, Section, Table, Tone};

/// A request to erase the user, mutes, notes, reports about them, and their sessions.
///
/// # Errors
/// When the database fails.
pub(super) async fn sections(visit: &Visit, user: UserId) -> Result<Vec<Section>, Failure> {
    let t = visit.t();
    let services = &visit.state.services;
    let mut sections = Vec::new();
    sections.extend(erasure_note(visit, user).await?);
    let mutes = services.rooms.mutes_of(user).await?;
    if !mutes.is_empty() {
        sections.push(Section::Table(mutes_table(t, &mutes)));
    }
    // What operators wrote about a person is for those who help people.
    if visit.session.may(Action::NoteUser) {
        let notes = services.users.notes(user).await?;
        sections.push(Section::Table(notes_table(t, &notes)));
    }
    let about = ReportFilter::About(user);
    let reports = services.users.reports(about, None).await?;
    if !reports.is_empty() {
        let mut table = reports_table(visit, &reports).await?;
        t.pages.reports_about.clone_into(&mut table.caption);
        sections.push(Section::Table(table));
    }
    let sessions = services.users.sessions(user).await?;
    sections.push(Section::Table(sessions_table(t, &sessions)));
    Ok(sections)
}

/// What the page of a user says about a request to erase them.
///
/// # Errors
/// When the database fails.
async fn erasure_note(visit: &Visit, user: UserId) -> Result<Option<Section>, Failure> {
    let requests = visit.state.services.users.erasure_requests().await?;
    let request = requests.into_iter().find(|request| request.user == user);
    Ok(request.map(|request| Section::Note {
        text: fill(
            visit.t().actions.erase_waits,
            &[
                &request.requested_by,
                &format::time(request.requested_at),
                &request.reason,
            ],
        ),
        tone: Tone::Warn,
    }))
}

fn table(
    caption: &str,
    columns: Vec<Column>,
    rows: Vec<Row>,
    none: &str,
    t: &'static Texts,
) -> Table {
    Table {
        caption: caption.to_owned(),
        columns,
        rows,
        older: None,
        newest: None,
        empty: empty(t, false, none),
    }
}

fn mutes_table(t: &'static Texts, mutes: &[Mute]) -> Table {
    let row = |mute: &Mute| {
        let place = mute.host.map_or_else(
            || Cell::Text(t.pages.everywhere.to_owned()),
            |host| Cell::Link(host.to_string(), format!("/users/{host}")),
        );
        Row::new(vec![
            place,
            Cell::Time(format::time(mute.muted_until)),
            Cell::Time(format::time(mute.gifts_until)),
        ])
    };
    let columns = vec![
        Column::text(t.pages.host),
        Column::text(t.pages.muted_until),
        Column::text(t.pages.gifts_until),
    ];
    table(
        t.pages.mutes,
        columns,
        mutes.iter().map(row).collect(),
        "",
        t,
    )
}

fn notes_table(t: &'static Texts, notes: &[UserNote]) -> Table {
    let row = |note: &UserNote| {
        Row::new(vec![
            Cell::Time(format::time(note.created_at)),
            Cell::Text(note.who.clone()),
            Cell::Text(note.text.clone()),
        ])
    };
    let columns = vec![
        Column::text(t.pages.time),
        Column::text(t.pages.who),
        Column::text(t.pages.note_text),
    ];
    let rows = notes.iter().map(row).collect();
    table(t.pages.notes, columns, rows, t.pages.no_notes, t)
}

fn sessions_table(t: &'static Texts, sessions: &[UserSession]) -> Table {
    let row = |session: &UserSession| {
        Row::new(vec![
            Cell::Time(format::time(session.created_at)),
            Cell::Time(format::time(session.used_at)),
        ])
    };
    let columns = vec![Column::text(t.pages.since), Column::text(t.pages.used)];
    let rows = sessions.iter().map(row).collect();
    table(t.pages.sessions, columns, rows, t.pages.no_sessions, t)
}
