//! What users did in rooms, as operators see it.

use std::time::Duration;

use qlive_rooms::{CommentFilter, RoomEventFilter, RoomEventKind};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient, wait_until};
use qlive_types::{Gender, LiveId};
use serde_json::{Value, json};

on_both!(
    events_tell_what_users_did,
    events_tell_who_was_lost,
    failed_write_is_repeated,
    erased_people_leave_no_trace,
);

/// Who did what in a room, the first first.
async fn events(app: &TestApp, live: &Value) -> Vec<(i64, RoomEventKind)> {
    let room = RoomEventFilter::Room(LiveId::new(live.as_i64().unwrap()));
    let found = app.services.rooms.room_events(room, None).await.unwrap();
    let in_order = found.into_iter().rev();
    in_order
        .map(|event| (event.user.get(), event.kind))
        .collect()
}

async fn wait_for_events(app: &TestApp, live: &Value, expected: &[(&TestClient, RoomEventKind)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(user, kind)| (user.id().get(), *kind))
        .collect();
    wait_until("the events are written", || async {
        events(app, live).await.len() >= expected.len()
    })
    .await;
    assert_eq!(events(app, live).await, expected);
}

async fn events_tell_what_users_did(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, host, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    bob.enter(&live).await.ok();
    // What is done twice happens once.
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    bob.apply(&live).await.ok();
    host.decline(&live, &bob).await.ok();
    bob.apply(&live).await.ok();
    bob.refuse(&live).await.ok();
    host.invite(&live, &bob).await.ok();
    bob.accept(&live).await.ok();
    host.leave_mic(&live, &bob, Gender::Male).await.ok();
    bob.leave(&live).await.ok();
    let expected = [
        (&host, RoomEventKind::Started),
        (&bob, RoomEventKind::Entered),
        (&bob, RoomEventKind::Applied),
        (&bob, RoomEventKind::Declined),
        (&bob, RoomEventKind::Applied),
        (&bob, RoomEventKind::Withdrew),
        (&bob, RoomEventKind::Invited),
        (&bob, RoomEventKind::PutOffMic),
        (&bob, RoomEventKind::Left),
    ];
    wait_for_events(&app, &live, &expected).await;
    app.clock.advance(Duration::from_secs(7 * 86_400 + 1));
    wait_until("they are deleted", || async {
        events(&app, &live).await.is_empty()
    })
    .await;
}

async fn events_tell_who_was_lost(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, host, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let alice = app.viewer(&live, "alice", Gender::Female).await;
    app.ban(alice.id()).await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    app.wait_and_advance("bob is out", || async {
        events(&app, &live).await.last().map(|(user, _)| *user) == Some(bob.id().get())
            && events(&app, &live).await.len() == 5
    })
    .await;
    let expected = [
        (&host, RoomEventKind::Started),
        (&bob, RoomEventKind::Entered),
        (&alice, RoomEventKind::Entered),
        (&alice, RoomEventKind::Banned),
        (&bob, RoomEventKind::Lost),
    ];
    wait_for_events(&app, &live, &expected).await;
}

/// Sends a comment as IM delivers it.
async fn comment(app: &TestApp, from: &TestClient, group: &str) {
    let text = json!({"type": "message", "content": "hello"}).to_string();
    let message = json!({"from": from.user_id, "group": group, "text": text});
    assert!(app.send_client_message(message).await);
}

async fn comments_of(app: &TestApp, user: &TestClient) -> usize {
    let of_user = CommentFilter::User(user.id());
    let found = app.services.rooms.comments(of_user, None).await;
    found.unwrap().len()
}

/// Gives the tables of comments and events other names, so that writing them fails.
async fn hide_tables(app: &TestApp) {
    for table in ["comments", "room_events"] {
        app.execute_sql(&format!("ALTER TABLE {table} RENAME TO hidden_{table}"))
            .await;
    }
}

async fn show_tables(app: &TestApp) {
    for table in ["comments", "room_events"] {
        app.execute_sql(&format!("ALTER TABLE hidden_{table} RENAME TO {table}"))
            .await;
    }
}

async fn failed_write_is_repeated(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, host } = app.open_stage().await;
    wait_for_events(&app, &live, &[(&host, RoomEventKind::Started)]).await;
    let bob = app.guest("bob", Gender::Male).await;
    hide_tables(&app).await;
    bob.enter(&live).await.ok();
    comment(&app, &bob, &group).await;
    // Two rounds fail.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    show_tables(&app).await;
    let expected = [
        (&host, RoomEventKind::Started),
        (&bob, RoomEventKind::Entered),
    ];
    wait_for_events(&app, &live, &expected).await;
    wait_until("the comment is written", || async {
        comments_of(&app, &bob).await == 1
    })
    .await;
}

async fn erased_people_leave_no_trace(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, host } = app.open_stage().await;
    wait_for_events(&app, &live, &[(&host, RoomEventKind::Started)]).await;
    let bob = app.guest("bob", Gender::Male).await;
    let carl = app.guest("carl", Gender::Male).await;
    hide_tables(&app).await;
    for guest in [&bob, &carl] {
        guest.enter(&live).await.ok();
        comment(&app, guest, &group).await;
    }
    // As if another instance had erased bob while these waited here.
    app.execute_sql(&format!(
        "UPDATE users SET erased_at = 1 WHERE id = {}",
        bob.user_id
    ))
    .await;
    show_tables(&app).await;
    let expected = [
        (&host, RoomEventKind::Started),
        (&carl, RoomEventKind::Entered),
    ];
    wait_for_events(&app, &live, &expected).await;
    wait_until("the comment of carl is written", || async {
        comments_of(&app, &carl).await == 1
    })
    .await;
    assert_eq!(comments_of(&app, &bob).await, 0);
}
