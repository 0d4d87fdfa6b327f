//! Changes a user's profile, which may concern the room they are in.

use qlive_outbox::{Delivery, enqueue};
use qlive_store::Conn;
use qlive_types::{Gender, UserId};
use qlive_users::ProfileChange;

use crate::context::Context;
use crate::error::RoomsError;
use crate::member::find_member;
use crate::mic::MemberState;
use crate::room::find_room_of_host;
use crate::service::Rooms;

impl Rooms {
    /// Changes a profile, all of it or nothing. A new nickname is checked by WeChat first, outside
    /// the transaction.
    ///
    /// # Errors
    /// [`RoomsError::GenderLocked`] if the gender would change during an application, an
    /// invitation or on the mic; [`RoomsError::Users`] if the nickname is refused or cannot be
    /// checked; or a failure of the store.
    pub async fn update_profile(
        &self,
        user: UserId,
        change: ProfileChange,
    ) -> Result<(), RoomsError> {
        if let Some(name) = change.nickname() {
            self.users.check_nickname(user, name).await?;
        }
        let context = self.context();
        self.db
            .write(move |conn| {
                // First, because it locks the row of `users` that entering a room updates too.
                qlive_users::apply_profile_change(conn, user, &change)?;
                if let Some(gender) = change.gender() {
                    change_member_gender(conn, &context, user, gender)?;
                }
                enqueue(conn, context.now, &Delivery::UpdateAccountProfile { user })?;
                if let Some(room) = find_room_of_host(conn, user)? {
                    let live = room.live;
                    enqueue(conn, context.now, &Delivery::UpdateGroupProfile { live })?;
                }
                Ok::<_, RoomsError>(())
            })
            .await?;
        self.outbox.wake();
        Ok(())
    }
}

/// Changes the gender in the member row of a user who is in a room.
fn change_member_gender(
    conn: &mut Conn,
    context: &Context,
    user: UserId,
    gender: Gender,
) -> Result<(), RoomsError> {
    let Some(member) = find_member(conn, user)?.filter(|member| member.state.gender != gender)
    else {
        return Ok(());
    };
    if !member.state.may_change_gender(context.now) {
        return Err(RoomsError::GenderLocked);
    }
    let next = MemberState {
        gender,
        ..member.state
    };
    member.save(conn, &next, context.now)?;
    let about = member.broadcast;
    Ok(enqueue(
        conn,
        context.now,
        &Delivery::SendApplicantCounts { about },
    )?)
}
