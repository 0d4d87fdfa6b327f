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
    invitation_of_a_client_is_one_event,
    failed_write_is_repeated,
    events_are_written_while_comments_cannot_be,
    erasure_waits_for_what_is_being_written,
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

const TABLES: [&str; 2] = ["comments", "room_events"];

/// Gives tables other names, so that writing them fails.
async fn hide_tables(app: &TestApp, tables: &[&str]) {
    for table in tables {
        app.execute_sql(&format!("ALTER TABLE {table} RENAME TO hidden_{table}"))
            .await;
    }
}

async fn show_tables(app: &TestApp, tables: &[&str]) {
    for table in tables {
        app.execute_sql(&format!("ALTER TABLE hidden_{table} RENAME TO {table}"))
            .await;
    }
}

async fn failed_write_is_repeated(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, host } = app.open_stage().await;
    wait_for_events(&app, &live, &[(&host, RoomEventKind::Started)]).await;
    let bob = app.guest("bob", Gender::Male).await;
    for hidden in TABLES {
        hide_tables(&app, &[hidden]).await;
        bob.enter(&live).await.ok();
        comment(&app, &bob, &group).await;
        // Two rounds fail.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        show_tables(&app, &[hidden]).await;
        bob.leave(&live).await.ok();
    }
    let expected = [
        (&host, RoomEventKind::Started),
        (&bob, RoomEventKind::Entered),
        (&bob, RoomEventKind::Left),
        (&bob, RoomEventKind::Entered),
        (&bob, RoomEventKind::Left),
    ];
    wait_for_events(&app, &live, &expected).await;
    wait_until("the comments are written", || async {
        comments_of(&app, &bob).await == 2
    })
    .await;
}

async fn events_are_written_while_comments_cannot_be(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, host } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    hide_tables(&app, &["comments"]).await;
    bob.enter(&live).await.ok();
    comment(&app, &bob, &group).await;
    let expected = [
        (&host, RoomEventKind::Started),
        (&bob, RoomEventKind::Entered),
    ];
    wait_for_events(&app, &live, &expected).await;
    show_tables(&app, &["comments"]).await;
}

async fn invitation_of_a_client_is_one_event(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, host, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    // IM asks before it delivers the message, and reports it afterwards.
    for _ in 0..2 {
        let invite = json!({
            "from": host.user_id,
            "to": bob.user_id,
            "text": r#"{"type":"invite","content":{}}"#,
        });
        assert!(app.send_client_message(invite).await);
    }
    bob.accept(&live).await.ok();
    bob.leave(&live).await.ok();
    let expected = [
        (&host, RoomEventKind::Started),
        (&bob, RoomEventKind::Entered),
        (&bob, RoomEventKind::Invited),
        (&bob, RoomEventKind::Left),
    ];
    wait_for_events(&app, &live, &expected).await;
}

async fn erasure_waits_for_what_is_being_written(db: TestDb) {
    let is_postgres = db.url.starts_with("postgres");
    let app = TestApp::start(db).await;
    let Stage { live, group, host } = app.open_stage().await;
    wait_for_events(&app, &live, &[(&host, RoomEventKind::Started)]).await;
    let bob = app.guest("bob", Gender::Male).await;
    if is_postgres {
        // An insert takes a second: the erasure comes between its check and its commit.
        app.execute_sql(
            "CREATE FUNCTION wait_a_second() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_sleep(1); RETURN NEW; END $$",
        )
        .await;
        app.execute_sql(
            "CREATE TRIGGER slow BEFORE INSERT ON comments \
             FOR EACH ROW EXECUTE FUNCTION wait_a_second()",
        )
        .await;
    }
    comment(&app, &bob, &group).await;
    let rooms = &app.services.rooms;
    let erase = async |who: &str| {
        let by = qlive_tests::named_operator(who);
        rooms.erase_user(by, bob.id()).await.unwrap()
    };
    assert!(!erase("olga").await);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(erase("otto").await);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(comments_of(&app, &bob).await, 0);
}

async fn erased_people_leave_no_trace(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, host } = app.open_stage().await;
    wait_for_events(&app, &live, &[(&host, RoomEventKind::Started)]).await;
    let bob = app.guest("bob", Gender::Male).await;
    let carl = app.guest("carl", Gender::Male).await;
    hide_tables(&app, &TABLES).await;
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
    show_tables(&app, &TABLES).await;
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
