//! Rooms as operators see them: the live ones, and one with everybody in it.

use std::collections::HashMap;

use diesel::prelude::*;
use qlive_store::schema::{broadcast_log, broadcasts, members, rooms, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{BroadcastId, Gender, LiveId, Moment, UserId};

use crate::error::RoomsError;
use crate::room::find_room_of_host;
use crate::service::Rooms;
use crate::user_type::UserType;

/// How many rooms, people or broadcasts a list shows at once.
const ROWS: i64 = 50;
/// How many people of each trouble are looked for.
const TROUBLED: i64 = 20;

/// A live room, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRoomStatus {
    pub live: LiveId,
    pub broadcast: BroadcastId,
    pub started_at: Moment,
    pub host: UserId,
    pub host_nickname: String,
    pub cover: String,
    /// How many are in the room, the host included.
    pub people: i64,
    /// Those who publish: the host and the guests.
    pub seats: Vec<SeatStatus>,
}

/// Somebody who publishes, or should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatStatus {
    pub user: UserId,
    pub nickname: String,
    pub seat: Seat,
    pub since: Option<Moment>,
    /// Whether their stream is running, as far as CSS has reported.
    pub has_stream: bool,
    /// Whether their client is lost, and the room waits for it.
    pub is_lost: bool,
}

/// A seat in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seat {
    Host,
    Male,
    Female,
}

/// A room, live or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomDetails {
    pub live: LiveId,
    pub host: UserId,
    pub host_nickname: String,
    /// The name of its group at IM.
    pub group: String,
    pub group_ready: bool,
    pub cover: String,
    pub created_at: Moment,
    /// The broadcast that is live.
    pub status: Option<LiveRoomStatus>,
}

/// A room as the list of all rooms has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRoom {
    pub live: LiveId,
    pub host: UserId,
    pub host_nickname: String,
    pub cover: String,
    pub created_at: Moment,
    /// Since when it is live, if it is.
    pub live_since: Option<Moment>,
    /// When its last broadcast ended.
    pub last_ended: Option<Moment>,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    pub user: UserId,
    pub nickname: String,
    pub gender: Gender,
    /// 1 watching, 2 applied, 3 and 4 on the mic, 5 host.
    pub user_type: i32,
    pub entered_at: Moment,
}

/// A broadcast that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastBroadcast {
    pub broadcast: BroadcastId,
    pub started_at: Moment,
    pub ended_at: Moment,
    pub reason: String,
}

#[derive(Queryable)]
struct LiveRow {
    broadcast: i64,
    started_at: i64,
    room: i64,
    host: i64,
    cover: String,
    nickname: String,
}

#[derive(Queryable)]
struct SeatRow {
    broadcast: i64,
    state: i32,
    seated_at: Option<i64>,
    stream_started_at: Option<i64>,
    im_grace: Option<i64>,
    stream_grace: Option<i64>,
    user: i64,
    nickname: String,
}

type ListedRow = (i64, i64, String, String, i64, Option<i64>);
type PresentRow = (i64, i32, i32, i64, String);

impl Rooms {
    /// At most 50 live rooms, the latest started first, after the broadcast that is named.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn live_rooms(
        &self,
        after: Option<BroadcastId>,
    ) -> Result<Vec<LiveRoomStatus>, RoomsError> {
        self.db
            .read(move |conn| {
                let last = after.map_or(i64::MAX, BroadcastId::get);
                let rows: Vec<LiveRow> = broadcasts::table
                    .inner_join(rooms::table.inner_join(users::table))
                    .filter(broadcasts::id.lt(last))
                    .order(broadcasts::id.desc())
                    .limit(ROWS)
                    .select(LIVE_COLUMNS)
                    .load(conn)?;
                Ok(with_people(conn, rows)?)
            })
            .await
    }

    /// Live rooms in which somebody who should publish has no stream or a lost client: those of at
    /// most 20 people of each kind, by broadcast or by the end of their grace.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn troubled_rooms(&self) -> Result<Vec<LiveRoomStatus>, RoomsError> {
        self.db
            .read(move |conn| {
                let troubled = troubled_broadcasts(conn)?;
                let rows: Vec<LiveRow> = broadcasts::table
                    .inner_join(rooms::table.inner_join(users::table))
                    .filter(broadcasts::id.eq_any(troubled))
                    .order(broadcasts::id)
                    .select(LIVE_COLUMNS)
                    .load(conn)?;
                Ok(with_people(conn, rows)?)
            })
            .await
    }

    /// At most 50 rooms, live or not, the latest created first, with a number below `before`.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn all_rooms(&self, before: Option<LiveId>) -> Result<Vec<ListedRoom>, RoomsError> {
        self.db
            .read(move |conn| {
                let rows: Vec<ListedRow> = rooms::table
                    .inner_join(users::table)
                    .left_join(broadcasts::table)
                    .filter(rooms::id.lt(before.map_or(i64::MAX, LiveId::get)))
                    .order(rooms::id.desc())
                    .limit(ROWS)
                    .select((
                        rooms::id,
                        rooms::host_id,
                        users::nickname,
                        rooms::cover,
                        rooms::created_at,
                        broadcasts::started_at.nullable(),
                    ))
                    .load(conn)?;
                let rooms = rows.into_iter().map(|row| listed_room(conn, row));
                Ok(rooms.collect::<Result<_, StoreError>>()?)
            })
            .await
    }

    /// A room.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], or a failure of the store.
    pub async fn room_details(&self, live: LiveId) -> Result<RoomDetails, RoomsError> {
        self.db
            .read(move |conn| {
                let found: Option<(i64, String, String, bool, i64, String)> = rooms::table
                    .inner_join(users::table)
                    .filter(rooms::id.eq(live.get()))
                    .select((
                        rooms::host_id,
                        rooms::group_id,
                        rooms::cover,
                        rooms::group_ready,
                        rooms::created_at,
                        users::nickname,
                    ))
                    .get_result(conn)
                    .optional()?;
                let (host, group, cover, group_ready, created_at, host_nickname) =
                    found.ok_or(RoomsError::UnknownRoom)?;
                let rows: Vec<LiveRow> = broadcasts::table
                    .inner_join(rooms::table.inner_join(users::table))
                    .filter(broadcasts::room_id.eq(live.get()))
                    .select(LIVE_COLUMNS)
                    .load(conn)?;
                Ok(RoomDetails {
                    live,
                    host: user_id(host)?,
                    host_nickname,
                    group,
                    group_ready,
                    cover,
                    created_at: Moment::from_millis(created_at),
                    status: with_people(conn, rows)?.pop(),
                })
            })
            .await
    }

    /// The room that a matchmaker has, live or not.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn room_of_host(&self, host: UserId) -> Result<Option<LiveId>, RoomsError> {
        let room = self
            .db
            .read(move |conn| find_room_of_host(conn, host))
            .await?;
        Ok(room.map(|room| room.live))
    }

    /// At most 50 of those who are in a room, in the order of their numbers, after the user that is
    /// named.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn people_in(
        &self,
        live: LiveId,
        after: Option<UserId>,
    ) -> Result<Vec<Present>, RoomsError> {
        self.db
            .read(move |conn| {
                let rows: Vec<PresentRow> = members::table
                    .inner_join(users::table)
                    .filter(members::room_id.eq(live.get()))
                    .filter(members::user_id.gt(after.map_or(0, UserId::get)))
                    .order(members::user_id)
                    .limit(ROWS)
                    .select((
                        members::user_id,
                        members::gender,
                        members::state,
                        members::entered_at,
                        users::nickname,
                    ))
                    .load(conn)?;
                let present = |(user, gender, state, entered_at, nickname): PresentRow| {
                    Ok(Present {
                        user: user_id(user)?,
                        nickname,
                        gender: Gender::from_number(i64::from(gender))
                            .ok_or(StoreError::Corrupt("members.gender"))?,
                        user_type: state,
                        entered_at: Moment::from_millis(entered_at),
                    })
                };
                rows.into_iter().map(present).collect()
            })
            .await
    }

    /// At most 50 past broadcasts of a room, the latest first, after the one that is named.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn past_broadcasts(
        &self,
        live: LiveId,
        after: Option<BroadcastId>,
    ) -> Result<Vec<PastBroadcast>, RoomsError> {
        self.db
            .read(move |conn| {
                let rows: Vec<(i64, i64, i64, String)> = broadcast_log::table
                    .filter(broadcast_log::room_id.eq(live.get()))
                    .filter(
                        broadcast_log::broadcast_id.lt(after.map_or(i64::MAX, BroadcastId::get)),
                    )
                    .order(broadcast_log::broadcast_id.desc())
                    .limit(ROWS)
                    .select((
                        broadcast_log::broadcast_id,
                        broadcast_log::started_at,
                        broadcast_log::ended_at,
                        broadcast_log::reason,
                    ))
                    .load(conn)?;
                let past = |(broadcast, started_at, ended_at, reason)| PastBroadcast {
                    broadcast: BroadcastId::new(broadcast),
                    started_at: Moment::from_millis(started_at),
                    ended_at: Moment::from_millis(ended_at),
                    reason,
                };
                Ok(rows.into_iter().map(past).collect())
            })
            .await
    }
}

fn listed_room(conn: &mut Conn, row: ListedRow) -> Result<ListedRoom, StoreError> {
    let (room, host, host_nickname, cover, created_at, started_at) = row;
    let last_ended: Option<i64> = broadcast_log::table
        .filter(broadcast_log::room_id.eq(room))
        .order(broadcast_log::broadcast_id.desc())
        .select(broadcast_log::ended_at)
        .first(conn)
        .optional()?;
    Ok(ListedRoom {
        live: LiveId::new(room),
        host: user_id(host)?,
        host_nickname,
        cover,
        created_at: Moment::from_millis(created_at),
        live_since: started_at.map(Moment::from_millis),
        last_ended: last_ended.map(Moment::from_millis),
    })
}

/// The broadcasts of those who have no stream, or whose client or stream was lost. Each is found by
/// an index of its own.
fn troubled_broadcasts(conn: &mut Conn) -> Result<Vec<i64>, StoreError> {
    // Written out, so that a prepared statement uses the partial index: states of the stage.
    let on_stage = diesel::dsl::sql::<diesel::sql_types::Bool>("members.state >= 3");
    let mut found: Vec<i64> = members::table
        .filter(on_stage)
        .filter(members::stream_started_at.is_null())
        .order(members::broadcast_id)
        .limit(TROUBLED)
        .select(members::broadcast_id)
        .load(conn)?;
    let lost: Vec<i64> = members::table
        .filter(members::im_grace_until.is_not_null())
        .order(members::im_grace_until)
        .limit(TROUBLED)
        .select(members::broadcast_id)
        .load(conn)?;
    let interrupted: Vec<i64> = members::table
        .filter(members::stream_grace_until.is_not_null())
        .order(members::stream_grace_until)
        .limit(TROUBLED)
        .select(members::broadcast_id)
        .load(conn)?;
    found.extend(lost);
    found.extend(interrupted);
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

type LiveColumns = (
    broadcasts::id,
    broadcasts::started_at,
    rooms::id,
    rooms::host_id,
    rooms::cover,
    users::nickname,
);
const LIVE_COLUMNS: LiveColumns = (
    broadcasts::id,
    broadcasts::started_at,
    rooms::id,
    rooms::host_id,
    rooms::cover,
    users::nickname,
);

fn user_id(number: i64) -> Result<UserId, StoreError> {
    UserId::new(number).ok_or(StoreError::Corrupt("members.user_id"))
}

/// Adds the people of live rooms.
fn with_people(conn: &mut Conn, rows: Vec<LiveRow>) -> Result<Vec<LiveRoomStatus>, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.broadcast).collect();
    let room_ids: Vec<i64> = rows.iter().map(|row| row.room).collect();
    let counts: Vec<(i64, i64)> = members::table
        .filter(members::room_id.eq_any(&room_ids))
        .group_by(members::room_id)
        .select((members::room_id, diesel::dsl::count_star()))
        .load(conn)?;
    let counts: HashMap<i64, i64> = counts.into_iter().collect();
    let seats: Vec<SeatRow> = members::table
        .inner_join(users::table)
        .filter(members::room_id.eq_any(&room_ids))
        .filter(members::broadcast_id.eq_any(&ids))
        .filter(members::state.eq_any(UserType::ON_STAGE))
        .select((
            members::broadcast_id,
            members::state,
            members::seated_at,
            members::stream_started_at,
            members::im_grace_until,
            members::stream_grace_until,
            members::user_id,
            users::nickname,
        ))
        .load(conn)?;
    let mut by_broadcast: HashMap<i64, Vec<SeatStatus>> = HashMap::new();
    for row in seats {
        let seat = SeatStatus {
            user: user_id(row.user)?,
            nickname: row.nickname,
            seat: seat_of(row.state)?,
            since: row.seated_at.map(Moment::from_millis),
            has_stream: row.stream_started_at.is_some(),
            is_lost: row.im_grace.is_some() || row.stream_grace.is_some(),
        };
        by_broadcast.entry(row.broadcast).or_default().push(seat);
    }
    let status = |row: LiveRow| {
        let mut seats = by_broadcast.remove(&row.broadcast).unwrap_or_default();
        seats.sort_by_key(|seat| seat.seat);
        Ok(LiveRoomStatus {
            live: LiveId::new(row.room),
            broadcast: BroadcastId::new(row.broadcast),
            started_at: Moment::from_millis(row.started_at),
            host: user_id(row.host)?,
            host_nickname: row.nickname,
            cover: row.cover,
            people: counts.get(&row.room).copied().unwrap_or(0),
            seats,
        })
    };
    rows.into_iter().map(status).collect()
}

fn seat_of(state: i32) -> Result<Seat, StoreError> {
    match UserType::from_number(state) {
        Some(UserType::MaleMic) => Ok(Seat::Male),
        Some(UserType::FemaleMic) => Ok(Seat::Female),
        Some(UserType::Host) => Ok(Seat::Host),
        _ => Err(StoreError::Corrupt("members.state")),
    }
}
