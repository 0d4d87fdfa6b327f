//! Now: what is live, and what waits.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use askama::Template;
use qlive_operators::Action;
use qlive_rooms::{LiveRoomStatus, Seat, SeatStatus};
use qlive_types::BroadcastId;

use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Frame, Tone};

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
}

/// A seat of it.
struct TileSeat {
    label: &'static str,
    who: Option<(String, String)>,
    /// What is wrong with its stream.
    warning: Option<(String, Tone)>,
}

#[derive(Template)]
#[template(path = "now.html")]
struct NowTemplate {
    frame: Frame,
    totals: Vec<(&'static str, String, &'static str)>,
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
    let services = &visit.state.services;
    let after = visit.cursor().map(|(id, _)| BroadcastId::new(id));
    let rooms = services.rooms.live_rooms(after).await?;
    let gauges = services.rooms.gauges().await?;
    let (orders, _) = services.payments.waiting_orders().await?;
    let outbox = services.outbox.stats().await?;
    let waiting = visit.state.waiting().await?;
    let totals = vec![
        (t.pages.rooms_live, format::grouped(gauges.rooms_live), ""),
        (
            t.pages.people_present,
            format::grouped(gauges.people_present),
            "",
        ),
        (
            t.pages.orders_waiting,
            format::grouped(orders),
            "/orders?state=created",
        ),
        (
            t.pages.withdrawals_waiting,
            format::grouped(waiting.withdrawals),
            "/withdrawals?state=waiting",
        ),
        (
            t.pages.outbox_waiting,
            format::grouped(outbox.waiting),
            "/health",
        ),
    ];
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
        totals,
        older: visit.older(&rooms, |room| room.broadcast.to_string()),
        newest: visit.newest(),
        tiles: rooms.into_iter().map(|room| tile(t, room)).collect(),
        updated: fill(t.frame.updated, &[&format::time(visit.now)]),
        every,
        intervals: INTERVALS.map(interval).into(),
        frame: Frame::new(&visit, "/").await?,
    })
}

fn tile(t: &'static Texts, room: LiveRoomStatus) -> Tile {
    let seats = [Seat::Host, Seat::Male, Seat::Female];
    Tile {
        href: format!("/rooms/{}", room.live),
        cover: format::picture(&room.cover).to_owned(),
        people: fill(t.pages.people, &[&format::grouped(room.people)]),
        started: fill(t.pages.started, &[&format::time(room.started_at)]),
        seats: seats
            .map(|seat| tile_seat(t, seat, room.seats.iter().find(|taken| taken.seat == seat)))
            .into(),
        title: room.host_nickname,
    }
}

fn tile_seat(t: &'static Texts, seat: Seat, taken: Option<&SeatStatus>) -> TileSeat {
    let stream = taken.map(|taken| stream_badge(t, taken));
    TileSeat {
        label: seat_label(t, seat),
        who: taken.map(|taken| (taken.nickname.clone(), format!("/users/{}", taken.user))),
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
