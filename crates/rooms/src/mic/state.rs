//! The state that the mic state machine decides on, and the rules it applies.

use std::time::Duration;

use qlive_types::{Gender, Moment};
use serde::Deserialize;

/// Where a user is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Not in the room.
    Outside,
    Watching,
    /// In the room, with an open application for the mic.
    Applied,
    /// On the mic seat of their gender.
    OnMic,
    /// The host of the broadcast.
    Hosting,
}

/// How long an invitation to the mic stays open.
pub const INVITATION_TTL: Duration = Duration::from_secs(60);

/// An invitation to the mic. It is open before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Invitation {
    pub until: Moment,
    /// Whether `invite_micro` made it. Only then does the server tell the host how it ended.
    pub by_server: bool,
}

/// Everything that a decision about one user in one room depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberState {
    pub place: Place,
    pub gender: Gender,
    /// Whether the user has set or confirmed both nickname and gender.
    pub profile_complete: bool,
    pub invitation: Option<Invitation>,
    /// The host took the user off the mic or declined them: until this broadcast ends, the user
    /// reaches the mic by invitation only.
    pub needs_invitation: bool,
    /// Another user is on the mic seat of this user's gender.
    pub seat_occupied: bool,
    /// The user's stream is running.
    pub pushing: bool,
    /// End of the grace period after an IM disconnect.
    pub im_grace: Option<Moment>,
    /// End of the grace period after the stream stopped.
    pub stream_grace: Option<Moment>,
}

/// Who may take a free mic seat. The setting `[rooms] admission`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Admission {
    /// Users who applied or were invited.
    #[default]
    Applied,
    /// Users who were invited.
    Invited,
    /// Everyone in the room.
    Open,
}

/// The settings that a decision depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    pub admission: Admission,
    /// How long a guest may be disconnected before they are out of the room.
    pub guest_grace: Duration,
    /// How long the host may be disconnected before the broadcast ends.
    pub host_grace: Duration,
}

impl Rules {
    /// The longest that any grace period lasts.
    #[must_use]
    pub fn longest_grace(&self) -> Duration {
        self.guest_grace.max(self.host_grace)
    }
}

impl Invitation {
    /// Whether the invitation is open at `now`.
    #[must_use]
    pub fn is_open(&self, now: Moment) -> bool {
        now.is_waiting(self.until, INVITATION_TTL)
    }
}

impl MemberState {
    /// The state of a user who is not in the room.
    #[must_use]
    pub const fn outside(gender: Gender, profile_complete: bool) -> Self {
        Self {
            place: Place::Outside,
            gender,
            profile_complete,
            invitation: None,
            needs_invitation: false,
            seat_occupied: false,
            pushing: false,
            im_grace: None,
            stream_grace: None,
        }
    }

    /// Whether the user may change their gender. They may not while they hold a mic seat, have
    /// applied for one, or have an open invitation.
    #[must_use]
    pub fn may_change_gender(&self, now: Moment) -> bool {
        match self.place {
            Place::Outside | Place::Hosting => true,
            Place::Watching => !self.has_open_invitation(now),
            Place::Applied | Place::OnMic => false,
        }
    }

    /// Whether an invitation is open at `now`.
    pub(super) fn has_open_invitation(&self, now: Moment) -> bool {
        self.invitation
            .is_some_and(|invitation| invitation.is_open(now))
    }

    /// Whether the user may take the mic seat of their gender if it is free.
    pub(super) fn is_admitted(&self, admission: Admission, now: Moment) -> bool {
        let by_mode = match admission {
            Admission::Open => true,
            Admission::Applied => self.place == Place::Applied,
            Admission::Invited => false,
        };
        self.has_open_invitation(now) || (by_mode && !self.needs_invitation)
    }

    /// The state after the user left the mic and stayed in the room.
    pub(super) const fn off_mic(self) -> Self {
        Self {
            place: Place::Watching,
            pushing: false,
            stream_grace: None,
            ..self
        }
    }

    /// The state after the user left the room. What belongs to the room and not to the visit stays.
    pub(super) const fn out_of_room(self) -> Self {
        let outside = Self::outside(self.gender, self.profile_complete);
        Self {
            needs_invitation: self.needs_invitation,
            seat_occupied: self.seat_occupied,
            ..outside
        }
    }
}
