//! Applies events to members. Every change of a member's state goes through [`apply_event`].

use qlive_store::Conn;
use qlive_types::{LiveId, UserId};

use crate::broadcast::end::end_broadcast;
use crate::context::Context;
use crate::effects::enqueue_effects;
use crate::error::RoomsError;
use crate::event_log::RoomEventKind;
use crate::member::Member;
use crate::member_search::{MemberSearch, search_member};
use crate::mic::{self, MemberState, MicEffect, MicEvent, Place};
use crate::reasons::EndReason;
use crate::service::Rooms;
use crate::visit::VisitNumber;

/// Applies an event to a member, in the caller's transaction: lets the state machine decide,
/// writes the row if it is still as it was read, and writes the effects to the outbox.
///
/// # Errors
/// The state machine's refusal; `Contended` if the row has changed since it was read.
pub(crate) fn apply_event(
    conn: &mut Conn,
    context: &Context,
    member: &Member,
    event: MicEvent,
) -> Result<MemberState, RoomsError> {
    let step = mic::step(&member.state, event, &context.rules, context.now)?;
    if step.next != member.state {
        member.save(conn, &step.next, context.now)?;
    }
    if step.effects.contains(&MicEffect::EndBroadcast) {
        // After the guarded write: the host may have come back since the row was read.
        end_broadcast(conn, context, member.broadcast, end_reason(event))?;
    }
    enqueue_effects(conn, context, member, &step.effects)?;
    if let Some(kind) = RoomEventKind::of(&member.state, &step.next, event, context.now) {
        let live = member.broadcast.live;
        context.events.note(live, member.user, kind, context.now);
    }
    Ok(step.next)
}

/// Why the broadcast ends when this event takes its host out of the room.
const fn end_reason(event: MicEvent) -> EndReason {
    match event {
        MicEvent::Banned => EndReason::Banned,
        MicEvent::GraceDue { .. } => EndReason::HostLost,
        _ => EndReason::HostLeft,
    }
}

/// Takes a member out of their room because they enter another one.
///
/// # Errors
/// [`RoomsError::Hosting`] for the host of a live room, who has to end it first.
pub(crate) fn leave_for_another_room(
    conn: &mut Conn,
    context: &Context,
    member: &Member,
) -> Result<(), RoomsError> {
    if member.state.place == Place::Hosting {
        return Err(RoomsError::Hosting);
    }
    apply_event(conn, context, member, MicEvent::Leave).map(drop)
}

impl Rooms {
    /// Runs a change in a transaction, keeps what it noted, and has what follows delivered.
    ///
    /// # Errors
    /// Those of `change`, or a failure of the store.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        change: impl Fn(&mut Conn, &Context) -> Result<T, RoomsError> + Send + 'static,
    ) -> Result<T, RoomsError> {
        let context = self.context();
        let (events, waiting) = (context.events.clone(), self.room_events.clone());
        let result = self
            .db
            .write_then(
                move |conn| {
                    context.events.clear();
                    change(conn, &context)
                },
                move || events.move_to(&waiting),
            )
            .await?;
        self.outbox.wake();
        Ok(result)
    }

    /// Applies an event to `user` in the room `live`, in a transaction of its own.
    ///
    /// # Errors
    /// [`RoomsError::NotInRoom`] and [`RoomsError::StaleVisit`], besides those of [`apply_event`].
    pub(crate) async fn apply_in_room(
        &self,
        user: UserId,
        live: LiveId,
        visit: Option<VisitNumber>,
        event: MicEvent,
    ) -> Result<MemberState, RoomsError> {
        self.change(
            move |conn, context| match search_member(conn, user, live, visit)? {
                MemberSearch::InRoom(member) => apply_event(conn, context, &member, event),
                MemberSearch::NotInRoom => Err(RoomsError::NotInRoom),
                MemberSearch::StaleVisit => Err(RoomsError::StaleVisit),
            },
        )
        .await
    }

    /// As [`Rooms::apply_in_room`], but does nothing if the user is not there or the call belongs
    /// to an earlier visit.
    ///
    /// # Errors
    /// Those of [`apply_event`].
    pub(crate) async fn apply_if_in_room(
        &self,
        user: UserId,
        live: LiveId,
        visit: Option<VisitNumber>,
        event: MicEvent,
    ) -> Result<(), RoomsError> {
        self.change(
            move |conn, context| match search_member(conn, user, live, visit)? {
                MemberSearch::InRoom(member) => {
                    apply_event(conn, context, &member, event).map(drop)
                }
                MemberSearch::NotInRoom | MemberSearch::StaleVisit => Ok(()),
            },
        )
        .await
    }
}
