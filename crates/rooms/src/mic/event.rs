//! The inputs and outputs of the mic state machine: events, effects, refusals.

use qlive_outbox::InvitationResponse;
use qlive_types::Moment;

/// An event that concerns one user in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MicEvent {
    /// The user enters the room, or calls enter again while in it.
    Enter,
    /// The user applies for the mic.
    Apply,
    /// The user takes the mic seat of their gender.
    Accept,
    /// The user withdraws their application and declines an open invitation.
    Refuse,
    /// The user leaves the mic and stays in the room.
    LeaveMic,
    /// The host takes the user off the mic.
    KickOffMic,
    /// The host invites the user to the mic.
    Invite {
        /// True for `invite_micro`, false for a message that the host's client sent through IM.
        by_server: bool,
    },
    /// The invitation may have expired.
    InvitationDue,
    /// The host declines the user's application.
    Decline,
    /// The user leaves the room.
    Leave,
    /// An operator bans the user.
    Banned,
    /// The broadcast ends.
    BroadcastEnded,
    /// IM lost the user's connection.
    ImDisconnected,
    /// The user left the IM group of the room.
    GroupLeft,
    /// The user was active: an API call, or a login at IM.
    Active,
    /// The user's stream started.
    StreamStarted,
    /// The user's stream stopped.
    StreamStopped,
    /// A grace period may have ended.
    GraceDue {
        /// Whether IM reports the user as connected.
        connected: bool,
    },
    /// The user took the mic and no stream started in time.
    StreamMissing,
}

/// A message or command that follows from a step. A step lists them in the order to send them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MicEffect {
    /// Tell the room that the user is on the mic (RESET on).
    AnnounceSeatTaken,
    /// Tell the room that the user's seat is free (RESET off).
    AnnounceSeatFreed,
    /// Send the host the numbers of applicants and viewers (NUM).
    SendNum,
    /// Tell the user that the host took them off the mic (KICKOUT).
    SendKickout,
    /// Send the user the invitation (INVITE).
    SendInvite { until: Moment },
    /// Tell the host how the invitation ended (RESPONSE).
    SendResponse(InvitationResponse),
    /// Cut the user's stream.
    CutStream,
    /// Cut the user's stream and refuse new ones.
    ForbidStream,
    /// End the broadcast because its host left.
    EndBroadcast,
}

/// Why an event is not allowed in the current state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MicRefusal {
    NotInRoom,
    OnMic,
    Hosting,
    NotAdmitted,
    SeatOccupied,
    ProfileIncomplete,
}
