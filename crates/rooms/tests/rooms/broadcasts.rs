//! Starting and ending a broadcast, entering and leaving its room.

use qlive_rooms::{MatchmakerEnterOutcome, VisitNumber};
use qlive_store::testing::TestDb;
use qlive_types::{Gender, LiveId};
use secrecy::ExposeSecret as _;

use crate::deliveries;
use crate::support::{TestRoom, enter_as_host, make_room_ready, outcome};

qlive_store::on_both!(
    matchmaker_enter_starts_a_broadcast_and_resumes_it,
    matchmaker_enter_refuses_other_users_and_rooms_without_a_group,
    matchmaker_enter_leaves_the_room_that_the_host_watches,
    entering_adds_a_viewer_and_keeps_the_place_of_a_member,
    entering_another_room_leaves_the_first,
    entering_refuses_unknown_and_idle_rooms_and_hosts,
    leaving_removes_the_member_unless_the_call_is_late,
    the_host_leaving_ends_the_broadcast,
    logging_out_leaves_and_hiding_starts_the_grace_period,
    ending_removes_everyone_and_cuts_the_streams_on_stage,
    ending_refuses_others_and_ignores_late_calls,
);

async fn matchmaker_enter_starts_a_broadcast_and_resumes_it(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let host = room.host;
    let entered = room.rooms().matchmaker_enter(host).await.unwrap();
    let MatchmakerEnterOutcome::Live {
        live,
        group,
        profile,
        push_url,
        play_url,
        visit,
    } = entered
    else {
        panic!("the matchmaker is not banned");
    };
    assert_eq!((live, profile.user), (room.live, host));
    assert_eq!(group, room.group_name().await);
    assert!(push_url.expose_secret().contains(&host.to_string()));
    assert!(play_url.contains(&host.to_string()));
    let row = room.member(host).await.unwrap();
    assert_eq!((row.state, row.visit), (5, visit.get()));
    assert_eq!(room.live_rows().await, (1, 1));

    assert_eq!(room.start_broadcast().await, visit, "the visit goes on");
    assert_eq!(room.member(host).await.unwrap(), row);
    room.assert_deliveries(deliveries![]).await;
}

async fn matchmaker_enter_refuses_other_users_and_rooms_without_a_group(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let guest = room.outsider("guest", Gender::Male).await;
    let without_group = room.services.matchmaker("second").await;
    let by = room.services.operator();
    room.rooms().ban(by, room.host).await.unwrap();

    assert!(matches!(
        room.rooms().matchmaker_enter(room.host).await,
        Ok(MatchmakerEnterOutcome::Banned)
    ));
    let refused = room.rooms().matchmaker_enter(guest).await;
    assert_eq!(outcome(refused), "NotMatchmaker");
    let refused = room.rooms().matchmaker_enter(without_group).await;
    assert_eq!(outcome(refused), "RoomNotReady");
    assert_eq!(room.live_rows().await, (0, 0));
}

async fn matchmaker_enter_leaves_the_room_that_the_host_watches(db: TestDb) {
    let room = TestRoom::live(db).await;
    let second = room.services.matchmaker("second").await;
    let second_live = make_room_ready(&room.services, second).await;
    room.rooms().enter(second, room.live).await.unwrap();
    room.new_deliveries().await;

    enter_as_host(room.rooms(), second).await;
    let row = room.member(second).await.unwrap();
    assert_eq!((row.room_id, row.state), (second_live.get(), 5));
    room.assert_deliveries(deliveries!["num"]).await;
}

async fn entering_adds_a_viewer_and_keeps_the_place_of_a_member(db: TestDb) {
    let room = TestRoom::live(db).await;
    let user = room.outsider("ann", Gender::Female).await;
    room.new_deliveries().await;

    let stage = room.rooms().enter(user, room.live).await.unwrap();
    assert_eq!((stage.user_type, stage.num_list), (1, [0, 0, 0, 1]));
    assert_eq!(stage.owner.unwrap().user, room.host);
    assert!(stage.push_url.is_none());
    let row = room.member(user).await.unwrap();
    assert_eq!((row.state, row.visit), (1, stage.visit.get()));
    room.assert_deliveries(deliveries!["num"]).await;

    room.rooms().apply(user, room.live, None).await.unwrap();
    room.new_deliveries().await;
    let again = room.rooms().enter(user, room.live).await.unwrap();
    assert_eq!((again.user_type, again.visit), (2, stage.visit));
    assert_eq!(room.visits(user).await, 1);
    room.assert_deliveries(deliveries![]).await;
}

async fn entering_another_room_leaves_the_first(db: TestDb) {
    let room = TestRoom::live(db).await;
    let second = room.services.matchmaker("second").await;
    let second_live = make_room_ready(&room.services, second).await;
    enter_as_host(room.rooms(), second).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    room.new_deliveries().await;

    room.rooms().enter(guest, second_live).await.unwrap();
    let row = room.member(guest).await.unwrap();
    let expected = (second_live.get(), 1, 2);
    assert_eq!((row.room_id, row.state, row.visit), expected);
    room.assert_deliveries(deliveries!["seat freed {guest}", "num", "num"])
        .await;
}

async fn entering_refuses_unknown_and_idle_rooms_and_hosts(db: TestDb) {
    let room = TestRoom::live(db).await;
    let second = room.services.matchmaker("second").await;
    let idle = make_room_ready(&room.services, second).await;
    let user = room.outsider("ann", Gender::Female).await;
    let rooms = room.rooms();

    let unknown = rooms.enter(user, LiveId::new(9_999)).await;
    assert_eq!(outcome(unknown), "UnknownRoom");
    assert_eq!(outcome(rooms.enter(user, idle).await), "NotLive");
    enter_as_host(rooms, second).await;
    assert_eq!(outcome(rooms.enter(second, room.live).await), "Hosting");
    let by = room.services.operator();
    rooms.ban(by, user).await.unwrap();
    assert_eq!(outcome(rooms.enter(user, room.live).await), "Banned");
    assert!(room.member(user).await.is_none());
}

async fn leaving_removes_the_member_unless_the_call_is_late(db: TestDb) {
    let room = TestRoom::live(db).await;
    let user = room.viewer("ann", Gender::Female).await;
    let rooms = room.rooms();
    rooms.leave(user, room.live, None).await.unwrap();
    assert!(room.member(user).await.is_none());
    rooms.leave(user, room.live, None).await.unwrap();

    let visit = rooms.enter(user, room.live).await.unwrap().visit;
    room.new_deliveries().await;
    let earlier = Some(VisitNumber::new(visit.get() - 1));
    rooms.leave(user, room.live, earlier).await.unwrap();
    rooms.leave(user, LiveId::new(9_999), None).await.unwrap();
    assert_eq!(
        room.user_type(user).await,
        1,
        "neither call is about this visit"
    );
    rooms.leave(user, room.live, Some(visit)).await.unwrap();
    assert!(room.member(user).await.is_none());
    room.assert_deliveries(deliveries!["num"]).await;
}

async fn the_host_leaving_ends_the_broadcast(db: TestDb) {
    let room = TestRoom::live(db).await;
    let host = room.host;
    room.viewer("ann", Gender::Female).await;
    room.new_deliveries().await;

    room.rooms().leave(host, room.live, None).await.unwrap();
    assert_eq!(room.live_rows().await, (0, 0));
    assert_eq!(room.end_reasons().await, ["host_left"]);
    room.assert_deliveries(deliveries!["over host_left", "drop stream {host}"])
        .await;
}

async fn logging_out_leaves_and_hiding_starts_the_grace_period(db: TestDb) {
    let room = TestRoom::live(db).await;
    let user = room.viewer("ann", Gender::Female).await;
    let visit = VisitNumber::new(room.member(user).await.unwrap().visit);
    let rooms = room.rooms();
    room.new_deliveries().await;

    let earlier = Some(VisitNumber::new(visit.get() - 1));
    rooms.log_out(user, earlier, false).await.unwrap();
    assert_eq!(room.user_type(user).await, 1, "the call is late");
    rooms.log_out(user, Some(visit), true).await.unwrap();
    let grace = room.member(user).await.unwrap().im_grace_until.unwrap();
    assert!((grace - room.now()).abs() <= 60_000);
    room.assert_deliveries(deliveries![]).await;
    rooms.log_out(user, Some(visit), false).await.unwrap();
    assert!(room.member(user).await.is_none());
    room.assert_deliveries(deliveries!["num"]).await;
    rooms.log_out(user, None, false).await.unwrap();
}

async fn ending_removes_everyone_and_cuts_the_streams_on_stage(db: TestDb) {
    let room = TestRoom::live(db).await;
    let (host, live) = (room.host, room.live);
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let user = room.viewer("ann", Gender::Female).await;
    room.rooms().apply(user, live, None).await.unwrap();
    room.rooms().decline(host, live, user).await.unwrap();
    assert!(room.needs_invitation(user).await);
    room.new_deliveries().await;

    room.rooms().end(host, live, None).await.unwrap();
    assert_eq!(room.live_rows().await, (0, 0));
    assert!(!room.needs_invitation(user).await);
    assert_eq!(room.end_reasons().await, ["ended"]);
    let mut sent = room.new_deliveries().await;
    assert_eq!(sent.remove(0), "over ended");
    sent.sort();
    let mut cuts = [
        format!("drop stream {host}"),
        format!("drop stream {guest}"),
    ];
    cuts.sort();
    assert_eq!(sent, cuts);

    room.rooms().end(host, live, None).await.unwrap();
    assert_eq!(
        room.end_reasons().await,
        ["ended"],
        "a second end does nothing"
    );
}

async fn ending_refuses_others_and_ignores_late_calls(db: TestDb) {
    let room = TestRoom::idle(db).await;
    let first = room.start_broadcast().await;
    let rooms = room.rooms();
    let user = room.viewer("ann", Gender::Female).await;
    assert_eq!(outcome(rooms.end(user, room.live, None).await), "NotHost");
    let unknown = rooms.end(room.host, LiveId::new(9_999), None).await;
    assert_eq!(outcome(unknown), "UnknownRoom");

    rooms.end(room.host, room.live, Some(first)).await.unwrap();
    let second = room.start_broadcast().await;
    assert!(second > first);
    rooms.end(room.host, room.live, Some(first)).await.unwrap();
    assert_eq!(room.live_rows().await, (1, 1), "the late call ends nothing");
    rooms.end(room.host, room.live, Some(second)).await.unwrap();
    assert_eq!(room.end_reasons().await, ["ended", "ended"]);
}
