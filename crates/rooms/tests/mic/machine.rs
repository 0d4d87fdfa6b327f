//! The machine by itself: every standing meets every event, and long random evenings keep the rules.

use std::time::Duration;

use proptest::prelude::*;
use qlive_rooms::mic::{
    Admission, Answer, Effect, Event, INVITATION, Invitation, Place, Refusal, Rules, Standing, step,
};
use qlive_types::{Gender, Moment};

use crate::events;

const NOW: Moment = Moment::from_millis(1_000_000);
const PAST: Moment = Moment::from_millis(999_999);
const FUTURE: Moment = Moment::from_millis(1_000_001);

const PLACES: [Place; 5] = [
    Place::Out,
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

/// Every standing there can be.
fn standings() -> Vec<Standing> {
    let invitations = [
        None,
        Some(Invitation {
            until: FUTURE,
            by_us: true,
        }),
        Some(Invitation {
            until: FUTURE,
            by_us: false,
        }),
        Some(Invitation {
            until: PAST,
            by_us: true,
        }),
        Some(Invitation {
            until: PAST,
            by_us: false,
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
                            all.push(Standing {
                                place,
                                gender,
                                ready: on(0),
                                barred: on(1),
                                seat_taken: on(2),
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
fn every_standing_meets_every_event() {
    let mut decided = 0;
    for standing in standings() {
        for event in events::all() {
            for admission in ADMISSIONS {
                let Ok(next) = step(&standing, event, &rules(admission), NOW) else {
                    continue;
                };
                let (before, after) = (standing.place, next.next.place);
                let told = |effect| next.effects.contains(&effect);
                assert_eq!(
                    told(Effect::SeatTaken),
                    before != Place::OnMic && after == Place::OnMic,
                    "{standing:?} {event:?}"
                );
                if event != Event::Ended {
                    assert_eq!(
                        told(Effect::SeatFreed),
                        before == Place::OnMic && after != Place::OnMic,
                        "{standing:?} {event:?}"
                    );
                    assert_eq!(
                        told(Effect::EndBroadcast),
                        before == Place::Hosting && after == Place::Out,
                        "{standing:?} {event:?}"
                    );
                }
                assert_eq!(next.next.gender, standing.gender);
                assert!(
                    after != Place::Hosting || before == Place::Hosting,
                    "nobody becomes a host by an event"
                );
                assert!(after != Place::OnMic || before == Place::OnMic || event == Event::Accept);
                if after == Place::Out && before != Place::Out {
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
                    next.next.barred || !standing.barred,
                    "only the end of the broadcast forgets"
                );
                decided += 1;
            }
        }
    }
    assert!(decided > 300_000, "{decided}");
}

#[test]
fn the_mic_is_taken_by_those_admitted_only() {
    for standing in standings() {
        for admission in ADMISSIONS {
            let result = step(&standing, Event::Accept, &rules(admission), NOW);
            let invited = standing
                .invitation
                .is_some_and(|invitation| invitation.until > NOW);
            let by_mode = match admission {
                Admission::Open => true,
                Admission::Applied => standing.place == Place::Applied,
                Admission::Invited => false,
            };
            let expected = match standing.place {
                Place::Out => Err(Refusal::NotInRoom),
                Place::Hosting => Err(Refusal::Hosting),
                Place::OnMic => Ok(()),
                _ if !standing.ready => Err(Refusal::ProfileIncomplete),
                _ if !invited && (!by_mode || standing.barred) => Err(Refusal::NotAdmitted),
                _ if standing.seat_taken => Err(Refusal::SeatTaken),
                _ => Ok(()),
            };
            assert_eq!(
                result.map(|step| assert_eq!(step.next.place, Place::OnMic)),
                expected,
                "{standing:?} {admission:?}"
            );
        }
    }
}

#[test]
fn a_grace_is_given_once_and_its_end_is_final() {
    let mic = Standing {
        place: Place::OnMic,
        ..Standing::out(Gender::Male, true)
    };
    let rules = rules(Admission::Applied);
    let lost = step(&mic, Event::ImLost, &rules, NOW).unwrap().next;
    assert_eq!(lost.im_grace, Some(NOW.after(Duration::from_secs(60))));
    let again = step(
        &lost,
        Event::ImLost,
        &rules,
        NOW.after(Duration::from_secs(50)),
    )
    .unwrap()
    .next;
    assert_eq!(
        again.im_grace, lost.im_grace,
        "a second loss does not prolong it"
    );
    let due = NOW.after(Duration::from_secs(60));
    let early = step(&lost, Event::GraceDue { connected: false }, &rules, FUTURE).unwrap();
    assert_eq!((early.next, early.effects), (lost, vec![]));
    assert_eq!(
        step(&lost, Event::GraceDue { connected: true }, &rules, due)
            .unwrap()
            .next,
        mic
    );
    let gone = step(&lost, Event::GraceDue { connected: false }, &rules, due).unwrap();
    assert_eq!(
        (gone.next.place, gone.effects),
        (Place::Out, vec![Effect::SeatFreed, Effect::Num])
    );
    let host = Standing {
        place: Place::Hosting,
        ..Standing::out(Gender::Female, true)
    };
    let lost = step(&host, Event::ImLost, &rules, NOW).unwrap().next;
    assert_eq!(lost.im_grace, Some(NOW.after(Duration::from_secs(180))));
}

#[test]
fn the_host_hears_what_became_of_our_invitations() {
    let rules = rules(Admission::Applied);
    let watching = Standing {
        place: Place::Watching,
        ..Standing::out(Gender::Female, true)
    };
    let responses = |by_us, event, now| {
        let invited = step(&watching, Event::Invite { by_us }, &rules, NOW)
            .unwrap()
            .next;
        let effects = step(&invited, event, &rules, now).unwrap().effects;
        effects
            .into_iter()
            .filter(|effect| matches!(effect, Effect::Response(_)))
            .collect::<Vec<_>>()
    };
    let lapsed = NOW.after(INVITATION);
    for (event, now, answer) in [
        (Event::Accept, FUTURE, Answer::Accept),
        (Event::Refuse, FUTURE, Answer::Reject),
        (Event::InvitationDue, lapsed, Answer::Timeout),
    ] {
        assert_eq!(responses(true, event, now), [Effect::Response(answer)]);
        assert_eq!(responses(false, event, now), []);
    }
    assert_eq!(
        responses(true, Event::InvitationDue, FUTURE),
        [],
        "it still stands"
    );
    for event in [Event::Refuse, Event::Leave, Event::GroupLeft] {
        assert_eq!(
            responses(true, event, lapsed),
            [Effect::Response(Answer::Timeout)],
            "{event:?} after it lapsed"
        );
    }
    let applied = Standing {
        place: Place::Applied,
        ..watching
    };
    let invited = step(&applied, Event::Invite { by_us: true }, &rules, NOW)
        .unwrap()
        .next;
    let late = step(&invited, Event::Accept, &rules, lapsed).unwrap();
    assert_eq!(
        late.effects,
        [
            Effect::SeatTaken,
            Effect::Num,
            Effect::Response(Answer::Timeout)
        ]
    );
}

/// A guest, an event, and how much later it comes, in seconds.
fn evening() -> impl Strategy<Value = Vec<(usize, Event, u64)>> {
    prop::collection::vec(
        (0..8_usize, prop::sample::select(events::all()), 0..40_u64),
        1..400,
    )
}

proptest! {
    /// Eight guests, any events at any times: what the room heard is what is so.
    #[test]
    fn an_evening_keeps_the_rules(evening in evening(), admission in prop::sample::select(ADMISSIONS.to_vec())) {
        let gender = |index: usize| if index.is_multiple_of(2) { Gender::Male } else { Gender::Female };
        let mut guests: Vec<Standing> = (0..8).map(|index| Standing::out(gender(index), true)).collect();
        let mut told = [None, None];
        let mut now = NOW;
        for (who, event, later) in evening {
            now = now.after(Duration::from_secs(later));
            let taken = guests.iter().enumerate().any(|(index, guest)| {
                index != who && guest.gender == gender(who) && guest.place == Place::OnMic
            });
            guests[who].seat_taken = taken;
            let Ok(next) = step(&guests[who], event, &rules(admission), now) else { continue };
            guests[who] = next.next;
            for effect in next.effects {
                let seat = &mut told[who % 2];
                match effect {
                    Effect::SeatTaken => prop_assert_eq!(seat.replace(who), None),
                    Effect::SeatFreed => prop_assert_eq!(seat.take(), Some(who)),
                    Effect::Invite { until } => prop_assert_eq!(until, now.after(INVITATION)),
                    _ => {}
                }
            }
            if event == Event::Ended && told[who % 2] == Some(who) {
                // OVER says it for the room.
                told[who % 2] = None;
            }
            for (parity, heard) in told.iter().enumerate() {
                let seated: Vec<usize> =
                    (0..8).filter(|index| index % 2 == parity && guests[*index].place == Place::OnMic).collect();
                prop_assert_eq!(&seated, &heard.iter().copied().collect::<Vec<_>>());
            }
        }
    }
}
