//! What somebody in a room sees of it: the stage, the numbers, his own place.

use diesel::prelude::*;
use qlive_store::schema::{members, users};
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, LiveId, UserId};
use secrecy::SecretString;

use crate::error::RoomsError;
use crate::member::{self, HOST, ON_STAGE, user_type};
use crate::mic::Place;
use crate::presence::Presence;
use crate::room::Room;
use crate::settings::House;

/// A person on stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub user: UserId,
    pub nickname: String,
    pub area: String,
    pub age: i32,
    pub gender: Gender,
    pub face_url: String,
    pub play_url: String,
}

/// A live room as one of those present sees it.
#[derive(Debug)]
pub struct Stage {
    pub live: LiveId,
    pub group: String,
    pub host_nickname: String,
    pub host_face_url: String,
    /// Absent while the host's grace runs.
    pub owner: Option<Person>,
    pub male: Option<Person>,
    pub female: Option<Person>,
    pub user_type: i32,
    /// For those on stage.
    pub push_url: Option<SecretString>,
    /// `[men applied, all men, women applied, all women]`, the host not counted.
    pub num_list: [i64; 4],
    pub presence: Presence,
}

/// Reads the stage as `user`, who must be present, sees it.
pub(crate) fn view(
    conn: &mut Conn,
    house: &House,
    room: &Room,
    user: UserId,
) -> Result<Stage, RoomsError> {
    let me = member::load(conn, user)?
        .filter(|me| me.about.live == room.live)
        .ok_or(RoomsError::MembersOnly)?;
    let host = qlive_users::find(conn, room.host)?.ok_or(StoreError::Corrupt("rooms.host_id"))?;
    let mut stage = Stage {
        live: room.live,
        group: room.group.to_string(),
        host_nickname: host.nickname,
        host_face_url: host.face_url,
        owner: None,
        male: None,
        female: None,
        user_type: user_type(me.standing.place, me.standing.gender),
        push_url: matches!(me.standing.place, Place::OnMic | Place::Hosting)
            .then(|| house.push_url(user)),
        num_list: num_list(conn, room.live)?,
        presence: me.entry,
    };
    for (state, lost, person) in people(conn, house, room.live)? {
        match state {
            HOST if lost => {}
            HOST => stage.owner = Some(person),
            3 => stage.male = Some(person),
            _ => stage.female = Some(person),
        }
    }
    Ok(stage)
}

/// Those on stage, with their number and whether a grace of theirs runs.
fn people(
    conn: &mut Conn,
    house: &House,
    live: LiveId,
) -> Result<Vec<(i32, bool, Person)>, StoreError> {
    type Columns = (
        i32,
        Option<i64>,
        Option<i64>,
        i64,
        String,
        String,
        i32,
        i32,
        String,
    );
    let rows: Vec<Columns> = members::table
        .inner_join(users::table)
        .filter(
            members::room_id
                .eq(live.get())
                .and(members::state.eq_any(ON_STAGE)),
        )
        .select((
            members::state,
            members::im_grace_until,
            members::stream_grace_until,
            users::id,
            users::nickname,
            users::area,
            users::age,
            members::gender,
            users::face_url,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(
            |(state, im_grace, stream_grace, id, nickname, area, age, gender, face_url)| {
                let user = UserId::new(id).ok_or(StoreError::Corrupt("users.id"))?;
                let gender = Gender::from_number(gender.into())
                    .ok_or(StoreError::Corrupt("members.gender"))?;
                let play_url = house.play_url(user);
                let person = Person {
                    user,
                    nickname,
                    area,
                    age,
                    gender,
                    face_url,
                    play_url,
                };
                Ok((state, im_grace.is_some() || stream_grace.is_some(), person))
            },
        )
        .collect()
}

/// Counts `[men applied, all men, women applied, all women]` without the host.
pub(crate) fn num_list(conn: &mut Conn, live: LiveId) -> Result<[i64; 4], StoreError> {
    let rows: Vec<(i32, i32, i64)> = members::table
        .filter(members::room_id.eq(live.get()).and(members::state.ne(HOST)))
        .group_by((members::gender, members::state))
        .select((
            members::gender,
            members::state,
            diesel::dsl::count(members::user_id),
        ))
        .load(conn)?;
    let of = |gender: Gender, applied_only: bool| -> i64 {
        let counted = rows
            .iter()
            .filter(|(g, state, _)| *g == gender.number() && (!applied_only || *state == 2));
        counted.map(|(_, _, count)| count).sum()
    };
    Ok([
        of(Gender::Male, true),
        of(Gender::Male, false),
        of(Gender::Female, true),
        of(Gender::Female, false),
    ])
}
