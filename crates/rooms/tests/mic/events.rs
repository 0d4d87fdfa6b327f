//! What can happen.

use qlive_rooms::mic::Event;

/// Everything that can happen to a guest.
pub(crate) const OF_A_GUEST: [Event; 20] = [
    Event::Enter,
    Event::Apply,
    Event::Accept,
    Event::Refuse,
    Event::LeaveMic,
    Event::PutDown,
    Event::Invite { by_us: true },
    Event::Invite { by_us: false },
    Event::InvitationDue,
    Event::Decline,
    Event::Leave,
    Event::Banned,
    Event::ImLost,
    Event::GroupLeft,
    Event::Heard,
    Event::StreamStarted,
    Event::StreamStopped,
    Event::GraceDue { connected: false },
    Event::GraceDue { connected: true },
    Event::StreamMissing,
];

/// That, and the end of the broadcast.
pub(crate) fn all() -> Vec<Event> {
    OF_A_GUEST.into_iter().chain([Event::Ended]).collect()
}
