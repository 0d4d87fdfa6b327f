//! Single decisions with every field of the next state and every effect.

use std::time::Duration;

use qlive_outbox::InvitationResponse;
use qlive_rooms::mic::{
    Admission, INVITATION_TTL, Invitation, MemberState, MicEffect, MicEvent, MicRefusal, Place,
    Rules, Step, step,
};
use qlive_types::{Gender, Moment};

const NOW: Moment = Moment::from_millis(1_000_000);
const PAST: Moment = Moment::from_millis(999_999);
const FUTURE: Moment = Moment::from_millis(1_000_001);
const RULES: Rules = Rules {
    admission: Admission::Applied,
    guest_grace: Duration::from_secs(60),
    host_grace: Duration::from_secs(180),
};

fn at(place: Place) -> MemberState {
    MemberState {
        place,
        ..MemberState::outside(Gender::Male, true)
    }
}

fn invited(place: Place, until: Moment, by_server: bool) -> MemberState {
    MemberState {
        invitation: Some(Invitation { until, by_server }),
        ..at(place)
    }
}

fn step_now(state: MemberState, event: MicEvent) -> Result<Step, MicRefusal> {
    step(&state, event, &RULES, NOW)
}

#[track_caller]
fn becomes(state: MemberState, event: MicEvent, next: MemberState, effects: &[MicEffect]) {
    assert_eq!(
        step_now(state, event),
        Ok(Step {
            next,
            effects: effects.to_vec()
        }),
        "{event:?}"
    );
}

#[track_caller]
fn stays(state: MemberState, event: MicEvent) {
    becomes(state, event, state, &[]);
}

#[test]
fn applying_needs_a_complete_profile() {
    let incomplete = |place| MemberState {
        profile_complete: false,
        ..at(place)
    };
    for place in [Place::Watching, Place::Applied] {
        assert_eq!(
            step_now(incomplete(place), MicEvent::Apply),
            Err(MicRefusal::ProfileIncomplete)
        );
    }
    becomes(
        at(Place::Watching),
        MicEvent::Apply,
        at(Place::Applied),
        &[MicEffect::SendNum],
    );
    stays(at(Place::Applied), MicEvent::Apply);
    becomes(
        at(Place::Outside),
        MicEvent::Enter,
        at(Place::Watching),
        &[MicEffect::SendNum],
    );
}

#[test]
fn taking_the_mic_uses_up_the_invitation() {
    let open = invited(Place::Watching, FUTURE, true);
    let effects = [
        MicEffect::AnnounceSeatTaken,
        MicEffect::SendNum,
        MicEffect::SendResponse(InvitationResponse::Accept),
    ];
    becomes(open, MicEvent::Accept, at(Place::OnMic), &effects);
    assert_eq!(
        step_now(invited(Place::Watching, NOW, true), MicEvent::Accept),
        Err(MicRefusal::NotAdmitted),
        "it is no longer open at its end"
    );
}

#[test]
fn refusing_removes_application_and_invitation() {
    becomes(
        at(Place::Applied),
        MicEvent::Refuse,
        at(Place::Watching),
        &[MicEffect::SendNum],
    );
    stays(at(Place::Watching), MicEvent::Refuse);
    let effects = [
        MicEffect::SendNum,
        MicEffect::SendResponse(InvitationResponse::Reject),
    ];
    for place in [Place::Watching, Place::Applied] {
        becomes(
            invited(place, FUTURE, true),
            MicEvent::Refuse,
            at(Place::Watching),
            &effects,
        );
    }
}

#[test]
fn a_user_kicked_off_the_mic_or_declined_needs_an_invitation() {
    let seated = MemberState {
        pushing: true,
        stream_grace: Some(FUTURE),
        im_grace: Some(FUTURE),
        ..at(Place::OnMic)
    };
    let kicked_off = MemberState {
        needs_invitation: true,
        im_grace: Some(FUTURE),
        ..at(Place::Watching)
    };
    becomes(
        seated,
        MicEvent::KickOffMic,
        kicked_off,
        &[
            MicEffect::AnnounceSeatFreed,
            MicEffect::SendNum,
            MicEffect::SendKickout,
            MicEffect::CutStream,
        ],
    );
    let left_mic = MemberState {
        needs_invitation: false,
        ..kicked_off
    };
    becomes(
        seated,
        MicEvent::LeaveMic,
        left_mic,
        &[MicEffect::AnnounceSeatFreed, MicEffect::SendNum],
    );
    let declined = MemberState {
        needs_invitation: true,
        ..at(Place::Watching)
    };
    becomes(
        invited(Place::Applied, FUTURE, true),
        MicEvent::Decline,
        declined,
        &[MicEffect::SendNum],
    );
}

#[test]
fn inviting_needs_a_free_seat_and_extends_an_open_invitation_of_the_server() {
    let without_seat = MemberState {
        seat_occupied: true,
        ..at(Place::Watching)
    };
    assert_eq!(
        step_now(without_seat, MicEvent::Invite { by_server: true }),
        Err(MicRefusal::SeatOccupied)
    );
    let until = NOW.after(INVITATION_TTL);
    for (before, by_server, next_by_server) in [
        (at(Place::Watching), true, true),
        (at(Place::Watching), false, false),
        (invited(Place::Watching, FUTURE, true), false, true),
        (invited(Place::Watching, FUTURE, false), false, false),
        (invited(Place::Watching, NOW, true), false, false),
        (invited(Place::Watching, PAST, true), false, false),
    ] {
        let effects: &[MicEffect] = if by_server {
            &[MicEffect::SendInvite { until }]
        } else {
            &[]
        };
        becomes(
            before,
            MicEvent::Invite { by_server },
            invited(Place::Watching, until, next_by_server),
            effects,
        );
    }
}

#[test]
fn an_invitation_expires_at_its_end() {
    stays(
        invited(Place::Watching, FUTURE, true),
        MicEvent::InvitationDue,
    );
    for until in [NOW, PAST] {
        let effects = [MicEffect::SendResponse(InvitationResponse::Timeout)];
        becomes(
            invited(Place::Watching, until, true),
            MicEvent::InvitationDue,
            at(Place::Watching),
            &effects,
        );
        becomes(
            invited(Place::Watching, until, false),
            MicEvent::InvitationDue,
            at(Place::Watching),
            &[],
        );
    }
}

#[test]
fn a_stream_start_ends_grace_periods_and_a_stop_begins_one() {
    let lost = MemberState {
        im_grace: Some(FUTURE),
        stream_grace: Some(FUTURE),
        ..at(Place::OnMic)
    };
    let pushing = MemberState {
        pushing: true,
        ..at(Place::OnMic)
    };
    becomes(lost, MicEvent::StreamStarted, pushing, &[]);
    let stopped = MemberState {
        stream_grace: Some(NOW.after(RULES.guest_grace)),
        ..at(Place::OnMic)
    };
    becomes(pushing, MicEvent::StreamStopped, stopped, &[]);
    stays(at(Place::OnMic), MicEvent::StreamStopped);
    becomes(
        at(Place::Watching),
        MicEvent::StreamStarted,
        at(Place::Watching),
        &[MicEffect::CutStream],
    );
}

#[test]
fn a_missing_stream_frees_the_seat_only_without_a_stream_and_a_grace_period() {
    becomes(
        at(Place::OnMic),
        MicEvent::StreamMissing,
        at(Place::Watching),
        &[MicEffect::AnnounceSeatFreed, MicEffect::SendNum],
    );
    stays(
        MemberState {
            pushing: true,
            ..at(Place::OnMic)
        },
        MicEvent::StreamMissing,
    );
    stays(
        MemberState {
            stream_grace: Some(FUTURE),
            ..at(Place::OnMic)
        },
        MicEvent::StreamMissing,
    );
    stays(at(Place::Hosting), MicEvent::StreamMissing);
}

#[test]
fn leaving_resets_everything_but_what_belongs_to_the_room() {
    let seated = MemberState {
        needs_invitation: true,
        seat_occupied: true,
        pushing: true,
        ..at(Place::OnMic)
    };
    let out = MemberState {
        needs_invitation: true,
        seat_occupied: true,
        ..at(Place::Outside)
    };
    becomes(
        seated,
        MicEvent::Leave,
        out,
        &[MicEffect::AnnounceSeatFreed, MicEffect::SendNum],
    );
}

#[test]
fn the_gender_is_locked_during_application_invitation_and_on_the_mic() {
    for (state, may) in [
        (at(Place::Outside), true),
        (at(Place::Hosting), true),
        (at(Place::Watching), true),
        (invited(Place::Watching, PAST, true), true),
        (invited(Place::Watching, FUTURE, true), false),
        (at(Place::Applied), false),
        (at(Place::OnMic), false),
    ] {
        assert_eq!(state.may_change_gender(NOW), may, "{state:?}");
    }
}
