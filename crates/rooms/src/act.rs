//! The one way in which anything happens to a person: read, decide, write
//! guarded by what was read, tell. All in the caller's transaction.

use qlive_store::Conn;
use qlive_types::{LiveId, UserId};

use crate::error::RoomsError;
use crate::member::{self, Member};
use crate::mic::{self, Effect, Event, Place, Standing};
use crate::presence::Presence;
use crate::settings::{House, Rooms};
use crate::{broadcast, tell};

/// Lets an event happen to a person who is present.
pub(crate) fn act(
    conn: &mut Conn,
    house: &House,
    member: &Member,
    event: Event,
) -> Result<Standing, RoomsError> {
    let step = mic::step(&member.standing, event, &house.rules, house.now)?;
    if step.next != member.standing {
        member.save(conn, &step.next, house.now)?;
    }
    if step.effects.contains(&Effect::EndBroadcast) {
        // Only now, when his row was still as it was read: he may have come back a moment ago.
        broadcast::end(conn, house, member.about, reason(event))?;
    }
    tell::tell(conn, house, member, &step.effects)?;
    Ok(step.next)
}

/// Why a broadcast ends when this happens to its host: the `reason` of OVER.
const fn reason(event: Event) -> &'static str {
    match event {
        Event::Banned => "banned",
        Event::GraceDue { .. } => "host_lost",
        _ => "host_left",
    }
}

/// What a call that names a room finds there.
pub(crate) enum Found {
    Here(Member),
    /// He is in no room, or in another.
    Elsewhere,
    /// He entered again since the call was made.
    Moved,
}

/// Looks for a user in a room; `presence` is the entry that the call speaks of, when it says so.
pub(crate) fn find_in(
    conn: &mut Conn,
    user: UserId,
    live: LiveId,
    presence: Option<Presence>,
) -> Result<Found, RoomsError> {
    Ok(match member::load(conn, user)? {
        Some(member) if presence.is_some_and(|presence| presence < member.entry) => Found::Moved,
        Some(member) if member.about.live == live => Found::Here(member),
        Some(_) | None => Found::Elsewhere,
    })
}

impl Rooms {
    /// Lets an event happen to `user` in `live`, who must be there.
    pub(crate) async fn happen(
        &self,
        user: UserId,
        live: LiveId,
        presence: Option<Presence>,
        event: Event,
    ) -> Result<Standing, RoomsError> {
        let house = self.house();
        let standing = self
            .db
            .write(move |conn| match find_in(conn, user, live, presence)? {
                Found::Here(member) => act(conn, &house, &member, event),
                Found::Elsewhere => Err(RoomsError::NotInRoom),
                Found::Moved => Err(RoomsError::Moved),
            })
            .await?;
        self.office.wake();
        Ok(standing)
    }

    /// The same for events that are well when he is not there, or came back since.
    pub(crate) async fn happen_if_here(
        &self,
        user: UserId,
        live: LiveId,
        presence: Option<Presence>,
        event: Event,
    ) -> Result<(), RoomsError> {
        let house = self.house();
        self.db
            .write(move |conn| match find_in(conn, user, live, presence)? {
                Found::Here(member) => act(conn, &house, &member, event).map(drop),
                Found::Elsewhere | Found::Moved => Ok(()),
            })
            .await?;
        self.office.wake();
        Ok(())
    }
}

/// Takes a person out of the room he is in, so that he can enter another. A live host stays.
pub(crate) fn leave_for_another(
    conn: &mut Conn,
    house: &House,
    member: &Member,
) -> Result<(), RoomsError> {
    if member.standing.place == Place::Hosting {
        return Err(RoomsError::Hosting);
    }
    act(conn, house, member, Event::Leave).map(drop)
}
