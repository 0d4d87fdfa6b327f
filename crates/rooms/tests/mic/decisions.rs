//! Single decisions to the letter: who becomes what, with every field, and who hears of it.

use std::time::Duration;

use qlive_rooms::mic::{
    Admission, Answer, Effect, Event, INVITATION, Invitation, Place, Refusal, Rules, Standing,
    Step, step,
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

fn at(place: Place) -> Standing {
    Standing {
        place,
        ..Standing::out(Gender::Male, true)
    }
}

fn invited(place: Place, until: Moment, by_us: bool) -> Standing {
    Standing {
        invitation: Some(Invitation { until, by_us }),
        ..at(place)
    }
}

fn play(state: Standing, event: Event) -> Result<Step, Refusal> {
    step(&state, event, &RULES, NOW)
}

#[track_caller]
fn becomes(state: Standing, event: Event, next: Standing, effects: &[Effect]) {
    assert_eq!(
        play(state, event),
        Ok(Step {
            next,
            effects: effects.to_vec()
        }),
        "{event:?}"
    );
}

#[track_caller]
fn stays(state: Standing, event: Event) {
    becomes(state, event, state, &[]);
}

#[test]
fn who_applies_must_be_somebody() {
    let nameless = |place| Standing {
        ready: false,
        ..at(place)
    };
    for place in [Place::Watching, Place::Applied] {
        assert_eq!(
            play(nameless(place), Event::Apply),
            Err(Refusal::ProfileIncomplete)
        );
    }
    becomes(
        at(Place::Watching),
        Event::Apply,
        at(Place::Applied),
        &[Effect::Num],
    );
    stays(at(Place::Applied), Event::Apply);
    becomes(
        at(Place::Out),
        Event::Enter,
        at(Place::Watching),
        &[Effect::Num],
    );
}

#[test]
fn the_mic_uses_an_invitation_up() {
    let open = invited(Place::Watching, FUTURE, true);
    let told = [
        Effect::SeatTaken,
        Effect::Num,
        Effect::Response(Answer::Accept),
    ];
    becomes(open, Event::Accept, at(Place::OnMic), &told);
    assert_eq!(
        play(invited(Place::Watching, NOW, true), Event::Accept),
        Err(Refusal::NotAdmitted),
        "it ends on time"
    );
}

#[test]
fn refusing_withdraws_application_and_invitation() {
    becomes(
        at(Place::Applied),
        Event::Refuse,
        at(Place::Watching),
        &[Effect::Num],
    );
    stays(at(Place::Watching), Event::Refuse);
    let told = [Effect::Num, Effect::Response(Answer::Reject)];
    for place in [Place::Watching, Place::Applied] {
        becomes(
            invited(place, FUTURE, true),
            Event::Refuse,
            at(Place::Watching),
            &told,
        );
    }
}

#[test]
fn whoever_is_put_down_or_declined_needs_an_invitation() {
    let seated = Standing {
        pushing: true,
        stream_grace: Some(FUTURE),
        im_grace: Some(FUTURE),
        ..at(Place::OnMic)
    };
    let down = Standing {
        barred: true,
        im_grace: Some(FUTURE),
        ..at(Place::Watching)
    };
    becomes(
        seated,
        Event::PutDown,
        down,
        &[
            Effect::SeatFreed,
            Effect::Num,
            Effect::Kickout,
            Effect::CutStream,
        ],
    );
    let off = Standing {
        barred: false,
        ..down
    };
    becomes(
        seated,
        Event::LeaveMic,
        off,
        &[Effect::SeatFreed, Effect::Num],
    );
    let declined = Standing {
        barred: true,
        ..at(Place::Watching)
    };
    becomes(
        invited(Place::Applied, FUTURE, true),
        Event::Decline,
        declined,
        &[Effect::Num],
    );
}

#[test]
fn an_invitation_needs_a_free_seat_and_stays_ours_while_open() {
    let full = Standing {
        seat_taken: true,
        ..at(Place::Watching)
    };
    assert_eq!(
        play(full, Event::Invite { by_us: true }),
        Err(Refusal::SeatTaken)
    );
    let until = NOW.after(INVITATION);
    for (before, by_us, ours) in [
        (at(Place::Watching), true, true),
        (at(Place::Watching), false, false),
        (invited(Place::Watching, FUTURE, true), false, true),
        (invited(Place::Watching, FUTURE, false), false, false),
        (invited(Place::Watching, NOW, true), false, false),
        (invited(Place::Watching, PAST, true), false, false),
    ] {
        let told: &[Effect] = if by_us {
            &[Effect::Invite { until }]
        } else {
            &[]
        };
        becomes(
            before,
            Event::Invite { by_us },
            invited(Place::Watching, until, ours),
            told,
        );
    }
}

#[test]
fn an_invitation_lapses_when_its_time_is_over() {
    stays(invited(Place::Watching, FUTURE, true), Event::InvitationDue);
    for until in [NOW, PAST] {
        let told = [Effect::Response(Answer::Timeout)];
        becomes(
            invited(Place::Watching, until, true),
            Event::InvitationDue,
            at(Place::Watching),
            &told,
        );
        becomes(
            invited(Place::Watching, until, false),
            Event::InvitationDue,
            at(Place::Watching),
            &[],
        );
    }
}

#[test]
fn a_stream_that_starts_ends_graces_and_one_that_stops_begins_one() {
    let lost = Standing {
        im_grace: Some(FUTURE),
        stream_grace: Some(FUTURE),
        ..at(Place::OnMic)
    };
    let pushing = Standing {
        pushing: true,
        ..at(Place::OnMic)
    };
    becomes(lost, Event::StreamStarted, pushing, &[]);
    let stopped = Standing {
        stream_grace: Some(NOW.after(RULES.guest_grace)),
        ..at(Place::OnMic)
    };
    becomes(pushing, Event::StreamStopped, stopped, &[]);
    stays(at(Place::OnMic), Event::StreamStopped);
    becomes(
        at(Place::Watching),
        Event::StreamStarted,
        at(Place::Watching),
        &[Effect::CutStream],
    );
}

#[test]
fn a_seat_is_freed_for_want_of_a_stream_only_when_there_is_none_and_none_is_awaited() {
    becomes(
        at(Place::OnMic),
        Event::StreamMissing,
        at(Place::Watching),
        &[Effect::SeatFreed, Effect::Num],
    );
    stays(
        Standing {
            pushing: true,
            ..at(Place::OnMic)
        },
        Event::StreamMissing,
    );
    stays(
        Standing {
            stream_grace: Some(FUTURE),
            ..at(Place::OnMic)
        },
        Event::StreamMissing,
    );
    stays(at(Place::Hosting), Event::StreamMissing);
}

#[test]
fn leaving_keeps_only_what_the_room_remembers() {
    let seated = Standing {
        barred: true,
        seat_taken: true,
        pushing: true,
        ..at(Place::OnMic)
    };
    let gone = Standing {
        barred: true,
        seat_taken: true,
        ..at(Place::Out)
    };
    becomes(
        seated,
        Event::Leave,
        gone,
        &[Effect::SeatFreed, Effect::Num],
    );
}

#[test]
fn a_gender_changes_only_while_no_seat_hangs_on_it() {
    for (state, may) in [
        (at(Place::Out), true),
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
