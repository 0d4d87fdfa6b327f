//! The transition function of the mic state machine, one function for each event.

use qlive_outbox::InvitationResponse;
use qlive_types::Moment;

use super::event::{MicEffect, MicEvent, MicRefusal};
use super::state::{Admission, INVITATION_TTL, Invitation, MemberState, Place, Rules};

/// The result of an event: the next state, and the effects in the order to carry them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub next: MemberState,
    pub effects: Vec<MicEffect>,
}

impl Step {
    fn new(next: MemberState, effects: Vec<MicEffect>) -> Self {
        Self { next, effects }
    }

    /// A change without effects.
    fn silent(next: MemberState) -> Self {
        Self::new(next, Vec::new())
    }

    fn unchanged(state: &MemberState) -> Self {
        Self::silent(*state)
    }
}

/// Decides what `event` does to a user in `state`.
///
/// # Errors
/// A [`MicRefusal`] if the event is not allowed in this state.
pub fn step(
    state: &MemberState,
    event: MicEvent,
    rules: &Rules,
    now: Moment,
) -> Result<Step, MicRefusal> {
    match event {
        MicEvent::Enter => Ok(on_enter(state)),
        MicEvent::Apply => on_apply(state),
        MicEvent::Accept => on_accept(state, rules.admission, now),
        MicEvent::Refuse => on_refuse(state, now),
        MicEvent::LeaveMic => Ok(on_leave_mic(state)),
        MicEvent::KickOffMic => Ok(on_kick_off_mic(state)),
        MicEvent::Invite { by_server } => on_invite(state, by_server, now),
        MicEvent::InvitationDue => Ok(on_invitation_due(state, now)),
        MicEvent::Decline => Ok(on_decline(state, now)),
        MicEvent::Leave => Ok(on_leave(state, now)),
        MicEvent::Banned => Ok(on_banned(state, now)),
        MicEvent::BroadcastEnded => Ok(on_broadcast_ended(state)),
        MicEvent::ImDisconnected => Ok(on_im_disconnected(state, rules, now)),
        MicEvent::GroupLeft => Ok(on_group_left(state, rules, now)),
        MicEvent::Active => Ok(on_active(state)),
        MicEvent::StreamStarted => Ok(on_stream_started(state)),
        MicEvent::StreamStopped => Ok(on_stream_stopped(state, rules, now)),
        MicEvent::GraceDue { connected } => Ok(on_grace_due(state, connected, rules, now)),
        MicEvent::StreamMissing => Ok(on_stream_missing(state)),
    }
}

fn on_enter(state: &MemberState) -> Step {
    match state.place {
        Place::Outside => {
            let next = MemberState {
                place: Place::Watching,
                ..*state
            };
            Step::new(next, vec![MicEffect::SendNum])
        }
        Place::Watching | Place::Applied | Place::OnMic | Place::Hosting => on_active(state),
    }
}

fn on_apply(state: &MemberState) -> Result<Step, MicRefusal> {
    match state.place {
        Place::Outside => Err(MicRefusal::NotInRoom),
        Place::OnMic => Err(MicRefusal::OnMic),
        Place::Hosting => Err(MicRefusal::Hosting),
        Place::Watching | Place::Applied if !state.profile_complete => {
            Err(MicRefusal::ProfileIncomplete)
        }
        Place::Watching => {
            let next = MemberState {
                place: Place::Applied,
                ..*state
            };
            Ok(Step::new(next, vec![MicEffect::SendNum]))
        }
        Place::Applied => Ok(Step::unchanged(state)),
    }
}

fn on_accept(state: &MemberState, admission: Admission, now: Moment) -> Result<Step, MicRefusal> {
    match state.place {
        Place::Outside => Err(MicRefusal::NotInRoom),
        Place::Hosting => Err(MicRefusal::Hosting),
        Place::OnMic => Ok(Step::unchanged(state)),
        Place::Watching | Place::Applied => {
            if !state.profile_complete {
                return Err(MicRefusal::ProfileIncomplete);
            }
            if !state.is_admitted(admission, now) {
                return Err(MicRefusal::NotAdmitted);
            }
            if state.seat_occupied {
                return Err(MicRefusal::SeatOccupied);
            }
            let mut effects = vec![MicEffect::AnnounceSeatTaken, MicEffect::SendNum];
            effects.extend(response(state, Some(InvitationResponse::Accept), now));
            let next = MemberState {
                place: Place::OnMic,
                invitation: None,
                ..*state
            };
            Ok(Step::new(next, effects))
        }
    }
}

fn on_refuse(state: &MemberState, now: Moment) -> Result<Step, MicRefusal> {
    match state.place {
        Place::OnMic => Err(MicRefusal::OnMic),
        Place::Outside | Place::Hosting => Ok(Step::unchanged(state)),
        Place::Watching if state.invitation.is_none() => Ok(Step::unchanged(state)),
        Place::Watching | Place::Applied => {
            let mut effects = vec![MicEffect::SendNum];
            effects.extend(response(state, Some(InvitationResponse::Reject), now));
            let next = MemberState {
                place: Place::Watching,
                invitation: None,
                ..*state
            };
            Ok(Step::new(next, effects))
        }
    }
}

fn on_leave_mic(state: &MemberState) -> Step {
    match state.place {
        Place::OnMic => Step::new(
            state.off_mic(),
            vec![MicEffect::AnnounceSeatFreed, MicEffect::SendNum],
        ),
        Place::Outside | Place::Watching | Place::Applied | Place::Hosting => {
            Step::unchanged(state)
        }
    }
}

fn on_kick_off_mic(state: &MemberState) -> Step {
    match state.place {
        Place::OnMic => {
            let next = MemberState {
                needs_invitation: true,
                ..state.off_mic()
            };
            let effects = vec![
                MicEffect::AnnounceSeatFreed,
                MicEffect::SendNum,
                MicEffect::SendKickout,
                MicEffect::CutStream,
            ];
            Step::new(next, effects)
        }
        Place::Outside | Place::Watching | Place::Applied | Place::Hosting => {
            Step::unchanged(state)
        }
    }
}

fn on_invite(state: &MemberState, by_server: bool, now: Moment) -> Result<Step, MicRefusal> {
    match state.place {
        Place::Outside => Err(MicRefusal::NotInRoom),
        Place::OnMic => Err(MicRefusal::OnMic),
        Place::Hosting => Err(MicRefusal::Hosting),
        Place::Watching | Place::Applied if state.seat_occupied => Err(MicRefusal::SeatOccupied),
        Place::Watching | Place::Applied => {
            let until = now.after(INVITATION_TTL);
            // A message of the host's client extends an open invitation of the server. The host
            // still expects the server's RESPONSE to it.
            let awaits_response = by_server
                || state
                    .invitation
                    .is_some_and(|open| open.by_server && open.is_open(now));
            let effects = if by_server {
                vec![MicEffect::SendInvite { until }]
            } else {
                Vec::new()
            };
            let invitation = Invitation {
                until,
                by_server: awaits_response,
            };
            let next = MemberState {
                invitation: Some(invitation),
                ..*state
            };
            Ok(Step::new(next, effects))
        }
    }
}

fn on_invitation_due(state: &MemberState, now: Moment) -> Step {
    match state.invitation {
        Some(invitation) if !invitation.is_open(now) => {
            let next = MemberState {
                invitation: None,
                ..*state
            };
            Step::new(next, response(state, None, now).into_iter().collect())
        }
        Some(_) | None => Step::unchanged(state),
    }
}

fn on_decline(state: &MemberState, now: Moment) -> Step {
    match state.place {
        Place::Applied => {
            let mut effects = vec![MicEffect::SendNum];
            effects.extend(response(state, None, now));
            let next = MemberState {
                place: Place::Watching,
                invitation: None,
                needs_invitation: true,
                ..*state
            };
            Step::new(next, effects)
        }
        Place::Outside | Place::Watching | Place::OnMic | Place::Hosting => Step::unchanged(state),
    }
}

fn on_leave(state: &MemberState, now: Moment) -> Step {
    match state.place {
        Place::Outside => Step::unchanged(state),
        Place::Watching | Place::Applied => {
            let mut effects = vec![MicEffect::SendNum];
            effects.extend(response(state, None, now));
            Step::new(state.out_of_room(), effects)
        }
        Place::OnMic => Step::new(
            state.out_of_room(),
            vec![MicEffect::AnnounceSeatFreed, MicEffect::SendNum],
        ),
        Place::Hosting => Step::new(
            state.out_of_room(),
            vec![MicEffect::EndBroadcast, MicEffect::CutStream],
        ),
    }
}

fn on_banned(state: &MemberState, now: Moment) -> Step {
    let mut step = on_leave(state, now);
    step.effects.push(MicEffect::ForbidStream);
    step
}

/// The room gets one OVER and nothing for each user. Only streams on stage have to be cut.
fn on_broadcast_ended(state: &MemberState) -> Step {
    match state.place {
        Place::Outside => Step::unchanged(state),
        Place::Watching | Place::Applied => Step::silent(state.out_of_room()),
        Place::OnMic | Place::Hosting => Step::new(state.out_of_room(), vec![MicEffect::CutStream]),
    }
}

fn on_im_disconnected(state: &MemberState, rules: &Rules, now: Moment) -> Step {
    match state.place {
        Place::Outside => Step::unchanged(state),
        // A second disconnect does not extend the grace period of the first.
        _ if state.im_grace.is_some() => Step::unchanged(state),
        Place::Watching | Place::Applied | Place::OnMic | Place::Hosting => {
            Step::silent(MemberState {
                im_grace: Some(grace_end(state, rules, now)),
                ..*state
            })
        }
    }
}

fn on_group_left(state: &MemberState, rules: &Rules, now: Moment) -> Step {
    match state.place {
        Place::Outside => Step::unchanged(state),
        Place::Watching | Place::Applied => on_leave(state, now),
        Place::OnMic | Place::Hosting => on_im_disconnected(state, rules, now),
    }
}

fn on_active(state: &MemberState) -> Step {
    Step::silent(MemberState {
        im_grace: None,
        ..*state
    })
}

fn on_stream_started(state: &MemberState) -> Step {
    match state.place {
        Place::OnMic | Place::Hosting => Step::silent(MemberState {
            pushing: true,
            im_grace: None,
            stream_grace: None,
            ..*state
        }),
        // Only users on stage may push a stream.
        Place::Outside | Place::Watching | Place::Applied => {
            Step::new(*state, vec![MicEffect::CutStream])
        }
    }
}

fn on_stream_stopped(state: &MemberState, rules: &Rules, now: Moment) -> Step {
    match state.place {
        Place::OnMic | Place::Hosting if state.pushing => Step::silent(MemberState {
            pushing: false,
            stream_grace: Some(grace_end(state, rules, now)),
            ..*state
        }),
        Place::Outside | Place::Watching | Place::Applied | Place::OnMic | Place::Hosting => {
            Step::unchanged(state)
        }
    }
}

fn on_grace_due(state: &MemberState, connected: bool, rules: &Rules, now: Moment) -> Step {
    let longest = rules.longest_grace();
    let has_ended =
        |grace: Option<Moment>| grace.is_some_and(|until| !now.is_waiting(until, longest));
    if has_ended(state.stream_grace) {
        return on_leave(state, now);
    }
    match (has_ended(state.im_grace), connected || state.pushing) {
        (false, _) => Step::unchanged(state),
        (true, true) => on_active(state),
        (true, false) => on_leave(state, now),
    }
}

fn on_stream_missing(state: &MemberState) -> Step {
    match state.place {
        Place::OnMic if !state.pushing && state.stream_grace.is_none() => on_leave_mic(state),
        Place::Outside | Place::Watching | Place::Applied | Place::OnMic | Place::Hosting => {
            Step::unchanged(state)
        }
    }
}

/// When a grace period that starts now ends.
fn grace_end(state: &MemberState, rules: &Rules, now: Moment) -> Moment {
    match state.place {
        Place::Hosting => now.after(rules.host_grace),
        Place::Outside | Place::Watching | Place::Applied | Place::OnMic => {
            now.after(rules.guest_grace)
        }
    }
}

/// The RESPONSE to the host when the invitation is removed now.
///
/// `None` if there is no invitation of the server. An invitation that expired before `now` timed
/// out, whatever `outcome` says; an open one ends with `outcome`, or without a RESPONSE.
fn response(
    state: &MemberState,
    outcome: Option<InvitationResponse>,
    now: Moment,
) -> Option<MicEffect> {
    let invitation = state.invitation.filter(|invitation| invitation.by_server)?;
    let outcome = if invitation.is_open(now) {
        outcome
    } else {
        Some(InvitationResponse::Timeout)
    };
    outcome.map(MicEffect::SendResponse)
}
