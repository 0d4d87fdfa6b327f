//! Removing a user from a broadcast: they leave it, and cannot enter it again.

use diesel::prelude::*;
use qlive_outbox::{Delivery, DirectMessage, enqueue};
use qlive_store::audit_log::Operator;
use qlive_store::schema::{removals, users};
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{BroadcastId, LiveId, UserId};
use qlive_users::UsersError;

use crate::context::Context;
use crate::error::RoomsError;
use crate::member_search::{MemberSearch, search_member};
use crate::mic::{MicEvent, Place};
use crate::reasons::KICKOUT_REMOVED;
use crate::room::{Room, find_room};
use crate::service::Rooms;
use crate::settings::SignalSender;
use crate::transition::apply_event;

impl Rooms {
    /// The host removes a user from their broadcast.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::NotHost`], [`RoomsError::NotLive`],
    /// [`RoomsError::Hosting`] for the host themself, [`UsersError::UnknownUser`], or a failure of
    /// the store.
    pub async fn remove(&self, host: UserId, live: LiveId, user: UserId) -> Result<(), RoomsError> {
        self.change(move |conn, context| {
            let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
            if room.host != host {
                return Err(RoomsError::NotHost);
            }
            remove_user(conn, context, &room, user)
        })
        .await
    }

    /// An operator removes a user from the broadcast of a room.
    ///
    /// # Errors
    /// As [`Rooms::remove`], but for [`RoomsError::NotHost`].
    pub async fn remove_by_operator(
        &self,
        by: Operator,
        live: LiveId,
        user: UserId,
    ) -> Result<(), RoomsError> {
        let subject = format!("{user} from room {live}");
        self.operate(by, "rooms remove", subject, move |conn, context| {
            let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
            remove_user(conn, context, &room, user)
        })
        .await
    }
}

fn remove_user(
    conn: &mut Conn,
    context: &Context,
    room: &Room,
    user: UserId,
) -> Result<(), RoomsError> {
    let broadcast = room.live_broadcast().ok_or(RoomsError::NotLive)?;
    if user == room.host {
        return Err(RoomsError::Hosting);
    }
    if !lock_user(conn, user)? {
        return Err(UsersError::UnknownUser.into());
    }
    // The member row before the key of the broadcast, as a transaction that ends the broadcast.
    if let MemberSearch::InRoom(member) = search_member(conn, user, room.live, None)? {
        apply_event(conn, context, &member, MicEvent::Leave)?;
        if member.state.place == Place::OnMic {
            enqueue(conn, context.now, &Delivery::DropStream { user })?;
        }
        if context.signal_sender == SignalSender::Server {
            let message = DirectMessage::Kickout {
                reason: KICKOUT_REMOVED.into(),
            };
            let delivery = Delivery::SendDirectMessage {
                about: broadcast,
                to: user,
                message,
            };
            enqueue(conn, context.now, &delivery)?;
        }
    }
    if !is_removed(conn, broadcast.broadcast, user)? {
        let row = (
            removals::broadcast_id.eq(broadcast.broadcast.get()),
            removals::user_id.eq(user.get()),
        );
        let insert = diesel::insert_into(removals::table).values(row);
        key_violation_as_contention(insert.execute(conn))?;
    }
    Ok(())
}

/// Updates the row that a user who enters a room updates too. So either their transaction sees the
/// removal, or this one sees their member row. Returns false if there is no such user.
fn lock_user(conn: &mut Conn, user: UserId) -> Result<bool, StoreError> {
    let locked = diesel::update(users::table.find(user.get()))
        .set(users::visits.eq(users::visits))
        .execute(conn)?;
    Ok(locked == 1)
}

/// Whether a user was removed from a broadcast.
pub(crate) fn is_removed(
    conn: &mut Conn,
    broadcast: BroadcastId,
    user: UserId,
) -> Result<bool, StoreError> {
    let row = removals::table.find((broadcast.get(), user.get()));
    Ok(row.count().get_result::<i64>(conn)? == 1)
}
