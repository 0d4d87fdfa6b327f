//! Events of CSS: streams that start and stop, in time and late, and screenshots.

use diesel::prelude::*;
use qlive_store::schema::rooms;
use qlive_store::testing::TestDb;
use qlive_tencent::css::StreamEvent;
use qlive_types::{Gender, UserId};

use crate::deliveries;
use crate::support::TestRoom;

qlive_store::on_both!(
    a_stop_starts_a_grace_period_and_a_new_push_ends_it,
    a_stream_of_a_user_who_is_not_on_stage_is_cut,
    repeated_late_and_foreign_events_change_nothing,
    a_stop_that_overtakes_its_start_makes_the_start_late,
    a_stop_without_a_sequence_ends_the_push_that_started_then,
    a_stop_without_sequence_and_length_ends_the_earliest_open_push,
    a_restart_without_a_sequence_ends_the_grace_period,
    a_screenshot_becomes_the_cover_of_the_host_s_room,
);

async fn start(room: &TestRoom, user: UserId, sequence: &str, at: i64) {
    let event = StreamEvent::Started {
        stream: user.to_string(),
        sequence: sequence.into(),
        at_secs: at,
    };
    room.rooms().handle_stream_event(event).await.unwrap();
}

async fn stop(room: &TestRoom, user: UserId, sequence: &str, at: i64) {
    stop_of_start(room, user, sequence, at, None).await;
}

/// A stop that tells when the push started.
async fn stop_of_start(
    room: &TestRoom,
    user: UserId,
    sequence: &str,
    at: i64,
    started_at_secs: Option<i64>,
) {
    let event = StreamEvent::Stopped {
        stream: user.to_string(),
        sequence: sequence.into(),
        at_secs: at,
        started_at_secs,
    };
    room.rooms().handle_stream_event(event).await.unwrap();
}

async fn has_stream_grace(room: &TestRoom, user: UserId) -> bool {
    let row = room.member(user).await.unwrap();
    row.stream_grace_until.is_some()
}

async fn a_stop_starts_a_grace_period_and_a_new_push_ends_it(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    room.new_deliveries().await;
    for user in [guest, room.host] {
        start(&room, user, "push 1", 100).await;
        let row = room.member(user).await.unwrap();
        assert_eq!(row.stream_sequence.as_deref(), Some("push 1"));
        assert_eq!(row.stream_grace_until, None);
        stop(&room, user, "push 1", 101).await;
        assert!(has_stream_grace(&room, user).await);
        start(&room, user, "push 2", 102).await;
        assert!(!has_stream_grace(&room, user).await);
    }
    room.assert_deliveries(deliveries![]).await;
}

async fn a_stream_of_a_user_who_is_not_on_stage_is_cut(db: TestDb) {
    let room = TestRoom::live(db).await;
    let viewer = room.viewer("ann", Gender::Female).await;
    let outsider = room.outsider("outsider", Gender::Male).await;
    room.new_deliveries().await;

    start(&room, viewer, "push 1", 100).await;
    start(&room, outsider, "push 2", 100).await;
    stop(&room, viewer, "push 1", 101).await;
    stop(&room, outsider, "push 2", 101).await;
    room.assert_deliveries(deliveries![
        "drop stream {viewer}",
        "drop stream {outsider}",
    ])
    .await;
    assert!(!has_stream_grace(&room, viewer).await);
}

async fn repeated_late_and_foreign_events_change_nothing(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    room.new_deliveries().await;
    start(&room, guest, "push 1", 100).await;
    stop(&room, guest, "push 0", 100).await;
    assert!(
        !has_stream_grace(&room, guest).await,
        "another push stopped"
    );
    stop(&room, guest, "push 1", 99).await;
    assert!(!has_stream_grace(&room, guest).await, "the stop is late");
    stop(&room, guest, "push 1", 101).await;
    start(&room, guest, "push 1", 102).await;
    assert!(
        has_stream_grace(&room, guest).await,
        "the start is repeated"
    );

    for event in [
        StreamEvent::Started {
            stream: "not a user".into(),
            sequence: "push".into(),
            at_secs: 200,
        },
        StreamEvent::Unhandled(999),
    ] {
        room.rooms().handle_stream_event(event).await.unwrap();
    }
    room.assert_deliveries(deliveries![]).await;
}

async fn a_stop_that_overtakes_its_start_makes_the_start_late(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    stop(&room, guest, "push 1", 101).await;
    start(&room, guest, "push 1", 100).await;
    let row = room.member(guest).await.unwrap();
    assert_eq!(row.stream_sequence, None, "the push does not run");
}

async fn a_stop_without_a_sequence_ends_the_push_that_started_then(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    start(&room, guest, "", 100).await;
    start(&room, guest, "", 105).await;
    stop_of_start(&room, guest, "", 106, Some(100)).await;
    assert!(!has_stream_grace(&room, guest).await, "the first push");
    stop_of_start(&room, guest, "", 107, Some(100)).await;
    assert!(!has_stream_grace(&room, guest).await, "the repeated stop");
    stop_of_start(&room, guest, "", 108, Some(104)).await;
    assert!(has_stream_grace(&room, guest).await, "the second push");
    // Only one of the two events has a sequence.
    start(&room, guest, "push 3", 200).await;
    stop_of_start(&room, guest, "", 201, Some(105)).await;
    assert!(!has_stream_grace(&room, guest).await, "an earlier push");
    stop_of_start(&room, guest, "", 210, Some(200)).await;
    assert!(has_stream_grace(&room, guest).await, "the third push");
}

async fn a_stop_without_sequence_and_length_ends_the_earliest_open_push(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    for at in [100, 100, 102, 104] {
        // The start at 100 is repeated.
        start(&room, guest, "", at).await;
    }
    for at in [103, 106] {
        // The first is older than the newest start, the second is not.
        stop(&room, guest, "", at).await;
        assert!(!has_stream_grace(&room, guest).await, "at {at}");
    }
    stop(&room, guest, "", 107).await;
    assert!(has_stream_grace(&room, guest).await, "the last push");
}

async fn a_restart_without_a_sequence_ends_the_grace_period(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    // Also within one second, and without any times.
    for at in [100, 100, 101, 0, 0] {
        start(&room, guest, "", at).await;
        assert!(!has_stream_grace(&room, guest).await, "start at {at}");
        stop(&room, guest, "", at).await;
        assert!(has_stream_grace(&room, guest).await, "stop at {at}");
    }
}

async fn a_screenshot_becomes_the_cover_of_the_host_s_room(db: TestDb) {
    let room = TestRoom::live(db).await;
    let guest = room.guest_on_mic("bob", Gender::Male).await;
    let live = room.live;
    let long = format!("https://img.example/{}", "x".repeat(512));
    for (user, url) in [
        (room.host, "https://img.example/cover.jpg"),
        (guest, "https://img.example/guest.jpg"),
        (room.host, "javascript:alert(1)"),
        (room.host, "http://10.0.0.1/cover.jpg"),
        (room.host, "https://img.example/\"cover.jpg"),
        (room.host, &long),
    ] {
        let event = StreamEvent::Screenshot {
            stream: user.to_string(),
            url: url.into(),
        };
        room.rooms().handle_stream_event(event).await.unwrap();
        let cover: String = room
            .read(move |conn| {
                Ok(rooms::table
                    .find(live.get())
                    .select(rooms::cover)
                    .get_result(conn)?)
            })
            .await;
        assert_eq!(cover, "https://img.example/cover.jpg", "after {url}");
    }
}
