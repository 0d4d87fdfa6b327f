//! The two mic seats for guests: applying, taking, leaving, inviting and declining.

use std::time::Duration;

use qlive_store::audit_log::Operator;
use qlive_types::{Gender, LiveId, UserId};
use qlive_users::{Profile, UsersError};
use secrecy::SecretString;

use crate::error::RoomsError;
use crate::member_search::{MemberSearch, search_member};
use crate::mic::{INVITATION_TTL, MicEvent, Place};
use crate::room::find_room;
use crate::service::Rooms;
use crate::transition::apply_event;
use crate::visit::VisitNumber;

/// The outcome of [`Rooms::accept`].
#[derive(Debug)]
pub enum AcceptOutcome {
    /// The user is on the mic.
    Won {
        profile: Box<Profile>,
        push_url: SecretString,
        play_url: String,
    },
    /// Another user holds the seat. The caller's application and invitation stay open.
    Lost,
}

impl Rooms {
    /// Applies for the mic. Applying again changes nothing.
    ///
    /// # Errors
    /// [`RoomsError::NotInRoom`], [`RoomsError::StaleVisit`], [`RoomsError::OnMic`],
    /// [`RoomsError::Hosting`], [`RoomsError::ProfileIncomplete`], or a failure of the store.
    pub async fn apply(
        &self,
        user: UserId,
        live: LiveId,
        visit: Option<VisitNumber>,
    ) -> Result<(), RoomsError> {
        self.apply_in_room(user, live, visit, MicEvent::Apply)
            .await
            .map(drop)
    }

    /// Takes the mic seat of the user's gender. A user who is on it already wins again.
    ///
    /// # Errors
    /// [`RoomsError::NotInRoom`], [`RoomsError::StaleVisit`], [`RoomsError::Hosting`],
    /// [`RoomsError::NotAdmitted`], [`RoomsError::ProfileIncomplete`], or a failure of the store.
    pub async fn accept(
        &self,
        user: UserId,
        live: LiveId,
        visit: Option<VisitNumber>,
    ) -> Result<AcceptOutcome, RoomsError> {
        match self
            .apply_in_room(user, live, visit, MicEvent::Accept)
            .await
        {
            Ok(_) => {}
            Err(RoomsError::SeatOccupied) => return Ok(AcceptOutcome::Lost),
            Err(error) => return Err(error),
        }
        let context = self.context();
        let profile = self.users.profile(user).await?;
        Ok(AcceptOutcome::Won {
            profile: Box::new(profile),
            push_url: context.push_url(user),
            play_url: context.play_url(user),
        })
    }

    /// Withdraws an application and declines an open invitation. Does nothing if the user is not in
    /// the room or the call belongs to an earlier visit.
    ///
    /// # Errors
    /// [`RoomsError::OnMic`], or a failure of the store.
    pub async fn refuse(
        &self,
        user: UserId,
        live: LiveId,
        visit: Option<VisitNumber>,
    ) -> Result<(), RoomsError> {
        self.apply_if_in_room(user, live, visit, MicEvent::Refuse)
            .await
    }

    /// Takes `guest` off the mic. The guest leaves it of their own accord; if the host does it, the
    /// guest needs an invitation for as long as this broadcast lasts. `gender` must be that of
    /// `guest`; `visit` is the caller's visit. Does nothing if `guest` is not on the mic.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::NotHostOrGuest`], [`UsersError::UnknownUser`],
    /// [`RoomsError::GenderMismatch`], or a failure of the store.
    pub async fn leave_micro(
        &self,
        caller: UserId,
        live: LiveId,
        guest: UserId,
        gender: Gender,
        visit: Option<VisitNumber>,
    ) -> Result<(), RoomsError> {
        self.change(move |conn, context| {
            let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
            let event = match caller {
                _ if caller == guest => MicEvent::LeaveMic,
                _ if caller == room.host => MicEvent::KickOffMic,
                _ => return Err(RoomsError::NotHostOrGuest),
            };
            let profile = qlive_users::find_user(conn, guest)?.ok_or(UsersError::UnknownUser)?;
            if profile.gender != gender {
                return Err(RoomsError::GenderMismatch);
            }
            if let MemberSearch::StaleVisit = search_member(conn, caller, live, visit)? {
                return Ok(());
            }
            match search_member(conn, guest, live, None)? {
                MemberSearch::InRoom(member) => {
                    apply_event(conn, context, &member, event).map(drop)
                }
                MemberSearch::NotInRoom | MemberSearch::StaleVisit => Ok(()),
            }
        })
        .await
    }

    /// An operator takes a guest off the mic, who needs an invitation from then on for as long as
    /// this broadcast lasts.
    ///
    /// # Errors
    /// [`RoomsError::NotInRoom`] for somebody who is not on the mic of this room, or a failure of
    /// the store.
    pub async fn put_off_mic_by_operator(
        &self,
        by: Operator,
        live: LiveId,
        guest: UserId,
    ) -> Result<(), RoomsError> {
        let subject = format!("{guest} from room {live}");
        self.operate(by, "rooms put-off-mic", subject, move |conn, context| {
            let MemberSearch::InRoom(member) = search_member(conn, guest, live, None)? else {
                return Err(RoomsError::NotInRoom);
            };
            if member.state.place != Place::OnMic {
                return Err(RoomsError::NotInRoom);
            }
            apply_event(conn, context, &member, MicEvent::KickOffMic).map(drop)
        })
        .await
    }

    /// Invites a user in the host's room to the mic. Returns how long the invitation stays open.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::NotHost`], [`RoomsError::NotLive`],
    /// [`UsersError::UnknownUser`], [`RoomsError::NotInRoom`], [`RoomsError::OnMic`],
    /// [`RoomsError::Hosting`], [`RoomsError::SeatOccupied`], [`UsersError::Blocked`] when the
    /// guest blocks the host, or a failure of the store.
    pub async fn invite(
        &self,
        host: UserId,
        live: LiveId,
        guest: UserId,
    ) -> Result<Duration, RoomsError> {
        self.apply_as_host(host, live, guest, MicEvent::Invite { by_server: true })
            .await?;
        Ok(INVITATION_TTL)
    }

    /// Declines a user's application. From then on the user needs an invitation for as long as this
    /// broadcast lasts. Does nothing if the user has not applied or is not in the room.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::NotHost`], [`RoomsError::NotLive`],
    /// [`UsersError::UnknownUser`], or a failure of the store.
    pub async fn decline(
        &self,
        host: UserId,
        live: LiveId,
        guest: UserId,
    ) -> Result<(), RoomsError> {
        match self
            .apply_as_host(host, live, guest, MicEvent::Decline)
            .await
        {
            // A user who left the room has no application to decline.
            Err(RoomsError::NotInRoom) => Ok(()),
            other => other,
        }
    }

    /// Applies an event that only the host of the room may cause.
    async fn apply_as_host(
        &self,
        host: UserId,
        live: LiveId,
        guest: UserId,
        event: MicEvent,
    ) -> Result<(), RoomsError> {
        self.change(move |conn, context| {
            let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
            if room.host != host {
                return Err(RoomsError::NotHost);
            }
            room.live_broadcast().ok_or(RoomsError::NotLive)?;
            if qlive_users::find_user(conn, guest)?.is_none() {
                return Err(UsersError::UnknownUser.into());
            }
            let is_invitation = matches!(event, MicEvent::Invite { .. });
            if is_invitation && qlive_users::is_blocked(conn, host, guest)? {
                return Err(UsersError::Blocked.into());
            }
            match search_member(conn, guest, live, None)? {
                MemberSearch::InRoom(member) => {
                    apply_event(conn, context, &member, event).map(drop)
                }
                MemberSearch::NotInRoom | MemberSearch::StaleVisit => Err(RoomsError::NotInRoom),
            }
        })
        .await
    }
}
