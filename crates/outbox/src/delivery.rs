//! What can be delivered, and in which lane.

use std::time::Duration;

use qlive_types::{BroadcastId, LiveId, UserId};
use serde::{Deserialize, Serialize};

use crate::lane::{Lane, LaneKind};
use crate::message::{DirectMessage, GroupMessage};

/// How long applicant counts wait, so that several changes become one message.
const APPLICANT_COUNTS_DELAY: Duration = Duration::from_millis(300);
/// How long the profile of an account or a group waits, so that several changes become one call.
/// IM takes about 200 calls a second for all users together.
const PROFILE_DELAY: Duration = Duration::from_secs(1);
/// The longest that any delivery waits before it is due.
pub(crate) const LONGEST_WAIT: Duration = PROFILE_DELAY;

/// One call to IM or CSS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Delivery {
    /// Sends a message to the group of a room.
    SendGroupMessage {
        about: BroadcastRef,
        message: GroupMessage,
    },
    /// Sends a message to one account.
    SendDirectMessage {
        about: BroadcastRef,
        to: UserId,
        message: DirectMessage,
    },
    /// Sends the host how many users applied, counted when it is sent.
    SendApplicantCounts { about: BroadcastRef },
    /// Imports an account into IM.
    ImportAccount { user: UserId },
    /// Updates the name, picture and gender of an account in IM.
    UpdateAccountProfile { user: UserId },
    /// Creates the group of a room.
    CreateGroup { live: LiveId },
    /// Updates the name and picture of the group of a room.
    UpdateGroupProfile { live: LiveId },
    /// Ends the IM login of an account.
    EndLogin { user: UserId },
    /// Cuts a stream.
    DropStream { user: UserId },
    /// Cuts a stream and refuses it from now on.
    ForbidStream { user: UserId },
    /// Lifts that refusal.
    ResumeStream { user: UserId },
}

/// The broadcast of a room that a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastRef {
    pub live: LiveId,
    pub broadcast: BroadcastId,
}

impl Delivery {
    /// The lane of this delivery.
    pub(crate) const fn lane(&self) -> Lane {
        match self {
            Self::SendGroupMessage {
                about,
                message: GroupMessage::Gift(_),
            } => Lane::of_room(LaneKind::Gifts, about.live),
            Self::SendGroupMessage {
                about,
                message:
                    GroupMessage::SeatTaken { .. }
                    | GroupMessage::SeatFreed { .. }
                    | GroupMessage::Over { .. },
            } => Lane::of_room(LaneKind::Room, about.live),
            Self::CreateGroup { live } | Self::UpdateGroupProfile { live } => {
                Lane::of_room(LaneKind::Room, *live)
            }
            Self::SendApplicantCounts { about } => {
                Lane::of_room(LaneKind::ApplicantCounts, about.live)
            }
            Self::SendDirectMessage { to: user, .. }
            | Self::ImportAccount { user }
            | Self::UpdateAccountProfile { user }
            | Self::EndLogin { user } => Lane::of_user(LaneKind::User, *user),
            Self::DropStream { user }
            | Self::ForbidStream { user }
            | Self::ResumeStream { user } => Lane::of_user(LaneKind::Stream, *user),
        }
    }

    /// How long this delivery waits for others of its kind, which then become one.
    pub(crate) const fn delay(&self) -> Duration {
        match self {
            Self::SendApplicantCounts { .. } => APPLICANT_COUNTS_DELAY,
            Self::UpdateAccountProfile { .. } | Self::UpdateGroupProfile { .. } => PROFILE_DELAY,
            _ => Duration::ZERO,
        }
    }

    /// Whether it updates a profile, which is looked up when it is delivered: later rows of its
    /// lane need not wait for it.
    pub(crate) const fn updates_profile(&self) -> bool {
        matches!(
            self,
            Self::UpdateAccountProfile { .. } | Self::UpdateGroupProfile { .. }
        )
    }

    /// The broadcast that a message is about; `None` for the other deliveries.
    pub(crate) const fn about(&self) -> Option<BroadcastRef> {
        match self {
            Self::SendGroupMessage { about, .. }
            | Self::SendDirectMessage { about, .. }
            | Self::SendApplicantCounts { about } => Some(*about),
            Self::ImportAccount { .. }
            | Self::UpdateAccountProfile { .. }
            | Self::CreateGroup { .. }
            | Self::UpdateGroupProfile { .. }
            | Self::EndLogin { .. }
            | Self::DropStream { .. }
            | Self::ForbidStream { .. }
            | Self::ResumeStream { .. } => None,
        }
    }

    /// The reason that clients get beside the text of `over` and `kickout`.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::SendGroupMessage {
                message: GroupMessage::Over { reason },
                ..
            }
            | Self::SendDirectMessage {
                message: DirectMessage::Kickout { reason },
                ..
            } => Some(reason),
            _ => None,
        }
    }
}
