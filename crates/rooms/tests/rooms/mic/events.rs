//! Lists of events.

use qlive_rooms::mic::MicEvent;

/// Every event that can concern a guest of a live broadcast.
pub(crate) const GUEST_EVENTS: [MicEvent; 20] = [
    MicEvent::Enter,
    MicEvent::Apply,
    MicEvent::Accept,
    MicEvent::Refuse,
    MicEvent::LeaveMic,
    MicEvent::KickOffMic,
    MicEvent::Invite { by_server: true },
    MicEvent::Invite { by_server: false },
    MicEvent::InvitationDue,
    MicEvent::Decline,
    MicEvent::Leave,
    MicEvent::Banned,
    MicEvent::ImDisconnected,
    MicEvent::GroupLeft,
    MicEvent::Active,
    MicEvent::StreamStarted,
    MicEvent::StreamStopped,
    MicEvent::GraceDue { connected: false },
    MicEvent::GraceDue { connected: true },
    MicEvent::StreamMissing,
];

/// Every event.
pub(crate) fn all_events() -> Vec<MicEvent> {
    GUEST_EVENTS
        .into_iter()
        .chain([MicEvent::BroadcastEnded])
        .collect()
}
