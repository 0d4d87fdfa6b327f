//! Changes a user's profile, which may concern the room they are in.

use qlive_outbox::{Delivery, enqueue};
use qlive_store::Conn;
use qlive_types::{Gender, Moment, UserId};
use qlive_users::{NameCheck, ProfileChange, UsersError};

use crate::context::Context;
use crate::error::RoomsError;
use crate::member::find_member;
use crate::mic::MemberState;
use crate::room::find_room_of_host;
use crate::service::Rooms;

impl Rooms {
    /// Changes a profile, all of it or nothing. Only what differs from the profile counts: a new
    /// nickname is checked by WeChat first, outside the transaction, and IM is sent only what it
    /// shows. Returns how the nickname was checked; `None` if it stays.
    ///
    /// # Errors
    /// [`RoomsError::GenderLocked`] if the gender would change during an application, an
    /// invitation or on the mic; [`RoomsError::Users`] if the nickname is refused or cannot be
    /// checked; or a failure of the store.
    pub async fn update_profile(
        &self,
        user: UserId,
        change: ProfileChange,
    ) -> Result<Option<NameCheck>, RoomsError> {
        let profile = self.users.profile(user).await?;
        let check = match change.new_name(&profile) {
            Some(name) => Some(self.users.check_nickname(&profile, name).await?),
            None => None,
        };
        if change.difference(&profile) == ProfileChange::default() {
            return Ok(None);
        }
        let context = self.context();
        let unchecked_at = match check {
            None => profile.name_unchecked_at,
            Some(NameCheck::Passed) => None,
            Some(NameCheck::Unchecked) => Some(context.now),
        };
        self.db
            .write(move |conn| apply_change(conn, &context, user, &change, unchecked_at))
            .await?;
        self.outbox.wake();
        Ok(check)
    }
}

/// Writes what differs from the profile as it is now.
fn apply_change(
    conn: &mut Conn,
    context: &Context,
    user: UserId,
    change: &ProfileChange,
    unchecked_at: Option<Moment>,
) -> Result<(), RoomsError> {
    let profile = qlive_users::find_user(conn, user)?.ok_or(UsersError::UnknownUser)?;
    let change = change.difference(&profile);
    // First, because it locks the row of `users` that entering a room updates too.
    qlive_users::apply_profile_change(conn, user, &change, unchecked_at)?;
    if let Some(gender) = change.gender() {
        change_member_gender(conn, context, user, gender)?;
    }
    let is_shown = change.changes_name_or_face(&profile);
    if is_shown || change.changes_gender(&profile) {
        enqueue(conn, context.now, &Delivery::UpdateAccountProfile { user })?;
    }
    if is_shown && let Some(room) = find_room_of_host(conn, user)? {
        let live = room.live;
        enqueue(conn, context.now, &Delivery::UpdateGroupProfile { live })?;
    }
    Ok(())
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
