//! Users: the list, and a user with everything about them.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_ledger::Balances;
use qlive_operators::Action;
use qlive_types::{LiveId, Moment, UserId};
use qlive_users::{ErasureRequest, Profile, UserFilter, UsersAfter};

use super::list::{Names, empty, shown_name, user_link};
use super::user_money::money;
use super::user_sections::sections;
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::{Texts, area_name, fill};
use crate::view::{
    Button, Cell, Choice, Column, Fact, Filter, Frame, Page, PageTemplate, Row, Section, Table,
    Tone,
};

/// The shortest beginning of a nickname that is searched for, in characters.
pub(super) const SHORTEST_PREFIX: usize = 2;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/users", web::get().to(list))
        .route("/users/{id}", web::get().to(show));
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewUsers, "").await?;
    let t = visit.t();
    let which = visit.query("which").unwrap_or_default();
    let prefix = visit.query("nickname").unwrap_or_default();
    // A beginning of a nickname is searched for among all.
    let (which, filter) = match which.as_str() {
        _ if prefix.chars().count() >= SHORTEST_PREFIX => {
            (String::new(), UserFilter::NicknamePrefix(prefix.clone()))
        }
        "banned" => (which, UserFilter::Banned),
        "matchmakers" => (which, UserFilter::Matchmakers),
        _ => (String::new(), UserFilter::All),
    };
    let by_nickname = matches!(filter, UserFilter::NicknamePrefix(_));
    let after = visit.cursor().and_then(|(first, rest)| {
        Some(if by_nickname {
            UsersAfter::Nickname(rest, UserId::new(first)?)
        } else {
            UsersAfter::Registered(Moment::from_millis(first), UserId::parse(&rest)?)
        })
    });
    let users = visit
        .state
        .services
        .users
        .search(filter.clone(), after)
        .await?;
    let mut page = Page::new(t.pages.users_title);
    page.is_filtered = filter != UserFilter::All;
    page.filters = filters(t, which, prefix);
    let requests = visit.state.services.users.erasure_requests().await?;
    if !requests.is_empty() {
        page.sections
            .push(Section::Table(erasures_table(&visit, &requests).await?));
    }
    let mut table = users_table(&visit, &users, page.is_filtered);
    table.older = visit.older(&users, |user| {
        if by_nickname {
            format!("{}.{}", user.user.get(), user.nickname)
        } else {
            format!("{}.{}", user.created_at.millis(), user.user)
        }
    });
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/users").await?,
        page,
    })
}

fn filters(t: &'static Texts, which: String, prefix: String) -> Vec<Filter> {
    let choice = Choice::new;
    vec![
        Filter::Choice {
            name: "which",
            label: t.pages.which,
            chosen: which,
            choices: vec![
                choice("", t.frame.all),
                choice("banned", t.pages.banned_only),
                choice("matchmakers", t.pages.matchmakers_only),
            ],
        },
        Filter::Text {
            name: "nickname",
            label: t.pages.nickname_prefix,
            value: prefix,
            hint: "",
        },
    ]
}

/// A table of the accounts that another operator must decide to erase.
async fn erasures_table(visit: &Visit, requests: &[ErasureRequest]) -> Result<Table, Failure> {
    let t = visit.t();
    let names = Names::of(visit, requests.iter().map(|request| request.user)).await?;
    let row = |request: &ErasureRequest| {
        let href = format!("/users/{}/erase", request.user);
        let is_own = request.requested_by == visit.session.name.as_str();
        let button = visit.button(Action::EraseUser, t.actions.erase, href);
        let button = button.filter(|_| !is_own);
        Row::new(vec![
            names.link(request.user),
            Cell::Code(request.user.to_string()),
            Cell::Text(request.requested_by.clone()),
            Cell::Time(format::time(request.requested_at)),
            Cell::Text(request.reason.clone()),
        ])
        .with_buttons(button.into_iter().collect())
    };
    Ok(Table {
        caption: t.pages.erasures_wait.to_owned(),
        columns: vec![
            Column::text(t.pages.nickname),
            Column::text(t.pages.user),
            Column::text(t.pages.requested_by),
            Column::text(t.pages.time),
            Column::text(t.pages.reason),
        ],
        rows: requests.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.erasures_wait),
    })
}

/// A table of users.
pub(super) fn users_table(visit: &Visit, users: &[Profile], is_filtered: bool) -> Table {
    let t = visit.t();
    let row = |user: &Profile| {
        let (state, tone) = user_state(t, user);
        let last = user
            .last_login_at
            .map_or(Cell::Empty, |at| Cell::Time(format::time(at)));
        let matchmaker = if user.matchmaker {
            Cell::Badge(t.values.matchmaker.to_owned(), Tone::Plain)
        } else {
            Cell::Empty
        };
        Row::new(vec![
            Cell::face(&user.face_url),
            user_link(user.user, Some(&user.nickname)),
            Cell::Code(user.user.to_string()),
            Cell::Text(t.values.gender(user.gender).to_owned()),
            Cell::Text(area_name(visit.lang, &user.area)),
            matchmaker,
            Cell::Badge(state.to_owned(), tone),
            last,
            Cell::Time(format::time(user.created_at)),
        ])
    };
    Table {
        caption: String::new(),
        columns: vec![
            Column::text(""),
            Column::text(t.pages.nickname),
            Column::text(t.pages.user),
            Column::text(t.pages.gender),
            Column::text(t.pages.area),
            Column::text(t.values.matchmaker),
            Column::text(t.pages.state),
            Column::text(t.pages.last_login),
            Column::text(t.pages.registered),
        ],
        rows: users.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, is_filtered, t.pages.no_users),
    }
}

const fn user_state(t: &'static Texts, user: &Profile) -> (&'static str, Tone) {
    if user.erased_at.is_some() {
        (t.values.erased, Tone::Quiet)
    } else if user.banned_at.is_some() {
        (t.values.banned, Tone::Bad)
    } else if user.name_unchecked_at.is_some() {
        (t.values.name_unchecked, Tone::Warn)
    } else {
        (t.values.active, Tone::Good)
    }
}

/// The user that a path names.
///
/// # Errors
/// [`Failure::NotFound`] when the number is no user's.
pub(super) fn user_id(id: &str) -> Result<UserId, Failure> {
    UserId::parse(id).ok_or(Failure::NotFound)
}

async fn show(visit: Visit, id: Path<String>) -> Result<HttpResponse, Failure> {
    let user = user_id(&id)?;
    let (mut page, profile) = head(&visit, user).await?;
    page.sections
        .push(profile_facts(&visit, &profile, PersonalData::Masked).await?);
    page.sections.extend(sections(&visit, user).await?);
    page.sections.extend(money(&visit, user).await?);
    html(&PageTemplate {
        frame: Frame::new(&visit, "/users").await?,
        page,
    })
}

/// The head of the page of a user: who they are, what can be done, their balances.
pub(super) async fn head(visit: &Visit, user: UserId) -> Result<(Page, Profile), Failure> {
    visit.require(Action::ViewUsers, &user.to_string()).await?;
    let services = &visit.state.services;
    let (profile, balances) = services.users.profile_with_balances(user).await?;
    let t = visit.t();
    let mut page = Page::new(shown_name(user, &profile.nickname));
    let above = (t.pages.users_title.to_owned(), "/users".to_owned());
    page.back = Some(visit.back(&page.title, format!("/users/{user}"), above));
    page.face = Some(format::picture(&profile.face_url).to_owned());
    let (state, tone) = user_state(t, &profile);
    page.badges.push((state.to_owned(), tone));
    if profile.matchmaker {
        page.badges
            .push((t.values.matchmaker.to_owned(), Tone::Plain));
    }
    page.lead = user.to_string();
    let mutes = services.rooms.mutes_of(user).await?;
    let is_muted = mutes.iter().any(|mute| mute.host.is_none());
    if is_muted {
        page.badges.push((t.pages.muted.to_owned(), Tone::Warn));
    }
    (page.buttons, page.more) = buttons(visit, &profile, is_muted);
    if visit.session.may(Action::ViewComments) {
        page.buttons.push(Button::page(
            t.pages.comments,
            format!("/users/{user}/comments"),
        ));
    }
    if visit.session.may(Action::ViewAudit) {
        page.buttons.push(Button::page(
            t.frame.audit,
            format!("/audit?subject={user}"),
        ));
    }
    page.sections.push(balance_facts(t, &balances));
    Ok((page, profile))
}

/// What is done to a user often, and what seldom.
fn buttons(visit: &Visit, profile: &Profile, is_muted: bool) -> (Vec<Button>, Vec<Button>) {
    let a = &visit.t().actions;
    let user = profile.user;
    let (is_banned, is_matchmaker) = (profile.banned_at.is_some(), profile.matchmaker);
    let is_erased = profile.erased_at.is_some();
    let may_unban = is_banned && !is_erased;
    let often = [
        (Action::NoteUser, true, a.note, "note"),
        (Action::WarnUser, !is_erased, a.warn, "warn"),
        (Action::MuteUser, !is_erased, a.mute, "mute"),
        (Action::UnmuteUser, is_muted, a.unmute, "unmute"),
        (Action::BanUser, !is_banned, a.ban, "ban"),
        (Action::UnbanUser, may_unban, a.unban, "unban"),
        (Action::GrantMatchmaker, !is_matchmaker, a.grant, "grant"),
        (Action::RevokeMatchmaker, is_matchmaker, a.revoke, "revoke"),
    ];
    let sessions = a.end_sessions;
    let seldom = [
        (Action::EndUserSessions, true, sessions, "end-sessions"),
        (Action::GrantGold, true, a.gold, "gold"),
        (Action::RevealUser, true, a.reveal, "reveal"),
        (Action::ExportUser, true, a.export_user, "export"),
        (Action::EraseUser, !is_erased, a.erase, "erase"),
    ];
    let fitting = |all: &[(Action, bool, &'static str, &'static str)]| -> Vec<Button> {
        let fitting = all.iter().filter(|(_, fits, ..)| *fits);
        fitting
            .filter_map(|(action, _, label, path)| {
                visit.button(*action, *label, format!("/users/{user}/{path}"))
            })
            .collect()
    };
    (fitting(&often), fitting(&seldom))
}

fn balance_facts(t: &'static Texts, balances: &Balances) -> Section {
    let fact = |label, amount| Fact {
        label,
        value: Cell::Number(format::coins(amount)),
    };
    Section::Facts {
        title: t.pages.balances,
        facts: vec![
            fact(t.pages.bought, balances.bought),
            fact(t.pages.granted, balances.granted),
            fact(t.pages.income, balances.income),
            fact(t.pages.held, balances.held),
            fact(t.pages.debt, balances.debt),
        ],
    }
}

/// Whether personal data is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PersonalData {
    Masked,
    Shown,
}

/// The profile of a user. Personal data is masked unless it was asked for.
pub(super) async fn profile_facts(
    visit: &Visit,
    profile: &Profile,
    personal: PersonalData,
) -> Result<Section, Failure> {
    let t = visit.t();
    let services = &visit.state.services;
    let fact = |label, value| Fact { label, value };
    let text = |label, text: String| fact(label, Cell::Text(text));
    let time = |label, at: Option<Moment>| {
        let at = at.map_or(Cell::Empty, |at| Cell::Time(format::time(at)));
        fact(label, at)
    };
    let openid = match personal {
        PersonalData::Shown => Cell::Code(profile.openid.clone()),
        PersonalData::Masked => Cell::Text(format::masked(&profile.openid)),
    };
    let room = |live: LiveId| {
        let title = fill(t.pages.room_title, &[&live.to_string()]);
        Cell::Link(title, format!("/rooms/{live}"))
    };
    let place = services.rooms.whereabouts(profile.user).await?;
    let nowhere = || Cell::Text(t.pages.nowhere.to_owned());
    let place = place.map_or_else(nowhere, |place| room(place.live));
    let mut facts = vec![
        fact(t.pages.whereabouts, place),
        time(
            t.pages.last_seen,
            services.users.last_seen(profile.user).await?,
        ),
        time(t.pages.last_login, profile.last_login_at),
        time(t.pages.registered, Some(profile.created_at)),
        text(t.pages.gender, t.values.gender(profile.gender).to_owned()),
        text(t.pages.age, profile.age.to_string()),
        text(t.pages.height, format!("{} cm", profile.height)),
        text(t.pages.area, area_name(visit.lang, &profile.area)),
        fact(t.pages.openid, openid),
        text(t.pages.app, profile.app_id.clone()),
    ];
    if let Some(live) = services.rooms.room_of_host(profile.user).await? {
        facts.push(fact(t.pages.own_room, room(live)));
    }
    if profile.banned_at.is_some() {
        facts.push(time(t.pages.banned_since, profile.banned_at));
        facts.push(match profile.banned_until {
            Some(until) => time(t.pages.banned_until, Some(until)),
            None => text(t.pages.banned_until, t.pages.permanent.to_owned()),
        });
        facts.push(text(t.pages.ban_reason, profile.ban_reason.clone()));
    }
    Ok(Section::Facts {
        title: t.pages.profile,
        facts,
    })
}
