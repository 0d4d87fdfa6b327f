//! A user enters a live room.

use qlive_outbox::{BroadcastRef, Delivery, enqueue};
use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, UserId};

use crate::context::Context;
use crate::error::RoomsError;
use crate::event_log::RoomEventKind;
use crate::member::{find_member, insert_member, record_activity};
use crate::mic::{self, MemberState, MicEffect, MicEvent};
use crate::removals::is_removed;
use crate::room::find_room;
use crate::service::Rooms;
use crate::transition::{apply_event, leave_for_another_room};
use crate::views::stage::{Stage, read_stage};

impl Rooms {
    /// Enters a live room and leaves the room that the user was in. A user who is in this room
    /// keeps their place.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::NotLive`], [`RoomsError::Hosting`],
    /// [`RoomsError::Banned`], [`RoomsError::Removed`], or a failure of the store.
    pub async fn enter(&self, user: UserId, live: LiveId) -> Result<Stage, RoomsError> {
        let stage = self
            .change(move |conn, context| {
                let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
                let broadcast = room.live_broadcast().ok_or(RoomsError::NotLive)?;
                match find_member(conn, user)? {
                    Some(member) if member.broadcast == broadcast => {
                        apply_event(conn, context, &member, MicEvent::Enter)?;
                        record_activity(conn, user, context.now)?;
                    }
                    // The user is in a broadcast that started since the room was read.
                    Some(member) if member.broadcast.live == live => {
                        return Err(StoreError::Contended.into());
                    }
                    Some(member) => {
                        leave_for_another_room(conn, context, &member)?;
                        enter_broadcast(conn, context, user, broadcast)?;
                    }
                    None => enter_broadcast(conn, context, user, broadcast)?,
                }
                match read_stage(conn, context, &room, user) {
                    // Another call took the user to another room in between.
                    Err(RoomsError::MembersOnly) => Err(StoreError::Contended.into()),
                    result => result,
                }
            })
            .await?;
        Ok(stage)
    }
}

/// Adds a user who is in no room to a broadcast.
fn enter_broadcast(
    conn: &mut Conn,
    context: &Context,
    user: UserId,
    about: BroadcastRef,
) -> Result<(), RoomsError> {
    let profile = qlive_users::find_user(conn, user)?.ok_or(RoomsError::NotInRoom)?;
    let outside = MemberState::outside(profile.gender, profile.ready);
    let step = mic::step(&outside, MicEvent::Enter, &context.rules, context.now)?;
    insert_member(conn, user, about, &step.next, context.now)?;
    // After the user's row was updated, for which a removal waits.
    if is_removed(conn, about.broadcast, user)? {
        return Err(RoomsError::Removed);
    }
    context
        .events
        .note(about.live, user, RoomEventKind::Entered, context.now);
    if step.effects.contains(&MicEffect::SendNum) {
        enqueue(conn, context.now, &Delivery::SendApplicantCounts { about })?;
    }
    Ok(())
}
