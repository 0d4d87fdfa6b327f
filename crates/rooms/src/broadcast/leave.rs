//! A user leaves a room, or logs out.

use qlive_types::{LiveId, UserId};

use crate::error::RoomsError;
use crate::member::find_member;
use crate::mic::MicEvent;
use crate::service::Rooms;
use crate::transition::apply_event;
use crate::visit::VisitNumber;

impl Rooms {
    /// Leaves a room. The host ends the broadcast by it. Does nothing if the user is not in the
    /// room or the call belongs to an earlier visit.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn leave(
        &self,
        user: UserId,
        live: LiveId,
        visit: Option<VisitNumber>,
    ) -> Result<(), RoomsError> {
        self.apply_if_in_room(user, live, visit, MicEvent::Leave)
            .await
    }

    /// Leaves the room that the user is in. With `hidden` (the app only went to the background)
    /// starts the grace period of an IM disconnect instead. Does nothing if the user is in no room
    /// or the call belongs to an earlier visit.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn log_out(
        &self,
        user: UserId,
        visit: Option<VisitNumber>,
        hidden: bool,
    ) -> Result<(), RoomsError> {
        let now = self.clock.now();
        let event = if hidden {
            MicEvent::ImDisconnected
        } else {
            MicEvent::Leave
        };
        self.change(move |conn, context| match find_member(conn, user)? {
            Some(member) if visit.is_none_or(|visit| visit >= member.visit) => {
                apply_event(conn, context, &member, event).map(drop)
            }
            Some(_) | None => Ok(()),
        })
        .await?;
        if hidden {
            self.forget_caller(user, now).await;
        }
        Ok(())
    }
}
