//! The list of live rooms.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;
use qlive_configs::Snapshot;
use qlive_store::operation::within_limit;
use qlive_store::schema::{broadcasts, members, rooms, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{GroupId, LiveId, Page, Rendered};

use crate::error::RoomsError;
use crate::service::Rooms;
use crate::user_type::UserType;
use crate::views::live_list_cache::{LiveOrder, LivePage, LiveRoom};

impl Rooms {
    /// A page of the live rooms: those with the most users first, then those that started last.
    /// The answer is at most one second old.
    ///
    /// # Errors
    /// A failure of the store or of the configs.
    pub async fn live_list(&self, page: Page) -> Result<Arc<LivePage>, RoomsError> {
        let db = self.db.clone();
        let read_order = || async move { db.read_one(read_live_order).await };
        let order = self.live_order.get(read_order).await?;
        let on_page = order.rooms_on(page).to_vec();
        if on_page.is_empty() {
            return Ok(Arc::default());
        }
        let cell = order.page(page);
        let page = cell.get_or_try_init(|| self.read_live_page(on_page));
        within_limit(page).await?.map(Arc::clone)
    }

    async fn read_live_page(&self, on_page: Vec<(i64, i64)>) -> Result<Arc<LivePage>, RoomsError> {
        let configs = self.configs.snapshot().await?;
        let rooms = self
            .db
            .read(move |conn| read_live_rooms(conn, &on_page, &configs))
            .await?;
        Ok(Arc::new(LivePage {
            rooms,
            rendered: Rendered::default(),
        }))
    }
}

/// The live rooms with their numbers of users, in the order of the list.
fn read_live_order(conn: &mut Conn) -> Result<LiveOrder, RoomsError> {
    let rooms = broadcasts::table
        .inner_join(members::table.on(members::broadcast_id.eq(broadcasts::id)))
        .group_by((broadcasts::id, broadcasts::room_id, broadcasts::started_at))
        .order((
            diesel::dsl::count(members::user_id).desc(),
            broadcasts::started_at.desc(),
            broadcasts::id.desc(),
        ))
        .select((broadcasts::room_id, diesel::dsl::count(members::user_id)))
        .load(conn)?;
    Ok(LiveOrder::new(rooms))
}

/// A room, joined with its host.
#[derive(Queryable)]
struct HostedRoomRow {
    id: i64,
    group_id: String,
    cover: String,
    nickname: String,
    face_url: String,
}

/// The rooms of a page, with their numbers of users.
fn read_live_rooms(
    conn: &mut Conn,
    on_page: &[(i64, i64)],
    configs: &Snapshot,
) -> Result<Vec<LiveRoom>, RoomsError> {
    let ids: Vec<i64> = on_page.iter().map(|(room, _)| *room).collect();
    let rows: Vec<HostedRoomRow> = rooms::table
        .inner_join(users::table)
        .filter(rooms::id.eq_any(&ids))
        .select((
            rooms::id,
            rooms::group_id,
            rooms::cover,
            users::nickname,
            users::face_url,
        ))
        .load(conn)?;
    let mut rows: HashMap<i64, HostedRoomRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let seated: Vec<(i64, i32, String)> = members::table
        .inner_join(users::table)
        .filter(members::room_id.eq_any(&ids))
        .filter(members::state.eq_any(UserType::SEATED))
        .select((members::room_id, members::state, users::face_url))
        .load(conn)?;
    let face_on = |room: i64, seat: UserType, placeholder: &str| {
        seated
            .iter()
            .find(|(of, state, _)| (*of, *state) == (room, seat.number()))
            .map_or_else(|| placeholder.to_owned(), |(_, _, face)| face.clone())
    };
    let live_room = |(room, audience): &(i64, i64)| {
        let row = rows
            .remove(room)
            .ok_or(StoreError::Corrupt("broadcasts.room_id"))?;
        Ok(LiveRoom {
            live: LiveId::new(*room),
            group: GroupId::new(row.group_id),
            name: row.nickname,
            image: if row.cover.is_empty() {
                row.face_url
            } else {
                row.cover
            },
            boy: face_on(*room, UserType::MaleMic, configs.avatar_boy()),
            girl: face_on(*room, UserType::FemaleMic, configs.avatar_girl()),
            audience: *audience,
        })
    };
    on_page.iter().map(live_room).collect()
}
