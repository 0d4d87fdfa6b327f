//! Starts the broadcast of a matchmaker, or resumes it.

use std::time::Duration;

use diesel::prelude::*;
use qlive_outbox::BroadcastRef;
use qlive_store::schema::broadcasts;
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{BroadcastId, LiveId, UserId};
use qlive_users::Profile;
use secrecy::SecretString;

use crate::broadcast::end::end_broadcast;
use crate::context::Context;
use crate::error::RoomsError;
use crate::event_log::RoomEventKind;
use crate::member::{find_member, insert_member};
use crate::mic::{MemberState, MicEvent, Place};
use crate::reasons::EndReason;
use crate::room::{Room, find_room_of_host};
use crate::service::Rooms;
use crate::transition::{apply_event, leave_for_another_room};
use crate::visit::VisitNumber;

/// How long [`Rooms::matchmaker_enter`] waits until IM has the room's group.
const GROUP_TIMEOUT: Duration = Duration::from_secs(3);
/// How often it reads whether IM has the group.
const GROUP_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The outcome of [`Rooms::matchmaker_enter`].
#[derive(Debug)]
pub enum MatchmakerEnterOutcome {
    /// The matchmaker is banned. Nothing was changed.
    Banned,
    /// The matchmaker's room is live and they host it.
    Live {
        live: LiveId,
        /// The IM group of the room.
        group: String,
        profile: Box<Profile>,
        push_url: SecretString,
        play_url: String,
        visit: VisitNumber,
    },
}

impl Rooms {
    /// Starts a broadcast in the matchmaker's room, or resumes the live one.
    ///
    /// Waits up to three seconds for IM to have the group of a new room.
    ///
    /// # Errors
    /// [`RoomsError::NotMatchmaker`], [`RoomsError::RoomNotReady`] if IM does not have the group in
    /// time, [`RoomsError::Banned`] if the ban came during the call, or a failure of the store.
    pub async fn matchmaker_enter(
        &self,
        user: UserId,
    ) -> Result<MatchmakerEnterOutcome, RoomsError> {
        let profile = self.users.profile(user).await?;
        if profile.banned_at.is_some() {
            return Ok(MatchmakerEnterOutcome::Banned);
        }
        if !profile.matchmaker {
            return Err(RoomsError::NotMatchmaker);
        }
        self.wait_for_group(user).await?;
        let (room, visit) = self
            .change(move |conn, context| {
                let profile =
                    qlive_users::find_user(conn, user)?.ok_or(RoomsError::NotMatchmaker)?;
                let room = find_room_of_host(conn, user)?.ok_or(RoomsError::RoomNotReady)?;
                let visit = start_or_resume(conn, context, &room, &profile)?;
                Ok((room, visit))
            })
            .await?;
        let context = self.context();
        Ok(MatchmakerEnterOutcome::Live {
            live: room.live,
            group: room.group.to_string(),
            profile: Box::new(profile),
            push_url: context.push_url(user),
            play_url: context.play_url(user),
            visit,
        })
    }

    /// Waits until IM has the group of this matchmaker's room.
    async fn wait_for_group(&self, host: UserId) -> Result<(), RoomsError> {
        let ready = async {
            loop {
                let room = self
                    .db
                    .read(move |conn| find_room_of_host(conn, host))
                    .await?;
                if room.is_some_and(|room| room.group_ready) {
                    return Ok(());
                }
                tokio::time::sleep(GROUP_POLL_INTERVAL).await;
            }
        };
        tokio::time::timeout(GROUP_TIMEOUT, ready)
            .await
            .unwrap_or(Err(RoomsError::RoomNotReady))
    }
}

/// Starts a broadcast with its host in it, or returns the host to the live one.
fn start_or_resume(
    conn: &mut Conn,
    context: &Context,
    room: &Room,
    profile: &Profile,
) -> Result<VisitNumber, RoomsError> {
    match (find_member(conn, room.host)?, room.live_broadcast()) {
        (Some(member), Some(broadcast)) if member.broadcast == broadcast => {
            apply_event(conn, context, &member, MicEvent::Enter)?;
            return Ok(member.visit);
        }
        // Another call of the host started a broadcast since the room was read.
        (Some(member), _) if member.broadcast.live == room.live => {
            return Err(StoreError::Contended.into());
        }
        (Some(member), _) => leave_for_another_room(conn, context, &member)?,
        (None, _) => {}
    }
    if let Some(broadcast) = room.live_broadcast() {
        // A live broadcast without its host. No code of this crate commits such a state.
        end_broadcast(conn, context, broadcast, EndReason::HostLost)?;
    }
    let broadcast = insert_broadcast(conn, context, room.live)?;
    let hosting = MemberState {
        place: Place::Hosting,
        ..MemberState::outside(profile.gender, profile.ready)
    };
    context
        .events
        .note(room.live, room.host, RoomEventKind::Started, context.now);
    insert_member(conn, room.host, broadcast, &hosting, context.now)
}

fn insert_broadcast(
    conn: &mut Conn,
    context: &Context,
    live: LiveId,
) -> Result<BroadcastRef, StoreError> {
    let id: i64 = key_violation_as_contention(
        diesel::insert_into(broadcasts::table)
            .values((
                broadcasts::room_id.eq(live.get()),
                broadcasts::started_at.eq(context.now.millis()),
            ))
            .returning(broadcasts::id)
            .get_result(conn),
    )?;
    Ok(BroadcastRef {
        live,
        broadcast: BroadcastId::new(id),
    })
}
