//! Erasing a person, who may be in a room or host one.

use diesel::prelude::*;
use qlive_outbox::{Delivery, enqueue};
use qlive_store::Conn;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::{comments, judged_screenshots, room_events, rooms};
use qlive_types::UserId;

use crate::bans::expel;
use crate::context::Context;
use crate::error::RoomsError;
use crate::room::find_room_of_host;
use crate::service::Rooms;

impl Rooms {
    /// Erases a person, once a second operator wants it within a day. The ledger, the orders and
    /// the withdrawals stay, under the number of the user: accounts must prove them. Returns
    /// whether the person is erased; false when another operator must still decide.
    ///
    /// # Errors
    /// Those of [`qlive_users::decide_erasure`], or a failure of the store.
    pub async fn erase_user(&self, by: Operator, user: UserId) -> Result<bool, RoomsError> {
        let is_erased = self
            .change(move |conn, context| {
                let now = context.now;
                let is_decided = qlive_users::decide_erasure(conn, &by, user, now)?;
                let action = if is_decided {
                    erase(conn, context, user)?;
                    "users erase"
                } else {
                    "users request-erasure"
                };
                audit_log::record(conn, now, &by, action, &user.to_string())?;
                Ok::<_, RoomsError>(is_decided)
            })
            .await?;
        if is_erased {
            self.outbox.wake();
            self.users.known_tokens().forget(user);
        }
        Ok(is_erased)
    }
}

fn erase(conn: &mut Conn, context: &Context, user: UserId) -> Result<(), RoomsError> {
    let now = context.now;
    expel(conn, context, user)?;
    qlive_users::erase(conn, user, now)?;
    diesel::delete(comments::table.filter(comments::user_id.eq(user.get()))).execute(conn)?;
    let of_user = judged_screenshots::user_id.eq(user.get());
    diesel::delete(judged_screenshots::table.filter(of_user)).execute(conn)?;
    diesel::delete(room_events::table.filter(room_events::user_id.eq(user.get()))).execute(conn)?;
    enqueue(conn, now, &Delivery::UpdateAccountProfile { user })?;
    if let Some(room) = find_room_of_host(conn, user)? {
        let live = room.live;
        diesel::update(rooms::table.find(live.get()))
            .set(rooms::cover.eq(""))
            .execute(conn)?;
        enqueue(conn, now, &Delivery::UpdateGroupProfile { live })?;
    }
    Ok(())
}
