//! Now: what is live, and what waits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use askama::Template;
use qlive_ledger::Day;
use qlive_operators::Action;
use qlive_rooms::{LiveRoomStatus, Seat, SeatStatus};
use qlive_types::{BroadcastId, LiveId};

use super::figures_sums::coins_given;
use super::list::{Names, end_path, shown_name};
use super::timeline_table::event_text;
use crate::format::{self, MOST_COUNTED};
use crate::http::{Failure, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Button, Frame, Tone};

/// The time of which tiles show the coins that were given.
const LATELY_MINUTES: u64 = 5;
/// How often the page may be read again by itself, in seconds; 0 is never.
const INTERVALS: [u32; 4] = [0, 10, 30, 60];

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/", web::get().to(show));
}

/// A room that is live.
struct Tile {
    href: String,
    title: String,
    cover: String,
    people: String,
    started: String,
    seats: Vec<TileSeat>,
    /// The coins that were given in it lately.
    given: String,
    last: Option<TileEvent>,
    buttons: Vec<Button>,
}

/// Who came, asked, took the mic or left last.
struct TileEvent {
    who: String,
    what: &'static str,
    ago: String,
}

/// A seat of it.
struct TileSeat {
    label: &'static str,
    who: Option<(String, String)>,
    /// How long they have been there.
    since: String,
    /// What is wrong with its stream.
    warning: Option<(String, Tone)>,
}

#[derive(Template)]
#[template(path = "now.html")]
struct NowTemplate {
    frame: Frame,
    /// What waits for operators, and what goes on.
    totals: [Vec<(&'static str, String, &'static str)>; 2],
    tiles: Vec<Tile>,
    updated: String,
    every: u32,
    intervals: Vec<(u32, String, String)>,
    older: Option<String>,
    newest: Option<String>,
}

impl NowTemplate {
    fn t(&self) -> &'static Texts {
        self.frame.t
    }
}

async fn show(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewNow, "").await?;
    let t = visit.t();
    let rooms = &visit.state.services.rooms;
    let after = visit.cursor().map(|(id, _)| BroadcastId::new(id));
    let live = rooms.live_rooms(after).await?;
    let older = visit.older(&live, |room| room.broadcast.to_string());
    // Where something is wrong comes first.
    let mut shown = if after.is_none() {
        rooms.troubled_rooms().await?
    } else {
        Vec::new()
    };
    let troubled: BTreeSet<LiveId> = shown.iter().map(|room| room.live).collect();
    let others = live.into_iter();
    shown.extend(others.filter(|room| !troubled.contains(&room.live)));
    let tiles = tiles(&visit, shown).await?;
    let every = visit.query("every").and_then(|every| every.parse().ok());
    let every = every
        .filter(|every| INTERVALS.contains(every))
        .unwrap_or(10);
    let interval = |seconds: u32| {
        let label = if seconds == 0 {
            t.frame.refresh_off.to_owned()
        } else {
            fill(t.frame.seconds, &[&seconds.to_string()])
        };
        (
            seconds,
            label,
            visit.with_query("every", Some(&seconds.to_string())),
        )
    };
    html(&NowTemplate {
        totals: totals(&visit).await?,
        older,
        newest: visit.newest(),
        tiles,
        updated: fill(t.frame.updated, &[&format::time(visit.now)]),
        every,
        intervals: INTERVALS.map(interval).into(),
        frame: Frame::new(&visit, "/").await?,
    })
}

/// What waits, and what goes on, each with where it is.
async fn totals(visit: &Visit) -> Result<[Vec<(&'static str, String, &'static str)>; 2], Failure> {
    let p = &visit.t().pages;
    let services = &visit.state.services;
    let gauges = services.rooms.gauges_up_to(MOST_COUNTED + 1).await?;
    let (orders, _) = services
        .payments
        .waiting_orders_up_to(MOST_COUNTED + 1)
        .await?;
    let outbox = services.outbox.stats_up_to(MOST_COUNTED + 1).await?;
    let waiting = visit.state.waiting().await?;
    let given = format::grouped(given_today(visit).await?);
    let counts = [
        (
            p.withdrawals_waiting,
            waiting.withdrawals,
            "/withdrawals?state=waiting",
        ),
        (p.reports_waiting, waiting.reports, "/reports"),
        (p.comments_waiting, waiting.comments, "/moderation"),
        (p.screenshots_waiting, waiting.screenshots, "/screenshots"),
        (p.complaints_waiting, waiting.complaints, "/complaints"),
        (p.parked, waiting.parked, "/health"),
    ];
    let may_review = visit.session.may(Action::ViewComments);
    let is_shown = |href: &str| may_review || !["/moderation", "/screenshots"].contains(&href);
    let shown = counts.into_iter().filter(|(_, _, href)| is_shown(href));
    let shown = shown.map(|(label, count, href)| (label, format::badge(count), href));
    let live = [
        (p.rooms_live, format::counted(gauges.rooms_live), ""),
        (p.people_present, format::counted(gauges.people_present), ""),
        (p.given_today, given, "/figures"),
        (
            p.orders_waiting,
            format::counted(orders),
            "/orders?state=created",
        ),
        (p.outbox_waiting, format::counted(outbox.waiting), "/health"),
    ];
    Ok([shown.collect(), live.into()])
}

/// The coins that were given as gifts today.
async fn given_today(visit: &Visit) -> Result<i64, Failure> {
    let today = Day::of(visit.now);
    let sums = visit.state.services.ledger.daily_sums(today, today).await?;
    Ok(coins_given(&sums))
}

/// Rooms with what was given and what happened in them lately.
async fn tiles(visit: &Visit, rooms: Vec<LiveRoomStatus>) -> Result<Vec<Tile>, Failure> {
    let services = &visit.state.services;
    let shown = || rooms.iter().map(|room| room.live).collect();
    let given = given_lately(visit, shown()).await?;
    let events = services.rooms.last_events(shown()).await?;
    let names = Names::of(visit, events.values().map(|event| event.user)).await?;
    let tile = |room: LiveRoomStatus| {
        let event = events.get(&room.live);
        let event = event.map(|event| {
            let what = event_text(visit.t(), event.kind);
            (event.at, names.name(event.user), what)
        });
        // Who takes the mic is no such event.
        let taken = room.seats.iter().filter(|seat| seat.seat != Seat::Host);
        let taken = taken.filter_map(|seat| {
            let what = visit.t().pages.seat_taken;
            Some((seat.since?, shown_name(seat.user, &seat.nickname), what))
        });
        let last = event.into_iter().chain(taken).max_by_key(|(at, ..)| *at);
        let last = last.map(|(at, who, what)| {
            let ago = format::ago(visit.t(), visit.now.since(at));
            let ago = fill(visit.t().pages.ago, &[&ago]);
            TileEvent { who, what, ago }
        });
        let given = given.get(&room.live).copied().unwrap_or_default();
        tile(visit, room, given_text(visit, given), last)
    };
    Ok(rooms.into_iter().map(tile).collect())
}

/// The coins that were given lately in each of these rooms in which any were.
pub(super) async fn given_lately(
    visit: &Visit,
    rooms: Vec<LiveId>,
) -> Result<BTreeMap<LiveId, i64>, Failure> {
    let since = visit.now.before(Duration::from_secs(60 * LATELY_MINUTES));
    let gifts = &visit.state.services.gifts;
    Ok(gifts.given_in_rooms(rooms, since).await?)
}

/// What is said of these coins.
pub(super) fn given_text(visit: &Visit, coins: i64) -> String {
    let minutes = LATELY_MINUTES.to_string();
    fill(
        visit.t().pages.given_lately,
        &[&minutes, &format::grouped(coins)],
    )
}

fn tile(visit: &Visit, room: LiveRoomStatus, given: String, last: Option<TileEvent>) -> Tile {
    let (t, href) = (visit.t(), format!("/rooms/{}", room.live));
    let a = &t.actions;
    let seats = [Seat::Host, Seat::Male, Seat::Female];
    let taken = |seat| room.seats.iter().find(|taken| taken.seat == seat);
    let host = taken(Seat::Host).map(|host| format!("/users/{}/warn", host.user));
    let warn = host.and_then(|href| visit.button(Action::WarnUser, a.warn, href));
    let end = visit.button(
        Action::EndBroadcast,
        a.end,
        end_path(room.live, room.started_at),
    );
    Tile {
        cover: format::picture(&room.cover).to_owned(),
        people: fill(t.pages.people, &[&format::grouped(room.people)]),
        started: fill(t.pages.started, &[&format::time(room.started_at)]),
        seats: seats.map(|seat| tile_seat(visit, seat, taken(seat))).into(),
        given,
        last,
        buttons: warn.into_iter().chain(end).collect(),
        title: shown_name(room.host, &room.host_nickname),
        href,
    }
}

fn tile_seat(visit: &Visit, seat: Seat, taken: Option<&SeatStatus>) -> TileSeat {
    let t = visit.t();
    let stream = taken.map(|taken| stream_badge(t, taken));
    let since = taken.and_then(|taken| taken.since);
    TileSeat {
        label: seat_label(t, seat),
        who: taken.map(|taken| {
            let name = shown_name(taken.user, &taken.nickname);
            (name, format!("/users/{}", taken.user))
        }),
        since: since.map_or_else(String::new, |since| format::ago(t, visit.now.since(since))),
        warning: stream.filter(|(_, tone)| *tone != Tone::Good),
    }
}

/// The name of a seat.
pub(super) const fn seat_label(t: &'static Texts, seat: Seat) -> &'static str {
    match seat {
        Seat::Host => t.pages.seat_host,
        Seat::Male => t.pages.seat_male,
        Seat::Female => t.pages.seat_female,
    }
}

/// How the state of a stream is shown.
pub(super) fn stream_badge(t: &'static Texts, seat: &SeatStatus) -> (String, Tone) {
    if seat.is_lost {
        (t.pages.lost.to_owned(), Tone::Warn)
    } else if seat.has_stream {
        (t.pages.running.to_owned(), Tone::Good)
    } else {
        (t.pages.no_stream.to_owned(), Tone::Bad)
    }
}
