//! A live room as a user in it sees it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use qlive_store::schema::{members, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, LiveId, UserId};
use secrecy::SecretString;

use crate::context::Context;
use crate::error::RoomsError;
use crate::member::find_member;
use crate::mic::Place;
use crate::room::Room;
use crate::user_type::UserType;
use crate::visit::VisitNumber;

/// The host, or a guest on a mic seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserOnStage {
    pub user: UserId,
    pub nickname: String,
    pub area: String,
    pub age: i32,
    pub gender: Gender,
    pub face_url: String,
    pub play_url: String,
}

/// A live room as one user in it sees it.
#[derive(Debug)]
pub struct Stage {
    pub live: LiveId,
    /// The IM group of the room.
    pub group: String,
    pub host_nickname: String,
    pub host_face_url: String,
    /// The host. `None` while a grace period of the host runs.
    pub owner: Option<UserOnStage>,
    pub male: Option<UserOnStage>,
    pub female: Option<UserOnStage>,
    /// The place of the reading user: 1 watching, 2 applied, 3 male mic, 4 female mic, 5 host.
    pub user_type: i32,
    /// Only for users on stage.
    pub push_url: Option<SecretString>,
    /// `[men applied, all men, women applied, all women]`, the host not counted.
    pub num_list: [i64; 4],
    /// The visit of the reading user.
    pub visit: VisitNumber,
}

/// Reads a live room as `user` sees it.
///
/// # Errors
/// [`RoomsError::MembersOnly`] if the user is not in the room.
pub(crate) fn read_stage(
    conn: &mut Conn,
    context: &Context,
    room: &Room,
    user: UserId,
) -> Result<Stage, RoomsError> {
    let reader = find_member(conn, user)?
        .filter(|member| member.broadcast.live == room.live)
        .ok_or(RoomsError::MembersOnly)?;
    let host =
        qlive_users::find_user(conn, room.host)?.ok_or(StoreError::Corrupt("rooms.host_id"))?;
    let mut stage = Stage {
        live: room.live,
        group: room.group.to_string(),
        host_nickname: host.nickname,
        host_face_url: host.face_url,
        owner: None,
        male: None,
        female: None,
        user_type: UserType::new(reader.state.place, reader.state.gender).number(),
        push_url: matches!(reader.state.place, Place::OnMic | Place::Hosting)
            .then(|| context.push_url(user)),
        num_list: count_by_gender(conn, room.live)?,
        visit: reader.visit,
    };
    for row in stage_rows(conn, room.live)? {
        match UserType::from_number(row.state) {
            Some(UserType::Host) if row.is_disconnected() => {}
            Some(UserType::Host) => stage.owner = Some(row.into_user(context)?),
            Some(UserType::MaleMic) => stage.male = Some(row.into_user(context)?),
            Some(UserType::FemaleMic) => stage.female = Some(row.into_user(context)?),
            Some(UserType::Outside | UserType::Watching | UserType::Applied) | None => {
                return Err(StoreError::Corrupt("members.state").into());
            }
        }
    }
    Ok(stage)
}

/// A member on stage, joined with their user.
#[derive(Queryable)]
struct StageRow {
    state: i32,
    im_grace_until: Option<i64>,
    stream_grace_until: Option<i64>,
    gender: i32,
    user_id: i64,
    nickname: String,
    area: String,
    age: i32,
    face_url: String,
}

fn stage_rows(conn: &mut Conn, live: LiveId) -> Result<Vec<StageRow>, StoreError> {
    Ok(members::table
        .inner_join(users::table)
        .filter(members::room_id.eq(live.get()))
        .filter(members::state.eq_any(UserType::ON_STAGE))
        .select((
            members::state,
            members::im_grace_until,
            members::stream_grace_until,
            members::gender,
            users::id,
            users::nickname,
            users::area,
            users::age,
            users::face_url,
        ))
        .load(conn)?)
}

impl StageRow {
    /// Whether a grace period runs.
    const fn is_disconnected(&self) -> bool {
        self.im_grace_until.is_some() || self.stream_grace_until.is_some()
    }

    fn into_user(self, context: &Context) -> Result<UserOnStage, StoreError> {
        let user = UserId::new(self.user_id).ok_or(StoreError::Corrupt("users.id"))?;
        let gender =
            Gender::from_number(self.gender.into()).ok_or(StoreError::Corrupt("members.gender"))?;
        Ok(UserOnStage {
            user,
            nickname: self.nickname,
            area: self.area,
            age: self.age,
            gender,
            face_url: self.face_url,
            play_url: context.play_url(user),
        })
    }
}

/// Counts `[men applied, all men, women applied, all women]` in a room, without the host.
pub(crate) fn count_by_gender(conn: &mut Conn, live: LiveId) -> Result<[i64; 4], StoreError> {
    let counts = counts_by_gender(conn, &BTreeSet::from([live]))?;
    Ok(counts.get(&live).copied().unwrap_or_default())
}

/// The same for many rooms; a room without members but its host is missing.
pub(crate) fn counts_by_gender(
    conn: &mut Conn,
    lives: &BTreeSet<LiveId>,
) -> Result<BTreeMap<LiveId, [i64; 4]>, StoreError> {
    let rows: Vec<(i64, i32, i32, i64)> = members::table
        .filter(members::room_id.eq_any(lives.iter().map(|live| live.get())))
        .filter(members::state.ne(UserType::Host.number()))
        .group_by((members::room_id, members::gender, members::state))
        .select((
            members::room_id,
            members::gender,
            members::state,
            diesel::dsl::count(members::user_id),
        ))
        .load(conn)?;
    let mut counts = BTreeMap::<LiveId, [i64; 4]>::new();
    for (room, gender, state, count) in rows {
        let [men_applied, men, women_applied, women] = counts.entry(LiveId::new(room)).or_default();
        let (applied, all) = if gender == Gender::Male.number() {
            (men_applied, men)
        } else {
            (women_applied, women)
        };
        *all += count;
        if state == UserType::Applied.number() {
            *applied += count;
        }
    }
    Ok(counts)
}
