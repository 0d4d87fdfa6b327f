//! Ends a broadcast.

use diesel::prelude::*;
use qlive_outbox::{BroadcastRef, Delivery, GroupMessage, enqueue_all};
use qlive_store::schema::{broadcast_log, broadcasts, members};
use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, UserId};

use crate::context::Context;
use crate::error::RoomsError;
use crate::member_search::{MemberSearch, search_member};
use crate::reasons::EndReason;
use crate::room::find_room;
use crate::service::Rooms;
use crate::user_type::UserType;
use crate::visit::VisitNumber;

impl Rooms {
    /// The host ends their broadcast. Does nothing if the room is not live or the call belongs to
    /// an earlier visit.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::NotHost`], or a failure of the store.
    pub async fn end(
        &self,
        user: UserId,
        live: LiveId,
        visit: Option<VisitNumber>,
    ) -> Result<(), RoomsError> {
        self.change(move |conn, context| {
            let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
            if room.host != user {
                return Err(RoomsError::NotHost);
            }
            match (
                room.live_broadcast(),
                search_member(conn, user, live, visit)?,
            ) {
                (Some(broadcast), MemberSearch::InRoom(_) | MemberSearch::NotInRoom) => {
                    end_broadcast(conn, context, broadcast, EndReason::Ended)
                }
                (Some(_), MemberSearch::StaleVisit) | (None, _) => Ok(()),
            }
        })
        .await
    }
}

/// Ends a broadcast in the caller's transaction: removes its members, moves it to
/// `broadcast_log`, and writes OVER and a cut for each stream on stage to the outbox.
///
/// # Errors
/// `Contended` if the broadcast has ended since it was read.
pub(crate) fn end_broadcast(
    conn: &mut Conn,
    context: &Context,
    about: BroadcastRef,
    reason: EndReason,
) -> Result<(), RoomsError> {
    // The members first, so that a user who has just reached the mic is in the list.
    let present = members::table
        .filter(members::room_id.eq(about.live.get()))
        .filter(members::broadcast_id.eq(about.broadcast.get()));
    let removed: Vec<(i64, i32)> = diesel::delete(present)
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
            broadcast_log::ended_at.eq(context.now.millis()),
            broadcast_log::reason.eq(reason.as_str()),
        ))
        .execute(conn)?;
    let message = GroupMessage::Over {
        reason: reason.as_str().into(),
    };
    let mut deliveries = vec![Delivery::SendGroupMessage { about, message }];
    for (user, state) in removed {
        if UserType::ON_STAGE.contains(&state) {
            let user = UserId::new(user).ok_or(StoreError::Corrupt("members.user_id"))?;
            deliveries.push(Delivery::DropStream { user });
        }
    }
    Ok(enqueue_all(conn, context.now, &deliveries)?)
}
