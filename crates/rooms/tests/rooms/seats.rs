//! The mic seats: applying, taking, leaving, inviting and declining.

use qlive_rooms::{AcceptOutcome, VisitNumber};
use qlive_store::testing::TestDb;
use qlive_types::{Gender, LiveId, UserId};
use secrecy::ExposeSecret as _;

use crate::deliveries;
use crate::support::{TestRoom, outcome};

qlive_store::on_both!(
    applying_is_recorded_once,
    applying_is_refused_outside_on_stage_and_without_a_profile,
    accepting_in_mode_applied_needs_application_or_invitation,
    accepting_in_mode_invited_needs_an_invitation,
    accepting_in_mode_open_needs_nothing_until_the_host_declines,
    accepting_gives_the_seat_to_the_first,
    refusing_withdraws_the_application_and_answers_the_invitation,
    leaving_the_mic_frees_the_seat,
    kicking_off_the_mic_requires_an_invitation_from_then_on,
    leave_micro_refuses_strangers_and_wrong_genders,
    inviting_is_recorded_and_answered,
    inviting_is_refused_without_host_room_guest_or_seat,
    declining_requires_an_invitation_from_then_on,
    clients_that_send_signals_get_only_the_counts_and_freed_seats,
);

const UNKNOWN_ROOM: LiveId = LiveId::new(9_999);

fn unknown_user() -> UserId {
    UserId::new(UserId::MIN).unwrap()
}

async fn applying_is_recorded_once(db: TestDb) {
    let room = TestRoom::live(db).await;
    let user = room.viewer("bob", Gender::Male).await;
    let visit = VisitNumber::new(room.member(user).await.unwrap().visit);
    room.new_deliveries().await;
    for _ in 0..2 {
        let rooms = room.rooms();
        rooms.apply(user, room.live, Some(visit)).await.unwrap();
        assert_eq!(room.user_type(user).await, 2);
    }
    room.assert_deliveries(deliveries!["num"]).await;
}

async fn applying_is_refused_outside_on_stage_and_without_a_profile(db: TestDb) {
    let room = TestRoom::live(db).await;
    let outsider = room.outsider("outsider", Gender::Male).await;
    let guest = room.guest_on_mic("guest", Gender::Male).await;
    let incomplete = room.user_without_profile("incomplete").await;
    room.rooms().enter(incomplete, room.live).await.unwrap();
    room.new_deliveries().await;
    for (user, expected) in [
        (outsider, "NotInRoom"),
        (guest, "OnMic"),
        (room.host, "Hosting"),
        (incomplete, "ProfileIncomplete"),
    ] {
        let before = room.member(user).await;
        let refused = room.rooms().apply(user, room.live, None).await;
        assert_eq!(outcome(refused), expected);
        assert_eq!(room.member(user).await, before, "{expected}");
    }
    let late = Some(VisitNumber::new(0));
    let refused = room.rooms().apply(guest, room.live, late).await;
    assert_eq!(outcome(refused), "StaleVisit");
    room.assert_deliveries(deliveries![]).await;
}

/// What accepting comes to for a viewer, an applicant, an invited viewer, a declined applicant, and
/// one who was invited after being declined.
async fn accept_outcomes(db: TestDb, admission: &str) -> [String; 5] {
    let room = TestRoom::live_with(db, admission, "server", 0).await;
    let (host, live) = (room.host, room.live);
    let user = room.viewer("bob", Gender::Male).await;
    let mut outcomes: [String; 5] = Default::default();
    for (index, outcome_slot) in outcomes.iter_mut().enumerate() {
        let rooms = room.rooms();
        rooms.enter(user, live).await.unwrap();
        if index == 1 || index >= 3 {
            rooms.apply(user, live, None).await.unwrap();
        }
        if index >= 3 {
            rooms.decline(host, live, user).await.unwrap();
        }
        if index == 2 || index == 4 {
            rooms.invite(host, live, user).await.unwrap();
        }
        *outcome_slot = outcome(rooms.accept(user, live, None).await);
        let on_mic = room.user_type(user).await == 3;
        assert_eq!(on_mic, *outcome_slot == "Ok", "{admission} {index}");
        rooms.leave(user, live, None).await.unwrap();
    }
    outcomes
}

async fn accepting_in_mode_applied_needs_application_or_invitation(db: TestDb) {
    let expected = ["NotAdmitted", "Ok", "Ok", "NotAdmitted", "Ok"];
    assert_eq!(accept_outcomes(db, "applied").await, expected);
}

async fn accepting_in_mode_invited_needs_an_invitation(db: TestDb) {
    let expected = ["NotAdmitted", "NotAdmitted", "Ok", "NotAdmitted", "Ok"];
    assert_eq!(accept_outcomes(db, "invited").await, expected);
}

async fn accepting_in_mode_open_needs_nothing_until_the_host_declines(db: TestDb) {
    let expected = ["Ok", "Ok", "Ok", "NotAdmitted", "Ok"];
    assert_eq!(accept_outcomes(db, "open").await, expected);
}

async fn accepting_gives_the_seat_to_the_first(db: TestDb) {
    let room = TestRoom::live(db).await;
    let first = room.applicant("first", Gender::Male).await;
    let second = room.applicant("second", Gender::Male).await;
    let woman = room.applicant("woman", Gender::Female).await;
    let rooms = room.rooms();
    room.new_deliveries().await;

    let AcceptOutcome::Won {
        profile,
        push_url,
        play_url,
    } = rooms.accept(first, room.live, None).await.unwrap()
    else {
        panic!("the seat was free");
    };
    assert_eq!(profile.user, first);
    assert!(push_url.expose_secret().contains(&first.to_string()));
    assert!(play_url.contains(&first.to_string()));
    let row = room.member(first).await.unwrap();
    assert!(row.state == 3 && row.seated_at.is_some());
    room.assert_deliveries(deliveries!["seat taken {first}", "num"])
        .await;

    let lost = rooms.accept(second, room.live, None).await.unwrap();
    assert!(matches!(lost, AcceptOutcome::Lost));
    assert_eq!(room.user_type(second).await, 2, "the application stays");
    room.take_mic(first).await;
    assert_eq!(room.member(first).await.unwrap(), row);
    room.assert_deliveries(deliveries![]).await;
    room.take_mic(woman).await;
    assert_eq!(room.user_type(woman).await, 4);

    let host = rooms.accept(room.host, room.live, None).await;
    assert_eq!(outcome(host), "Hosting");
    let unknown = rooms.accept(first, UNKNOWN_ROOM, None).await;
    assert_eq!(outcome(unknown), "NotInRoom");
}

async fn refusing_withdraws_the_application_and_answers_the_invitation(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let user = room.applicant("bob", Gender::Male).await;
    let rooms = room.rooms();
    rooms.invite(host, live, user).await.unwrap();
    room.new_deliveries().await;

    let late = Some(VisitNumber::new(0));
    rooms.refuse(user, live, late).await.unwrap();
    assert_eq!(room.user_type(user).await, 2, "the call is late");
    rooms.refuse(user, live, None).await.unwrap();
    let row = room.member(user).await.unwrap();
    assert_eq!((row.state, row.invited_until), (1, None));
    room.assert_deliveries(deliveries!["num", "response of {user} to {host}: reject"])
        .await;
    rooms.refuse(user, live, None).await.unwrap();
    let outsider = room.outsider("outsider", Gender::Male).await;
    rooms.refuse(outsider, live, None).await.unwrap();
    let guest = room.guest_on_mic("guest", Gender::Male).await;
    assert_eq!(outcome(rooms.refuse(guest, live, None).await), "OnMic");
}

async fn leaving_the_mic_frees_the_seat(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let rooms = room.rooms();
    room.new_deliveries().await;

    let late = Some(VisitNumber::new(0));
    for visit in [late, None, None] {
        let left = rooms.leave_micro(guest, room.live, guest, Gender::Male, visit);
        left.await.unwrap();
        let expected = if visit.is_some() { 3 } else { 1 };
        assert_eq!(room.user_type(guest).await, expected);
    }
    assert!(!room.needs_invitation(guest).await);
    room.assert_deliveries(deliveries!["seat freed {guest}", "num"])
        .await;
}

async fn kicking_off_the_mic_requires_an_invitation_from_then_on(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let rooms = room.rooms();
    room.new_deliveries().await;

    let kick = rooms.leave_micro(host, live, guest, Gender::Male, None);
    kick.await.unwrap();
    assert_eq!(room.user_type(guest).await, 1);
    assert!(room.needs_invitation(guest).await);
    room.assert_deliveries(deliveries![
        "seat freed {guest}",
        "num",
        "kickout {guest} host",
        "drop stream {guest}",
    ])
    .await;

    rooms.leave(guest, live, None).await.unwrap();
    rooms.enter(guest, live).await.unwrap();
    rooms.apply(guest, live, None).await.unwrap();
    let refused = rooms.accept(guest, live, None).await;
    assert_eq!(outcome(refused), "NotAdmitted", "even after a new entry");
    rooms.invite(host, live, guest).await.unwrap();
    room.take_mic(guest).await;
}

async fn leave_micro_refuses_strangers_and_wrong_genders(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let other = room.viewer("other", Gender::Male).await;
    let male = Gender::Male;
    room.new_deliveries().await;
    for (caller, live, guest, gender, expected) in [
        (host, UNKNOWN_ROOM, guest, male, "UnknownRoom"),
        (other, live, guest, male, "NotHostOrGuest"),
        (host, live, guest, Gender::Female, "GenderMismatch"),
        (host, live, unknown_user(), male, "Users(UnknownUser)"),
        (host, live, other, male, "Ok"),
    ] {
        let result = room.rooms().leave_micro(caller, live, guest, gender, None);
        assert_eq!(outcome(result.await), expected);
    }
    assert_eq!(room.user_type(guest).await, 3);
    assert!(!room.needs_invitation(other).await);
    room.assert_deliveries(deliveries![]).await;
}

async fn inviting_is_recorded_and_answered(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let user = room.viewer("bob", Gender::Male).await;
    room.new_deliveries().await;

    let ttl = room.rooms().invite(host, live, user).await.unwrap();
    assert_eq!(ttl.as_secs(), 60);
    let row = room.member(user).await.unwrap();
    let remaining = row.invited_until.unwrap() - room.now();
    assert!((50_000..=60_000).contains(&remaining));
    assert!(row.invited_by_us);
    room.assert_deliveries(deliveries!["invite {user}"]).await;

    room.take_mic(user).await;
    let row = room.member(user).await.unwrap();
    assert_eq!((row.state, row.invited_until), (3, None));
    room.assert_deliveries(deliveries![
        "seat taken {user}",
        "num",
        "response of {user} to {host}: accept",
    ])
    .await;
}

async fn inviting_is_refused_without_host_room_guest_or_seat(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let (host, live) = (room.host, room.live);
    let outsider = room.outsider("outsider", Gender::Male).await;
    let idle = room.rooms().invite(host, live, outsider).await;
    assert_eq!(outcome(idle), "NotLive");

    room.start_broadcast().await;
    let guest = room.guest_on_mic("guest", Gender::Male).await;
    let viewer = room.viewer("viewer", Gender::Male).await;
    room.new_deliveries().await;
    for (caller, live, guest, expected) in [
        (host, UNKNOWN_ROOM, viewer, "UnknownRoom"),
        (viewer, live, viewer, "NotHost"),
        (host, live, unknown_user(), "Users(UnknownUser)"),
        (host, live, outsider, "NotInRoom"),
        (host, live, guest, "OnMic"),
        (host, live, host, "Hosting"),
        (host, live, viewer, "SeatOccupied"),
    ] {
        let refused = room.rooms().invite(caller, live, guest).await;
        assert_eq!(outcome(refused), expected);
    }
    assert_eq!(room.member(viewer).await.unwrap().invited_until, None);
    room.assert_deliveries(deliveries![]).await;
}

async fn declining_requires_an_invitation_from_then_on(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let applicant = room.applicant("applicant", Gender::Male).await;
    let viewer = room.viewer("viewer", Gender::Male).await;
    let outsider = room.outsider("outsider", Gender::Male).await;
    let rooms = room.rooms();
    room.new_deliveries().await;

    for user in [applicant, applicant, viewer, outsider] {
        rooms.decline(host, live, user).await.unwrap();
    }
    assert_eq!(room.user_type(applicant).await, 1);
    assert!(room.needs_invitation(applicant).await);
    assert!(!room.needs_invitation(viewer).await);
    room.assert_deliveries(deliveries!["num"]).await;

    let refused = rooms.decline(viewer, live, applicant).await;
    assert_eq!(outcome(refused), "NotHost");
    let refused = rooms.decline(host, UNKNOWN_ROOM, applicant).await;
    assert_eq!(outcome(refused), "UnknownRoom");
    let refused = rooms.decline(host, live, unknown_user()).await;
    assert_eq!(outcome(refused), "Users(UnknownUser)");
    rooms.end(host, live, None).await.unwrap();
    let refused = rooms.decline(host, live, applicant).await;
    assert_eq!(outcome(refused), "NotLive");
}

async fn clients_that_send_signals_get_only_the_counts_and_freed_seats(db: TestDb) {
    let room = TestRoom::live_with(db, "applied", "client", 0).await;
    let (host, live) = (room.host, room.live);
    let user = room.viewer("bob", Gender::Male).await;
    let rooms = room.rooms();
    room.new_deliveries().await;

    rooms.invite(host, live, user).await.unwrap();
    room.assert_deliveries(deliveries![]).await;
    room.take_mic(user).await;
    room.assert_deliveries(deliveries!["num"]).await;
    let kick = rooms.leave_micro(host, live, user, Gender::Male, None);
    kick.await.unwrap();
    room.assert_deliveries(deliveries![
        "seat freed {user}",
        "num",
        "drop stream {user}",
    ])
    .await;
}
