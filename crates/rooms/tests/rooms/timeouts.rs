//! What the timeout worker applies: invitations, grace periods, silence, missing streams.

use std::time::Duration;

use qlive_store::testing::TestDb;
use qlive_tencent::css::StreamEvent;
use qlive_types::{Gender, UserId};
use serde_json::json;

use crate::deliveries;
use crate::support::{TestRoom, disconnected};

qlive_store::on_both!(
    an_invitation_expires_and_the_host_is_notified,
    a_guest_who_stays_disconnected_is_out_after_the_grace_period,
    a_user_who_is_connected_again_stays,
    a_host_who_stays_disconnected_ends_the_broadcast,
    a_stopped_stream_takes_the_user_out_after_the_grace_period,
    im_is_asked_about_silent_members,
    nobody_is_taken_out_while_im_does_not_answer,
    a_seat_without_a_stream_is_freed_after_the_configured_time,
    two_workers_apply_a_timeout_once,
    a_clock_that_is_set_back_ends_what_waits,
);

async fn check(room: &TestRoom) {
    let mut worker = room.services.services.timeout_worker();
    worker.check_once().await.unwrap();
}

/// IM loses the user, and its callback arrives.
async fn disconnect(room: &TestRoom, user: UserId) {
    room.set_connected(user, false).await;
    let callback = disconnected(user, room.now());
    let handled = room.rooms().handle_im_callback(callback, false).await;
    handled.unwrap();
    let row = room.member(user).await.unwrap();
    assert!(row.im_grace_until.is_some());
}

async fn stream(room: &TestRoom, user: UserId, starts: bool, at: i64) {
    let (stream, sequence) = (user.to_string(), "push".to_owned());
    let event = if starts {
        StreamEvent::Started {
            stream,
            sequence,
            at_secs: at,
        }
    } else {
        StreamEvent::Stopped {
            stream,
            sequence,
            at_secs: at,
            started_at_secs: None,
        }
    };
    room.rooms().handle_stream_event(event).await.unwrap();
}

async fn an_invitation_expires_and_the_host_is_notified(db: TestDb) {
    let room = TestRoom::live(db).await;
    let host = room.host;
    let user = room.viewer("bob", Gender::Male).await;
    room.rooms().invite(host, room.live, user).await.unwrap();
    room.new_deliveries().await;

    room.services.advance(40);
    check(&room).await;
    assert!(room.member(user).await.unwrap().invited_until.is_some());
    room.services.advance(20);
    check(&room).await;
    check(&room).await;
    let row = room.member(user).await.unwrap();
    assert_eq!((row.state, row.invited_until), (1, None));
    room.assert_deliveries(deliveries!["response of {user} to {host}: timeout"])
        .await;
}

async fn a_guest_who_stays_disconnected_is_out_after_the_grace_period(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    room.new_deliveries().await;
    disconnect(&room, guest).await;

    room.services.advance(40);
    check(&room).await;
    assert_eq!(room.user_type(guest).await, 3);
    room.services.advance(20);
    check(&room).await;
    assert_eq!(room.user_type(guest).await, 0);
    room.assert_deliveries(deliveries!["seat freed {guest}", "num"])
        .await;
}

async fn a_user_who_is_connected_again_stays(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let streaming = room.guest_on_mic("ann", Gender::Female).await;
    room.new_deliveries().await;
    stream(&room, streaming, true, 100).await;
    disconnect(&room, guest).await;
    disconnect(&room, streaming).await;
    room.set_connected(guest, true).await;

    room.services.advance(61);
    check(&room).await;
    for (user, state) in [(guest, 3), (streaming, 4)] {
        let row = room.member(user).await.unwrap();
        assert_eq!((row.state, row.im_grace_until), (state, None));
    }
    room.assert_deliveries(deliveries![]).await;
}

async fn a_host_who_stays_disconnected_ends_the_broadcast(db: TestDb) {
    let room = TestRoom::live(db).await;
    let host = room.host;
    disconnect(&room, host).await;
    room.services.advance(170);
    check(&room).await;
    assert_eq!(room.live_rows().await, (1, 1));
    room.services.advance(11);
    check(&room).await;
    assert_eq!(room.live_rows().await, (0, 0));
    assert_eq!(room.end_reasons().await, ["host_lost"]);
    room.assert_deliveries(deliveries!["over host_lost", "drop stream {host}"])
        .await;
}

async fn a_stopped_stream_takes_the_user_out_after_the_grace_period(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    room.new_deliveries().await;
    stream(&room, guest, true, 100).await;
    stream(&room, guest, false, 101).await;
    room.services.advance(40);
    check(&room).await;
    assert_eq!(room.user_type(guest).await, 3);
    room.services.advance(20);
    check(&room).await;
    assert_eq!(room.user_type(guest).await, 0, "though IM has a connection");
    room.assert_deliveries(deliveries!["seat freed {guest}", "num"])
        .await;
}

async fn im_is_asked_about_silent_members(db: TestDb) {
    let room = TestRoom::live(db).await;
    let connected = room.viewer("bob", Gender::Male).await;
    let lost = room.viewer("ann", Gender::Female).await;
    room.set_connected(lost, false).await;
    room.services.advance(170);
    check(&room).await;
    assert_eq!(room.member(lost).await.unwrap().im_grace_until, None);

    room.services.advance(11);
    let now = room.now();
    check(&room).await;
    let row = room.member(connected).await.unwrap();
    assert!(row.im_grace_until.is_none() && row.last_active_at >= now);
    let row = room.member(lost).await.unwrap();
    assert!(row.im_grace_until.is_some() && row.last_active_at >= now);
}

async fn nobody_is_taken_out_while_im_does_not_answer(db: TestDb) {
    let room = TestRoom::live(db).await;
    let user = room.viewer("ann", Gender::Female).await;
    disconnect(&room, user).await;
    room.services.advance(61);
    let fault = json!({"path": "/v4/", "status": 500, "times": 1});
    assert!(room.services.sandbox_post("/sandbox/faults", fault).await < 300);

    let mut worker = room.services.services.timeout_worker();
    worker.check_once().await.unwrap();
    assert_eq!(room.user_type(user).await, 1);
    room.services.advance(5);
    worker.check_once().await.unwrap();
    assert_eq!(room.user_type(user).await, 0);
}

async fn a_seat_without_a_stream_is_freed_after_the_configured_time(db: TestDb) {
    let room = TestRoom::live_with(db, "applied", "server", 20).await;
    let silent = room.guest_on_mic("bob", Gender::Male).await;
    let streaming = room.guest_on_mic("ann", Gender::Female).await;
    room.new_deliveries().await;
    stream(&room, streaming, true, 100).await;
    room.services.advance(10);
    check(&room).await;
    assert_eq!(room.user_type(silent).await, 3);
    room.services.advance(10);
    check(&room).await;
    assert_eq!(room.user_type(silent).await, 1);
    assert_eq!(room.user_type(streaming).await, 4);
    room.assert_deliveries(deliveries!["seat freed {silent}", "num"])
        .await;
}

async fn two_workers_apply_a_timeout_once(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let invited = room.viewer("ann", Gender::Female).await;
    let host = room.host;
    room.rooms().invite(host, room.live, invited).await.unwrap();
    disconnect(&room, guest).await;
    room.new_deliveries().await;
    room.services.advance(61);

    let mut one = room.services.services.timeout_worker();
    let mut other = room.services.second_instance().timeout_worker();
    let (first, second) = tokio::join!(one.check_once(), other.check_once());
    first.unwrap();
    second.unwrap();
    let mut sent = room.new_deliveries().await;
    sent.sort();
    let mut expected = vec![
        "num".to_owned(),
        format!("response of {invited} to {host}: timeout"),
        format!("seat freed {guest}"),
    ];
    expected.sort();
    assert_eq!(sent, expected);
}

/// Whatever ends further ahead than it can last was begun before the clock was set back.
async fn a_clock_that_is_set_back_ends_what_waits(db: TestDb) {
    let room = TestRoom::live_with(db, "applied", "server", 20).await;
    let host = room.host;
    let disconnected = room.viewer("bob", Gender::Male).await;
    let invited = room.viewer("ann", Gender::Female).await;
    let seated = room.guest_on_mic("carl", Gender::Male).await;
    let silent = room.viewer("dan", Gender::Male).await;
    room.rooms().invite(host, room.live, invited).await.unwrap();
    disconnect(&room, disconnected).await;
    room.set_connected(silent, false).await;
    room.new_deliveries().await;
    room.services.clock.set_back(Duration::from_secs(3_600));
    check(&room).await;
    assert_eq!(room.user_type(disconnected).await, 0);
    assert_eq!(room.member(invited).await.unwrap().invited_until, None);
    assert_eq!(room.user_type(seated).await, 1, "no stream for too long");
    let row = room.member(silent).await.unwrap();
    assert!(row.im_grace_until.is_some(), "IM was asked");
    assert!(row.last_active_at <= room.now());
}
