//! A broadcast from its start to its end, and entering and leaving it.

use std::time::Duration;

use diesel::prelude::*;
use qlive_outbox::{Effect as Told, Subject, Words, post};
use qlive_store::schema::{broadcast_log, broadcasts, members};
use qlive_store::{Conn, StoreError, or_contended};
use qlive_types::{BroadcastId, LiveId, UserId};
use qlive_users::Profile;
use secrecy::SecretString;

use crate::act::{Found, act, find_in, leave_for_another};
use crate::error::RoomsError;
use crate::member::{self, ON_STAGE};
use crate::mic::{self, Effect, Event, Place, Standing};
use crate::presence::Presence;
use crate::room::{self, Room};
use crate::settings::{House, Rooms};
use crate::stage::{self, Stage};

/// How long a matchmaker's entry waits for his group, and how often it looks.
const GROUP_WAIT: Duration = Duration::from_secs(3);
const GROUP_LOOK: Duration = Duration::from_millis(50);

/// What a matchmaker gets who enters his room.
#[derive(Debug)]
pub enum MatchmakerEntry {
    Banned,
    Live {
        live: LiveId,
        group: String,
        profile: Box<Profile>,
        push_url: SecretString,
        play_url: String,
        presence: Presence,
    },
}

impl Rooms {
    /// Enters a room, leaving another first; or resumes one's place here.
    pub async fn enter(&self, user: UserId, live: LiveId) -> Result<Stage, RoomsError> {
        let house = self.house();
        let stage = self
            .db
            .write(move |conn| {
                let room = room::find(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
                let about = room.about().ok_or(RoomsError::NotLive)?;
                match member::load(conn, user)? {
                    Some(member) if member.about == about => {
                        act(conn, &house, &member, Event::Enter)?;
                        member::note_heard(conn, user, house.now)?;
                    }
                    // He is here, in a broadcast that began since the room was read.
                    Some(member) if member.about.live == live => {
                        return Err(StoreError::Contended.into());
                    }
                    Some(member) => {
                        leave_for_another(conn, &house, &member)?;
                        come_in(conn, &house, user, about)?;
                    }
                    None => come_in(conn, &house, user, about)?,
                }
                match stage::view(conn, &house, &room, user) {
                    // Another call of his took him elsewhere in between: look again where he is.
                    Err(RoomsError::MembersOnly) => Err(StoreError::Contended.into()),
                    seen => seen,
                }
            })
            .await?;
        self.office.wake();
        Ok(stage)
    }

    /// Leaves a room; the host ends his broadcast by it. Not being there is well.
    pub async fn leave(
        &self,
        user: UserId,
        live: LiveId,
        presence: Option<Presence>,
    ) -> Result<(), RoomsError> {
        self.happen_if_here(user, live, presence, Event::Leave)
            .await
    }

    /// Leaves whatever room one is in; or, when only the app was hidden, starts the grace of a loss.
    pub async fn log_out(
        &self,
        user: UserId,
        presence: Option<Presence>,
        hidden: bool,
    ) -> Result<(), RoomsError> {
        let house = self.house();
        let event = if hidden { Event::ImLost } else { Event::Leave };
        self.db
            .write(move |conn| match member::load(conn, user)? {
                Some(member) if presence.is_none_or(|presence| presence >= member.entry) => {
                    act(conn, &house, &member, event).map(drop)
                }
                Some(_) | None => Ok(()),
            })
            .await?;
        self.office.wake();
        Ok(())
    }

    /// The host ends his broadcast. Ending what is not live is well.
    pub async fn end(
        &self,
        user: UserId,
        live: LiveId,
        presence: Option<Presence>,
    ) -> Result<(), RoomsError> {
        let house = self.house();
        self.db
            .write(move |conn| {
                let room = room::find(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
                if room.host != user {
                    return Err(RoomsError::NotHost);
                }
                match (room.about(), find_in(conn, user, live, presence)?) {
                    (Some(about), Found::Here(_) | Found::Elsewhere) => {
                        end(conn, &house, about, "ended")
                    }
                    (Some(_), Found::Moved) | (None, _) => Ok(()),
                }
            })
            .await?;
        self.office.wake();
        Ok(())
    }

    /// The matchmaker opens his room, or resumes it when it is live.
    pub async fn matchmaker_enter(&self, user: UserId) -> Result<MatchmakerEntry, RoomsError> {
        let profile = self.users.profile(user).await?;
        if profile.banned_at.is_some() {
            return Ok(MatchmakerEntry::Banned);
        }
        if !profile.matchmaker {
            return Err(RoomsError::NotMatchmaker);
        }
        self.await_group(user).await?;
        let house = self.house();
        let (room, presence) = self
            .db
            .write({
                let house = house.clone();
                move |conn| {
                    let profile =
                        qlive_users::find(conn, user)?.ok_or(RoomsError::NotMatchmaker)?;
                    let room = room::of_host(conn, user)?.ok_or(RoomsError::RoomNotReady)?;
                    let presence = host_in(conn, &house, &room, &profile)?;
                    Ok::<_, RoomsError>((room, presence))
                }
            })
            .await?;
        self.office.wake();
        Ok(MatchmakerEntry::Live {
            live: room.live,
            group: room.group.to_string(),
            profile: Box::new(profile),
            push_url: house.push_url(user),
            play_url: house.play_url(user),
            presence,
        })
    }

    /// Waits until IM has the group of this matchmaker's room.
    async fn await_group(&self, host: UserId) -> Result<(), RoomsError> {
        let ready = async {
            loop {
                let room = self.db.read(move |conn| room::of_host(conn, host)).await?;
                if room.is_some_and(|room| room.group_ready) {
                    return Ok(());
                }
                tokio::time::sleep(GROUP_LOOK).await;
            }
        };
        tokio::time::timeout(GROUP_WAIT, ready)
            .await
            .unwrap_or(Err(RoomsError::RoomNotReady))
    }
}

/// Lets somebody in who is in no room.
fn come_in(conn: &mut Conn, house: &House, user: UserId, about: Subject) -> Result<(), RoomsError> {
    let profile = qlive_users::find(conn, user)?.ok_or(RoomsError::NotInRoom)?;
    let outside = Standing::out(profile.gender, profile.ready);
    let step = mic::step(&outside, Event::Enter, &house.rules, house.now)?;
    member::insert(conn, user, about, &step.next, house.now)?;
    if step.effects.contains(&Effect::Num) {
        post(conn, house.now, &Told::Num { about })?;
    }
    Ok(())
}

/// Starts the broadcast with its host, or lets him resume it.
fn host_in(
    conn: &mut Conn,
    house: &House,
    room: &Room,
    profile: &Profile,
) -> Result<Presence, RoomsError> {
    let present = member::load(conn, room.host)?;
    match (present, room.about()) {
        (Some(member), Some(about)) if member.about == about => {
            act(conn, house, &member, Event::Enter)?;
            return Ok(member.entry);
        }
        // He began in another call since the room was read.
        (Some(member), _) if member.about.live == room.live => {
            return Err(StoreError::Contended.into());
        }
        (Some(member), _) => leave_for_another(conn, house, &member)?,
        (None, _) => {}
    }
    if let Some(about) = room.about() {
        // Live without its host: no code of ours leaves a room so.
        end(conn, house, about, "host_lost")?;
    }
    let broadcast: i64 = or_contended(
        diesel::insert_into(broadcasts::table)
            .values((
                broadcasts::room_id.eq(room.live.get()),
                broadcasts::started_at.eq(house.now.millis()),
            ))
            .returning(broadcasts::id)
            .get_result(conn),
    )?;
    let about = Subject {
        live: room.live,
        broadcast: BroadcastId::new(broadcast),
    };
    let hosting = Standing {
        place: Place::Hosting,
        ..Standing::out(profile.gender, profile.ready)
    };
    member::insert(conn, room.host, about, &hosting, house.now)
}

/// Ends a broadcast: everybody is out, its length is on record, the room is told.
pub(crate) fn end(
    conn: &mut Conn,
    house: &House,
    about: Subject,
    reason: &str,
) -> Result<(), RoomsError> {
    // Taken out first, so that whoever reached the mic until now is known.
    let present: Vec<(i64, i32)> =
        diesel::delete(members::table.filter(members::broadcast_id.eq(about.broadcast.get())))
            .returning((members::user_id, members::state))
            .get_results(conn)?;
    let started_at: Option<i64> = diesel::delete(broadcasts::table.find(about.broadcast.get()))
        .returning(broadcasts::started_at)
        .get_result(conn)
        .optional()?;
    let started_at = started_at.ok_or(StoreError::Contended)?;
    diesel::insert_into(broadcast_log::table)
        .values((
            broadcast_log::broadcast_id.eq(about.broadcast.get()),
            broadcast_log::room_id.eq(about.live.get()),
            broadcast_log::started_at.eq(started_at),
            broadcast_log::ended_at.eq(house.now.millis()),
            broadcast_log::reason.eq(reason),
        ))
        .execute(conn)?;
    post(
        conn,
        house.now,
        &Told::Group {
            about,
            words: Words::Over {
                reason: reason.into(),
            },
        },
    )?;
    for (user, _) in present
        .into_iter()
        .filter(|(_, state)| ON_STAGE.contains(state))
    {
        let user = UserId::new(user).ok_or(StoreError::Corrupt("members.user_id"))?;
        post(conn, house.now, &Told::DropStream { user })?;
    }
    Ok(())
}
