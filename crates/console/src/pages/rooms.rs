//! A room: who is on stage and in it, its gifts, its past, and how its broadcast is ended.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_app::TimelineCursor;
use qlive_gifts::{SentGift, SentGiftFilter};
use qlive_operators::Action;
use qlive_rooms::{PastBroadcast, Present, RoomDetails, Seat, SeatStatus};
use qlive_store::audit_log::Operator;
use qlive_types::{BroadcastId, EntryId, LiveId, Moment, UserId};

use super::list::{Names, ROWS, empty, end_path, user_link};
use super::now::{given_lately, given_text, seat_label, stream_badge};
use super::timeline_table::{everything, timeline_table};
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{
    Button, Cell, Column, Fact, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

/// The number of a host in `Present::user_type`.
const HOST: i32 = 5;
/// How many rows of the timeline the page of a room has.
const LATEST: usize = 10;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/rooms/{id}", web::get().to(show))
        .route("/rooms/{id}/people", web::get().to(show_people))
        .route("/rooms/{id}/past", web::get().to(show_past))
        .route("/rooms/{id}/gifts", web::get().to(show_gifts));
    register::<EndBroadcast>(config, "/rooms/{id}/end");
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    let live = LiveId::new(*id);
    let (mut page, details) = head(&visit, live).await?;
    let t = visit.t();
    if let Some(status) = &details.status {
        page.sections
            .push(Section::Table(stage(&visit, live, &status.seats)));
    }
    let services = &visit.state.services;
    let timeline = services
        .room_timeline(live, everything(&visit), TimelineCursor::LATEST)
        .await?;
    let latest = timeline.rows.get(..LATEST).unwrap_or(&timeline.rows);
    let is_more = timeline.next.is_some() || latest.len() < timeline.rows.len();
    let mut table = timeline_table(&visit, latest, false).await?;
    table.older = is_more.then(|| format!("/rooms/{live}/timeline"));
    page.sections.push(Section::Table(table));
    let people = services.rooms.people_in(live, None).await?;
    let rest = (people.len() >= ROWS).then(|| format!("/rooms/{live}/people"));
    page.sections
        .push(Section::Table(audience(&visit, live, &people, rest, None)));
    let sent = services
        .gifts
        .search_sent(SentGiftFilter::Room(live), None)
        .await?;
    page.sections.push(Section::Table(Table {
        older: (sent.len() >= ROWS).then(|| format!("/rooms/{live}/gifts")),
        ..gifts_table(&visit, t.pages.gifts_in_room, &sent).await?
    }));
    let past = services.rooms.past_broadcasts(live, None).await?;
    page.sections.push(Section::Table(Table {
        older: (past.len() >= ROWS).then(|| format!("/rooms/{live}/past")),
        ..past_table(t, &past)
    }));
    answer(&visit, page).await
}

pub(super) async fn head(visit: &Visit, live: LiveId) -> Result<(Page, RoomDetails), Failure> {
    visit.require(Action::ViewRooms, &live.to_string()).await?;
    let details = visit.state.services.rooms.room_details(live).await?;
    let t = visit.t();
    let mut page = Page::new(fill(t.pages.room_title, &[&live.to_string()]));
    let above = (t.frame.rooms.to_owned(), "/rooms".to_owned());
    page.back = Some(visit.back(&page.title, format!("/rooms/{live}"), above));
    page.face = Some(format::picture(&details.cover).to_owned());
    page.lead.clone_from(&details.host_nickname);
    if let Some(status) = &details.status {
        page.badges.push((t.pages.live.to_owned(), Tone::Good));
        let href = end_path(live, status.started_at);
        page.buttons
            .extend(visit.button(Action::EndBroadcast, t.actions.end, href));
    } else {
        page.badges.push((t.pages.not_live.to_owned(), Tone::Quiet));
    }
    if visit.session.may(Action::ViewComments) {
        page.buttons.push(Button::page(
            t.pages.comments,
            format!("/rooms/{live}/comments"),
        ));
    }
    let facts = facts(visit, &details).await?;
    page.sections.push(Section::Facts { title: "", facts });
    Ok((page, details))
}

async fn facts(visit: &Visit, details: &RoomDetails) -> Result<Vec<Fact>, Failure> {
    let (t, live) = (visit.t(), details.live);
    let host = user_link(details.host, Some(&details.host_nickname));
    let group = if details.group_ready {
        Cell::Code(details.group.clone())
    } else {
        Cell::Badge(t.pages.group_missing.to_owned(), Tone::Warn)
    };
    let mut facts = vec![
        Fact {
            label: t.pages.host,
            value: host,
        },
        Fact {
            label: t.pages.group,
            value: group,
        },
        Fact {
            label: t.pages.created,
            value: Cell::Time(format::time(details.created_at)),
        },
    ];
    if let Some(status) = &details.status {
        facts.push(Fact {
            label: t.pages.live_since,
            value: Cell::Time(format::time(status.started_at)),
        });
        facts.push(Fact {
            label: t.pages.people_in_room,
            value: Cell::Number(format::grouped(status.people)),
        });
        let given = given_lately(visit, vec![live]).await?;
        let given = given.get(&live).copied().unwrap_or_default();
        facts.push(Fact {
            label: t.pages.gifts_lately,
            value: Cell::Text(given_text(visit, given)),
        });
    }
    Ok(facts)
}

async fn show_people(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    let live = LiveId::new(*id);
    let (mut page, _) = head(&visit, live).await?;
    let after = visit.cursor().and_then(|(user, _)| UserId::new(user));
    let people = visit.state.services.rooms.people_in(live, after).await?;
    let older = visit.older(&people, |present| present.user.to_string());
    let table = audience(&visit, live, &people, older, visit.newest());
    page.sections.push(Section::Table(table));
    answer(&visit, page).await
}

async fn show_past(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    let live = LiveId::new(*id);
    let (mut page, _) = head(&visit, live).await?;
    let after = visit
        .cursor()
        .map(|(broadcast, _)| BroadcastId::new(broadcast));
    let past = visit
        .state
        .services
        .rooms
        .past_broadcasts(live, after)
        .await?;
    let mut table = past_table(visit.t(), &past);
    table.older = visit.older(&past, |past| past.broadcast.to_string());
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    answer(&visit, page).await
}

async fn show_gifts(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    let live = LiveId::new(*id);
    let (mut page, _) = head(&visit, live).await?;
    let before = visit.cursor().map(|(gift, _)| gift);
    let filter = SentGiftFilter::Room(live);
    let sent = visit
        .state
        .services
        .gifts
        .search_sent(filter, before)
        .await?;
    let mut table = gifts_table(&visit, visit.t().pages.gifts_in_room, &sent).await?;
    table.older = visit.older(&sent, |gift| gift.id.to_string());
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    answer(&visit, page).await
}

pub(super) async fn answer(visit: &Visit, page: Page) -> Result<HttpResponse, Failure> {
    html(&PageTemplate {
        frame: Frame::new(visit, "/rooms").await?,
        page,
    })
}

fn stage(visit: &Visit, live: LiveId, seats: &[SeatStatus]) -> Table {
    let t = visit.t();
    let row = |seat: &SeatStatus| {
        let (text, tone) = stream_badge(t, seat);
        let since = seat
            .since
            .map_or(Cell::Empty, |since| Cell::Time(format::time(since)));
        Row::new(vec![
            Cell::Text(seat_label(t, seat.seat).to_owned()),
            user_link(seat.user, Some(&seat.nickname)),
            since,
            Cell::Badge(text, tone),
        ])
        .with_buttons(seat_buttons(visit, live, seat))
    };
    Table {
        caption: t.pages.stage.to_owned(),
        columns: vec![
            Column::text(t.pages.seat),
            Column::text(t.pages.user),
            Column::text(t.pages.since),
            Column::text(t.pages.stream),
        ],
        rows: seats.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.nobody),
    }
}

/// What can be done to a guest on the mic.
fn seat_buttons(visit: &Visit, live: LiveId, seat: &SeatStatus) -> Vec<Button> {
    if seat.seat == Seat::Host {
        return Vec::new();
    }
    let href = format!("/rooms/{live}/put-off-mic/{}", seat.user);
    let button = visit.button(Action::PutOffMic, visit.t().actions.put_off_mic, href);
    button.into_iter().collect()
}

fn audience(
    visit: &Visit,
    live: LiveId,
    people: &[Present],
    older: Option<String>,
    newest: Option<String>,
) -> Table {
    let t = visit.t();
    let row = |present: &Present| {
        Row::new(vec![
            Cell::Code(present.user.to_string()),
            user_link(present.user, Some(&present.nickname)),
            Cell::Text(t.values.gender(present.gender).to_owned()),
            Cell::Text(place(t, present.user_type).to_owned()),
            Cell::Time(format::time(present.entered_at)),
        ])
        .with_buttons(people_buttons(visit, live, present))
    };
    Table {
        caption: t.pages.audience.to_owned(),
        columns: vec![
            Column::text(t.pages.user),
            Column::text(t.pages.nickname),
            Column::text(t.pages.gender),
            Column::text(t.pages.place),
            Column::text(t.pages.entered),
        ],
        rows: people.iter().map(row).collect(),
        older,
        newest,
        empty: empty(t, false, t.pages.nobody),
    }
}

/// What can be done to somebody in a room, but to its host.
fn people_buttons(visit: &Visit, live: LiveId, present: &Present) -> Vec<Button> {
    if present.user_type == HOST {
        return Vec::new();
    }
    let (a, user) = (&visit.t().actions, present.user);
    let mute = visit.button(Action::MuteUser, a.mute, format!("/users/{user}/mute"));
    let href = format!("/rooms/{live}/remove/{user}");
    let remove = visit.button(Action::RemoveFromRoom, a.remove, href);
    mute.into_iter().chain(remove).collect()
}

const fn place(t: &'static Texts, user_type: i32) -> &'static str {
    match user_type {
        1 => t.pages.watching,
        2 => t.pages.applied,
        3 | 4 => t.pages.on_mic,
        _ => t.pages.hosting,
    }
}

fn past_table(t: &'static Texts, past: &[PastBroadcast]) -> Table {
    let row = |past: &PastBroadcast| {
        Row::new(vec![
            Cell::Time(format::time(past.started_at)),
            Cell::Time(format::time(past.ended_at)),
            Cell::Text(past.reason.clone()),
        ])
    };
    Table {
        caption: t.pages.past.to_owned(),
        columns: vec![
            Column::text(t.pages.since),
            Column::text(t.pages.ended),
            Column::text(t.pages.end_reason),
        ],
        rows: past.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_past),
    }
}

/// A room by number, with a link.
pub(super) fn room_link(t: &'static Texts, room: impl std::fmt::Display) -> Cell {
    let title = fill(t.pages.room_title, &[&room.to_string()]);
    Cell::Link(title, format!("/rooms/{room}"))
}

/// A table of gifts that were sent.
pub(super) async fn gifts_table(
    visit: &Visit,
    caption: &str,
    sent: &[SentGift],
) -> Result<Table, Failure> {
    let t = visit.t();
    let people = sent.iter().flat_map(|gift| [gift.giver, gift.receiver]);
    let names = Names::of(visit, people.filter_map(UserId::new)).await?;
    let person = |number| UserId::new(number).map_or(Cell::Empty, |user| names.link(user));
    let entries = sent.iter().filter_map(|gift| gift.entry.map(EntryId::new));
    let reversed = visit
        .state
        .services
        .ledger
        .reversals(entries.collect())
        .await?;
    let row = |gift: &SentGift| {
        let room = gift.room.map_or(Cell::Empty, |room| room_link(t, room));
        Row::new(vec![
            Cell::Time(format::time(gift.at())),
            person(gift.giver),
            person(gift.receiver),
            Cell::Text(gift.name.clone()),
            Cell::Number(format::grouped(gift.num)),
            Cell::Number(format::grouped(gift.cost)),
            room,
            gift.entry.map_or(Cell::Empty, |entry| {
                let mut title = fill(t.pages.entry_title, &[&entry.to_string()]);
                if reversed.contains_key(&EntryId::new(entry)) {
                    title = fill(t.pages.entry_reversed, &[&title]);
                }
                Cell::Link(title, format!("/ledger/{entry}/why"))
            }),
        ])
    };
    Ok(Table {
        caption: caption.to_owned(),
        columns: vec![
            Column::text(t.pages.time),
            Column::text(t.pages.giver),
            Column::text(t.pages.receiver),
            Column::text(t.pages.gift),
            Column::number(t.pages.count),
            Column::number(t.pages.cost),
            Column::text(t.pages.room),
            Column::text(t.pages.why),
        ],
        rows: sent.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_gifts),
    })
}

/// Ends the broadcast of a room.
struct EndBroadcast;

/// When the operator saw the broadcast that is to end.
fn seen_at(visit: &Visit) -> Option<Moment> {
    let millis = visit.query("seen")?.parse().ok()?;
    Some(Moment::from_millis(millis))
}

impl Act for EndBroadcast {
    const ACTION: Action = Action::EndBroadcast;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let details = visit
            .state
            .services
            .rooms
            .room_details(LiveId::new(*id))
            .await?;
        let t = visit.t();
        let people = details.status.as_ref().map_or(0, |status| status.people);
        let mut form = ActionForm::new(visit, t.actions.end, format!("/rooms/{id}"));
        // The broadcast that the operator saw, and not one that begins before the form is sent.
        let begun = details.status.as_ref().map(|status| status.started_at);
        let seen_at = seen_at(visit).or(begun).unwrap_or(visit.now);
        form.action = end_path(LiveId::new(*id), seen_at);
        form.title = fill(t.actions.end_title, &[&id.to_string()]);
        form.lines = vec![
            details.host_nickname,
            fill(t.actions.end_text, &[&format::grouped(people)]),
        ];
        form.reasons = vec![
            t.actions.reason_content,
            t.actions.reason_abuse,
            t.actions.reason_minor,
        ];
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let rooms = &visit.state.services.rooms;
        let ended = rooms
            .end_by_operator(by, LiveId::new(*id), seen_at(visit))
            .await;
        ended.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/rooms/{id}")))
    }
}
