//! Lists: the live rooms, who is in one, where somebody is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use qlive_configs::Snapshot;
use qlive_store::schema::{broadcasts, members, rooms, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, GroupId, LiveId, Moment, Page, UserId};

use crate::error::RoomsError;
use crate::member::{self, user_type};
use crate::room;
use crate::settings::Rooms;

/// How old a page of the live list may be.
const STALE: Duration = Duration::from_secs(1);
/// The most pages kept.
const PAGES: usize = 256;

/// A room in the list of live rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRoom {
    pub live: LiveId,
    pub group: GroupId,
    pub name: String,
    pub image: String,
    pub boy: String,
    pub girl: String,
    /// All present, host and guests too.
    pub audience: i64,
}

/// Somebody in the list of a room's viewers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    pub user: UserId,
    pub nickname: String,
    pub face_url: String,
    pub applied: bool,
}

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    pub live: LiveId,
    pub group: GroupId,
    /// The host's nickname.
    pub room_name: String,
    pub user_type: i32,
}

/// How full the house is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauges {
    pub rooms_live: i64,
    pub people_present: i64,
}

/// Pages of the live list, each with the moment it was read.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<i64, Cached>>);

type Cached = (Moment, Arc<Vec<LiveRoom>>);

impl Rooms {
    /// A page of the live rooms: most present first, then the latest start. At most a second old.
    pub async fn live_list(&self, page: Page) -> Result<Arc<Vec<LiveRoom>>, RoomsError> {
        let now = self.clock.now();
        let cached = {
            let pages = self
                .list_cache
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            pages
                .get(&page.offset())
                .filter(|(at, _)| now.since(*at) < STALE)
                .map(|(_, list)| Arc::clone(list))
        };
        if let Some(list) = cached {
            return Ok(list);
        }
        let configs = self.configs.snapshot().await?;
        let list = Arc::new(
            self.db
                .read(move |conn| live_rooms(conn, page, &configs))
                .await?,
        );
        let mut pages = self
            .list_cache
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= PAGES {
            pages.clear();
        }
        pages.insert(page.offset(), (now, Arc::clone(&list)));
        Ok(list)
    }

    /// A page of the viewers of one gender, for those present.
    pub async fn audience(
        &self,
        caller: UserId,
        live: LiveId,
        gender: Gender,
        page: Page,
    ) -> Result<Vec<Audience>, RoomsError> {
        self.db
            .read(move |conn| {
                member::load(conn, caller)?
                    .filter(|me| me.about.live == live)
                    .ok_or(RoomsError::MembersOnly)?;
                Ok(viewers(conn, live, gender, page)?)
            })
            .await
    }

    /// Where a user is, if he is in a room.
    pub async fn whereabouts(&self, user: UserId) -> Result<Option<Whereabouts>, RoomsError> {
        self.db
            .read(move |conn| {
                let Some(me) = member::load(conn, user)? else {
                    return Ok(None);
                };
                let room = room::find(conn, me.about.live)?
                    .ok_or(StoreError::Corrupt("members.room_id"))?;
                let host = qlive_users::find(conn, room.host)?
                    .ok_or(StoreError::Corrupt("rooms.host_id"))?;
                Ok(Some(Whereabouts {
                    live: room.live,
                    group: room.group,
                    room_name: host.nickname,
                    user_type: user_type(me.standing.place, me.standing.gender),
                }))
            })
            .await
    }

    /// How full the house is.
    pub async fn gauges(&self) -> Result<Gauges, RoomsError> {
        self.db
            .read(|conn| {
                Ok(Gauges {
                    rooms_live: broadcasts::table.count().get_result(conn)?,
                    people_present: members::table.count().get_result(conn)?,
                })
            })
            .await
    }
}

fn live_rooms(
    conn: &mut Conn,
    page: Page,
    configs: &Snapshot,
) -> Result<Vec<LiveRoom>, RoomsError> {
    let fullest: Vec<(i64, i64)> = broadcasts::table
        .inner_join(members::table.on(members::broadcast_id.eq(broadcasts::id)))
        .group_by((broadcasts::id, broadcasts::room_id, broadcasts::started_at))
        .order((
            diesel::dsl::count(members::user_id).desc(),
            broadcasts::started_at.desc(),
            broadcasts::id.desc(),
        ))
        .offset(page.offset())
        .limit(Page::ROWS)
        .select((broadcasts::room_id, diesel::dsl::count(members::user_id)))
        .load(conn)?;
    fullest
        .into_iter()
        .map(|(room, audience)| live_room(conn, room, audience, configs))
        .collect()
}

fn live_room(
    conn: &mut Conn,
    room: i64,
    audience: i64,
    configs: &Snapshot,
) -> Result<LiveRoom, RoomsError> {
    let (group, cover, name, face): (String, String, String, String) = rooms::table
        .inner_join(users::table)
        .filter(rooms::id.eq(room))
        .select((
            rooms::group_id,
            rooms::cover,
            users::nickname,
            users::face_url,
        ))
        .get_result(conn)?;
    let seated: Vec<(i32, String)> = members::table
        .inner_join(users::table)
        .filter(members::room_id.eq(room).and(members::state.eq_any([3, 4])))
        .select((members::state, users::face_url))
        .load(conn)?;
    let face_of = |state: i32, empty: &str| {
        seated
            .iter()
            .find(|(seat, _)| *seat == state)
            .map_or_else(|| empty.to_owned(), |(_, face)| face.clone())
    };
    Ok(LiveRoom {
        live: LiveId::new(room),
        group: GroupId::new(group),
        name,
        image: if cover.is_empty() { face } else { cover },
        boy: face_of(3, configs.avatar_boy()),
        girl: face_of(4, configs.avatar_girl()),
        audience,
    })
}

fn viewers(
    conn: &mut Conn,
    live: LiveId,
    gender: Gender,
    page: Page,
) -> Result<Vec<Audience>, StoreError> {
    let rows: Vec<(i64, String, String, i32)> = members::table
        .inner_join(users::table)
        .filter(
            members::room_id
                .eq(live.get())
                .and(members::gender.eq(gender.number())),
        )
        .filter(members::state.eq_any([1, 2]))
        .order((
            members::state.desc(),
            members::entered_at,
            members::entry,
            members::user_id,
        ))
        .offset(page.offset())
        .limit(Page::ROWS)
        .select((users::id, users::nickname, users::face_url, members::state))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, nickname, face_url, state)| {
            let user = UserId::new(id).ok_or(StoreError::Corrupt("users.id"))?;
            Ok(Audience {
                user,
                nickname,
                face_url,
                applied: state == 2,
            })
        })
        .collect()
}
