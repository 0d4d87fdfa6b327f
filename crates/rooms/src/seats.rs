//! The two guest seats: applying, taking, leaving; inviting and declining.

use std::time::Duration;

use qlive_types::{Gender, LiveId, UserId};
use qlive_users::{Profile, UsersError};
use secrecy::SecretString;

use crate::act::{Found, act, find_in};
use crate::error::RoomsError;
use crate::mic::{Event, INVITATION};
use crate::presence::Presence;
use crate::room;
use crate::settings::Rooms;

/// What came of reaching for the mic.
#[derive(Debug)]
pub enum Accepted {
    Won {
        profile: Box<Profile>,
        push_url: SecretString,
        play_url: String,
    },
    /// Somebody else was faster. Application and invitation stand.
    Lost,
}

impl Rooms {
    /// Asks for the mic.
    pub async fn apply(
        &self,
        user: UserId,
        live: LiveId,
        presence: Option<Presence>,
    ) -> Result<(), RoomsError> {
        self.happen(user, live, presence, Event::Apply)
            .await
            .map(drop)
    }

    /// Takes the seat of one's gender.
    pub async fn accept(
        &self,
        user: UserId,
        live: LiveId,
        presence: Option<Presence>,
    ) -> Result<Accepted, RoomsError> {
        match self.happen(user, live, presence, Event::Accept).await {
            Ok(_) => {}
            Err(RoomsError::SeatTaken) => return Ok(Accepted::Lost),
            Err(error) => return Err(error),
        }
        let house = self.house();
        let profile = self.users.profile(user).await?;
        Ok(Accepted::Won {
            profile: Box::new(profile),
            push_url: house.push_url(user),
            play_url: house.play_url(user),
        })
    }

    /// Withdraws an application, or turns an invitation down.
    pub async fn refuse(
        &self,
        user: UserId,
        live: LiveId,
        presence: Option<Presence>,
    ) -> Result<(), RoomsError> {
        self.happen_if_here(user, live, presence, Event::Refuse)
            .await
    }

    /// Takes `guest` off the mic: himself, or by the host, who thereby puts him down.
    pub async fn leave_micro(
        &self,
        caller: UserId,
        live: LiveId,
        guest: UserId,
        gender: Gender,
        presence: Option<Presence>,
    ) -> Result<(), RoomsError> {
        let house = self.house();
        self.db
            .write(move |conn| {
                let room = room::find(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
                let event = match caller {
                    _ if caller == guest => Event::LeaveMic,
                    _ if caller == room.host => Event::PutDown,
                    _ => return Err(RoomsError::NotAllowed),
                };
                let profile = qlive_users::find(conn, guest)?.ok_or(UsersError::UnknownUser)?;
                if profile.gender != gender {
                    return Err(RoomsError::GenderMismatch);
                }
                // The number is that of the caller's own entry.
                if let Found::Moved = find_in(conn, caller, live, presence)? {
                    return Ok(());
                }
                match find_in(conn, guest, live, None)? {
                    Found::Here(member) => act(conn, &house, &member, event).map(drop),
                    Found::Elsewhere | Found::Moved => Ok(()),
                }
            })
            .await?;
        self.office.wake();
        Ok(())
    }

    /// The host invites somebody present; answers how long the invitation stands.
    pub async fn invite(
        &self,
        host: UserId,
        live: LiveId,
        guest: UserId,
    ) -> Result<Duration, RoomsError> {
        self.by_host(host, live, guest, Event::Invite { by_us: true })
            .await?;
        Ok(INVITATION)
    }

    /// The host declines an application.
    pub async fn decline(
        &self,
        host: UserId,
        live: LiveId,
        guest: UserId,
    ) -> Result<(), RoomsError> {
        match self.by_host(host, live, guest, Event::Decline).await {
            // Who is gone applies no more.
            Err(RoomsError::NotInRoom) => Ok(()),
            other => other,
        }
    }

    async fn by_host(
        &self,
        host: UserId,
        live: LiveId,
        guest: UserId,
        event: Event,
    ) -> Result<(), RoomsError> {
        let house = self.house();
        self.db
            .write(move |conn| {
                let room = room::find(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
                if room.host != host {
                    return Err(RoomsError::NotHost);
                }
                room.about().ok_or(RoomsError::NotLive)?;
                if qlive_users::find(conn, guest)?.is_none() {
                    return Err(UsersError::UnknownUser.into());
                }
                match find_in(conn, guest, live, None)? {
                    Found::Here(member) => act(conn, &house, &member, event).map(drop),
                    Found::Elsewhere | Found::Moved => Err(RoomsError::NotInRoom),
                }
            })
            .await?;
        self.office.wake();
        Ok(())
    }
}
