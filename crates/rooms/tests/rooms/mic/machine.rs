//! Properties of the state machine: over every state with every event, and over long random
//! sequences of events.

use std::time::Duration;

use proptest::prelude::*;
use qlive_outbox::InvitationResponse;
use qlive_rooms::mic::{
    Admission, INVITATION_TTL, Invitation, MemberState, MicEffect, MicEvent, MicRefusal, Place,
    Rules, step,
};
use qlive_types::{Gender, Moment};

use crate::mic::events;

const NOW: Moment = Moment::from_millis(1_000_000);
const PAST: Moment = Moment::from_millis(999_999);
const FUTURE: Moment = Moment::from_millis(1_000_001);

const PLACES: [Place; 5] = [
    Place::Outside,
    Place::Watching,
    Place::Applied,
    Place::OnMic,
    Place::Hosting,
];
const ADMISSIONS: [Admission; 3] = [Admission::Applied, Admission::Invited, Admission::Open];

fn rules(admission: Admission) -> Rules {
    Rules {
        admission,
        guest_grace: Duration::from_secs(60),
        host_grace: Duration::from_secs(180),
    }
}

/// Every combination of the fields of a state.
fn all_states() -> Vec<MemberState> {
    let invitations = [
        None,
        Some(Invitation {
            until: FUTURE,
            by_server: true,
        }),
        Some(Invitation {
            until: FUTURE,
            by_server: false,
        }),
        Some(Invitation {
            until: PAST,
            by_server: true,
        }),
        Some(Invitation {
            until: PAST,
            by_server: false,
        }),
    ];
    let graces = [None, Some(PAST), Some(FUTURE)];
    let mut all = Vec::new();
    for place in PLACES {
        for gender in Gender::ALL {
            for bits in 0..16_u8 {
                let on = |bit: u8| bits & (1 << bit) != 0;
                for invitation in invitations {
                    for im_grace in graces {
                        for stream_grace in graces {
                            all.push(MemberState {
                                place,
                                gender,
                                profile_complete: on(0),
                                needs_invitation: on(1),
                                seat_occupied: on(2),
                                pushing: on(3),
                                invitation,
                                im_grace,
                                stream_grace,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn every_event_keeps_the_invariants_in_every_state() {
    let mut decided = 0;
    for state in all_states() {
        for event in events::all_events() {
            for admission in ADMISSIONS {
                let Ok(next) = step(&state, event, &rules(admission), NOW) else {
                    continue;
                };
                let (before, after) = (state.place, next.next.place);
                let sent = |effect| next.effects.contains(&effect);
                assert_eq!(
                    sent(MicEffect::AnnounceSeatTaken),
                    before != Place::OnMic && after == Place::OnMic,
                    "{state:?} {event:?}"
                );
                if event != MicEvent::BroadcastEnded {
                    assert_eq!(
                        sent(MicEffect::AnnounceSeatFreed),
                        before == Place::OnMic && after != Place::OnMic,
                        "{state:?} {event:?}"
                    );
                    assert_eq!(
                        sent(MicEffect::EndBroadcast),
                        before == Place::Hosting && after == Place::Outside,
                        "{state:?} {event:?}"
                    );
                }
                assert_eq!(next.next.gender, state.gender);
                assert!(
                    after != Place::Hosting || before == Place::Hosting,
                    "no event makes a user the host"
                );
                assert!(
                    after != Place::OnMic || before == Place::OnMic || event == MicEvent::Accept
                );
                if after == Place::Outside && before != Place::Outside {
                    assert_eq!(
                        (
                            next.next.invitation,
                            next.next.im_grace,
                            next.next.stream_grace
                        ),
                        (None, None, None)
                    );
                    assert!(!next.next.pushing);
                }
                assert!(
                    next.next.needs_invitation || !state.needs_invitation,
                    "only the end of a broadcast lifts the need for an invitation"
                );
                decided += 1;
            }
        }
    }
    assert!(decided > 300_000, "{decided}");
}

#[test]
fn only_admitted_users_reach_the_mic() {
    for state in all_states() {
        for admission in ADMISSIONS {
            let result = step(&state, MicEvent::Accept, &rules(admission), NOW);
            let invited = state
                .invitation
                .is_some_and(|invitation| invitation.until > NOW);
            let by_mode = match admission {
                Admission::Open => true,
                Admission::Applied => state.place == Place::Applied,
                Admission::Invited => false,
            };
            let expected = match state.place {
                Place::Outside => Err(MicRefusal::NotInRoom),
                Place::Hosting => Err(MicRefusal::Hosting),
                Place::OnMic => Ok(()),
                _ if !state.profile_complete => Err(MicRefusal::ProfileIncomplete),
                _ if !invited && (!by_mode || state.needs_invitation) => {
                    Err(MicRefusal::NotAdmitted)
                }
                _ if state.seat_occupied => Err(MicRefusal::SeatOccupied),
                _ => Ok(()),
            };
            assert_eq!(
                result.map(|step| assert_eq!(step.next.place, Place::OnMic)),
                expected,
                "{state:?} {admission:?}"
            );
        }
    }
}

#[test]
fn a_second_disconnect_does_not_extend_the_grace_period() {
    let mic = MemberState {
        place: Place::OnMic,
        ..MemberState::outside(Gender::Male, true)
    };
    let rules = rules(Admission::Applied);
    let lost = step(&mic, MicEvent::ImDisconnected, &rules, NOW)
        .unwrap()
        .next;
    assert_eq!(lost.im_grace, Some(NOW.after(Duration::from_secs(60))));
    let again = step(
        &lost,
        MicEvent::ImDisconnected,
        &rules,
        NOW.after(Duration::from_secs(50)),
    )
    .unwrap()
    .next;
    assert_eq!(
        again.im_grace, lost.im_grace,
        "a second disconnect does not extend it"
    );
    let due = NOW.after(Duration::from_secs(60));
    let early = step(
        &lost,
        MicEvent::GraceDue { connected: false },
        &rules,
        FUTURE,
    )
    .unwrap();
    assert_eq!((early.next, early.effects), (lost, vec![]));
    assert_eq!(
        step(&lost, MicEvent::GraceDue { connected: true }, &rules, due)
            .unwrap()
            .next,
        mic
    );
    let out = step(&lost, MicEvent::GraceDue { connected: false }, &rules, due).unwrap();
    assert_eq!(
        (out.next.place, out.effects),
        (
            Place::Outside,
            vec![MicEffect::AnnounceSeatFreed, MicEffect::SendNum]
        )
    );
    let host = MemberState {
        place: Place::Hosting,
        ..MemberState::outside(Gender::Female, true)
    };
    let lost = step(&host, MicEvent::ImDisconnected, &rules, NOW)
        .unwrap()
        .next;
    assert_eq!(lost.im_grace, Some(NOW.after(Duration::from_secs(180))));
}

#[test]
fn host_is_sent_how_an_invitation_of_the_server_ended() {
    let rules = rules(Admission::Applied);
    let watching = MemberState {
        place: Place::Watching,
        ..MemberState::outside(Gender::Female, true)
    };
    let responses = |by_server, event, now| {
        let invited = step(&watching, MicEvent::Invite { by_server }, &rules, NOW)
            .unwrap()
            .next;
        let effects = step(&invited, event, &rules, now).unwrap().effects;
        effects
            .into_iter()
            .filter(|effect| matches!(effect, MicEffect::SendResponse(_)))
            .collect::<Vec<_>>()
    };
    let expired = NOW.after(INVITATION_TTL);
    for (event, now, answer) in [
        (MicEvent::Accept, FUTURE, InvitationResponse::Accept),
        (MicEvent::Refuse, FUTURE, InvitationResponse::Reject),
        (
            MicEvent::InvitationDue,
            expired,
            InvitationResponse::Timeout,
        ),
    ] {
        assert_eq!(
            responses(true, event, now),
            [MicEffect::SendResponse(answer)]
        );
        assert_eq!(responses(false, event, now), []);
    }
    assert_eq!(
        responses(true, MicEvent::InvitationDue, FUTURE),
        [],
        "the invitation is still open"
    );
    for event in [MicEvent::Refuse, MicEvent::Leave, MicEvent::GroupLeft] {
        assert_eq!(
            responses(true, event, expired),
            [MicEffect::SendResponse(InvitationResponse::Timeout)],
            "{event:?} after it expired"
        );
    }
    let applied = MemberState {
        place: Place::Applied,
        ..watching
    };
    let invited = step(&applied, MicEvent::Invite { by_server: true }, &rules, NOW)
        .unwrap()
        .next;
    let late = step(&invited, MicEvent::Accept, &rules, expired).unwrap();
    assert_eq!(
        late.effects,
        [
            MicEffect::AnnounceSeatTaken,
            MicEffect::SendNum,
            MicEffect::SendResponse(InvitationResponse::Timeout)
        ]
    );
}

/// Events, each with the index of its guest and the seconds since the event before it.
fn event_sequence() -> impl Strategy<Value = Vec<(usize, MicEvent, u64)>> {
    prop::collection::vec(
        (
            0..8_usize,
            prop::sample::select(events::all_events()),
            0..40_u64,
        ),
        1..400,
    )
}

proptest! {
    /// Eight guests, any events at any times: the announcements always match the seats.
    #[test]
    fn announcements_match_the_seats_after_any_sequence_of_events(
        events in event_sequence(),
        admission in prop::sample::select(ADMISSIONS.to_vec()),
    ) {
        let gender = |index: usize| {
            if index.is_multiple_of(2) { Gender::Male } else { Gender::Female }
        };
        let mut guests: Vec<MemberState> =
            (0..8).map(|index| MemberState::outside(gender(index), true)).collect();
        // Who is on each seat, as the announcements say: the male seat, then the female one.
        let mut announced = [None, None];
        let mut now = NOW;
        for (guest, event, later) in events {
            now = now.after(Duration::from_secs(later));
            guests[guest].seat_occupied = guests.iter().enumerate().any(|(index, other)| {
                index != guest && other.gender == gender(guest) && other.place == Place::OnMic
            });
            let Ok(next) = step(&guests[guest], event, &rules(admission), now) else { continue };
            guests[guest] = next.next;
            for effect in next.effects {
                let seat = &mut announced[guest % 2];
                match effect {
                    MicEffect::AnnounceSeatTaken => prop_assert_eq!(seat.replace(guest), None),
                    MicEffect::AnnounceSeatFreed => prop_assert_eq!(seat.take(), Some(guest)),
                    MicEffect::SendInvite { until } => {
                        prop_assert_eq!(until, now.after(INVITATION_TTL));
                    }
                    _ => {}
                }
            }
            if event == MicEvent::BroadcastEnded && announced[guest % 2] == Some(guest) {
                // The room gets OVER instead of an announcement.
                announced[guest % 2] = None;
            }
            for (parity, on_seat) in announced.iter().enumerate() {
                let seated: Vec<usize> = (0..8)
                    .filter(|index| index % 2 == parity && guests[*index].place == Place::OnMic)
                    .collect();
                prop_assert_eq!(&seated, &on_seat.iter().copied().collect::<Vec<_>>());
            }
        }
    }
}
