//! The list of live rooms.

use std::sync::Arc;

use diesel::prelude::*;
use qlive_configs::Snapshot;
use qlive_store::Conn;
use qlive_store::schema::{broadcasts, members, rooms, users};
use qlive_types::{GroupId, LiveId, Page};

use crate::error::RoomsError;
use crate::service::Rooms;
use crate::user_type::UserType;
use crate::views::live_list_cache::{LiveOrder, LiveRoom};

impl Rooms {
    /// A page of the live rooms: those with the most users first, then those that started last.
    /// The answer is at most one second old.
    ///
    /// # Errors
    /// A failure of the store or of the configs.
    pub async fn live_list(&self, page: Page) -> Result<Arc<Vec<LiveRoom>>, RoomsError> {
        let order = self.live_order().await?;
        if let Some(rooms) = order.page(page) {
            return Ok(rooms);
        }
        let on_page = order.rooms_on(page).to_vec();
        if on_page.is_empty() {
            return Ok(Arc::default());
        }
        let configs = self.configs.snapshot().await?;
        let rooms = self.db.read(move |conn| {
            on_page
                .into_iter()
                .map(|(room, audience)| read_live_room(conn, room, audience, &configs))
                .collect::<Result<_, RoomsError>>()
        });
        let rooms = Arc::new(rooms.await?);
        order.keep_page(page, Arc::clone(&rooms));
        Ok(rooms)
    }

    /// The order of all live rooms, at most one second old.
    async fn live_order(&self) -> Result<Arc<LiveOrder>, RoomsError> {
        let (now, cache) = (self.clock.tick(), &self.live_list_cache.0);
        if let Some(order) = cache.get(now) {
            return Ok(order);
        }
        let rooms = self.db.read(read_live_order).await?;
        Ok(cache.put(now, LiveOrder::new(rooms)))
    }
}

/// The live rooms with their numbers of users, in the order of the list.
fn read_live_order(conn: &mut Conn) -> Result<Vec<(i64, i64)>, RoomsError> {
    Ok(broadcasts::table
        .inner_join(members::table.on(members::broadcast_id.eq(broadcasts::id)))
        .group_by((broadcasts::id, broadcasts::room_id, broadcasts::started_at))
        .order((
            diesel::dsl::count(members::user_id).desc(),
            broadcasts::started_at.desc(),
            broadcasts::id.desc(),
        ))
        .select((broadcasts::room_id, diesel::dsl::count(members::user_id)))
        .load(conn)?)
}

/// A room, joined with its host.
#[derive(Queryable)]
struct HostedRoomRow {
    group_id: String,
    cover: String,
    nickname: String,
    face_url: String,
}

fn read_live_room(
    conn: &mut Conn,
    room: i64,
    audience: i64,
    configs: &Snapshot,
) -> Result<LiveRoom, RoomsError> {
    let row: HostedRoomRow = rooms::table
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
        .filter(members::room_id.eq(room))
        .filter(members::state.eq_any(UserType::SEATED))
        .select((members::state, users::face_url))
        .load(conn)?;
    let face_on = |seat: UserType, placeholder: &str| {
        seated
            .iter()
            .find(|(state, _)| *state == seat.number())
            .map_or_else(|| placeholder.to_owned(), |(_, face)| face.clone())
    };
    Ok(LiveRoom {
        live: LiveId::new(room),
        group: GroupId::new(row.group_id),
        name: row.nickname,
        image: if row.cover.is_empty() {
            row.face_url
        } else {
            row.cover
        },
        boy: face_on(UserType::MaleMic, configs.avatar_boy()),
        girl: face_on(UserType::FemaleMic, configs.avatar_girl()),
        audience,
    })
}
