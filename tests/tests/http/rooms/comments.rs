//! Comments: forbidden words, and what operators see.

use std::time::Duration;

use qlive_rooms::{CommentFilter, ScreenshotFilter};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient, named_operator, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    comment_with_a_forbidden_word_is_refused_and_waits_for_an_operator,
    comments_are_kept_for_some_days,
    judged_screenshot_waits_for_an_operator_and_is_no_cover,
    private_message_with_a_forbidden_word_is_refused_and_not_kept,
);

async fn comment(app: &TestApp, from: &TestClient, group: &str, text: &str) -> bool {
    app.send_client_message(json!({
        "from": from.user_id,
        "group": group,
        "text": json!({"type": "message", "content": text}).to_string(),
    }))
    .await
}

async fn texts(app: &TestApp, filter: CommentFilter) -> Vec<(String, String)> {
    let found = app.services.rooms.comments(filter, None).await.unwrap();
    found
        .into_iter()
        .map(|comment| (comment.text, comment.word.unwrap_or_default()))
        .collect()
}

async fn comment_with_a_forbidden_word_is_refused_and_waits_for_an_operator(db: TestDb) {
    let app = TestApp::start(db).await;
    app.set_config("FORBIDDEN_WORDS", r#"["加微信"]"#).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    app.advance(2);
    assert!(comment(&app, &bob, &group, "祝福你们").await);
    assert!(!comment(&app, &bob, &group, "加 微 信 abc").await);
    let refused = ("加 微 信 abc".to_owned(), "加微信".to_owned());
    wait_until("both are written", || async {
        texts(&app, CommentFilter::User(bob.id())).await.len() == 2
    })
    .await;
    let open = texts(&app, CommentFilter::Open).await;
    assert_eq!(open.as_slice(), std::slice::from_ref(&refused));
    let room = qlive_types::LiveId::new(live.as_i64().unwrap());
    let of_room = texts(&app, CommentFilter::Room(room)).await;
    assert_eq!(of_room, [refused, ("祝福你们".to_owned(), String::new())]);
    let rooms = &app.services.rooms;
    let id = rooms.comments(CommentFilter::Open, None).await.unwrap()[0].id;
    rooms
        .close_comments(named_operator("olga"), vec![id])
        .await
        .unwrap();
    assert_eq!(texts(&app, CommentFilter::Open).await, []);
    assert!(
        rooms
            .close_comments(named_operator("otto"), vec![id])
            .await
            .is_err()
    );
}

async fn comments_are_kept_for_some_days(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    assert!(comment(&app, &bob, &group, "hello").await);
    let count = async || texts(&app, CommentFilter::User(bob.id())).await.len();
    wait_until("it is written", || async { count().await == 1 }).await;
    app.clock.advance(Duration::from_secs(7 * 86_400 + 1));
    wait_until("it is deleted", || async { count().await == 0 }).await;
}

async fn private_message_with_a_forbidden_word_is_refused_and_not_kept(db: TestDb) {
    let app = TestApp::start(db).await;
    app.set_config("FORBIDDEN_WORDS", r#"["vx"]"#).await;
    app.advance(2);
    let bob = app.guest("bob", Gender::Male).await;
    let alice = app.guest("alice", Gender::Female).await;
    let send = async |text: &str| {
        let message = json!({"from": bob.user_id, "to": alice.user_id, "text": text});
        app.send_client_message(message).await
    };
    assert!(send("hello").await);
    assert!(!send("my V X is abc").await);
    assert!(!send(r#"{"type":"message","content":"vx","x":1e999}"#).await);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(texts(&app, CommentFilter::User(bob.id())).await, []);
}

async fn judged_screenshot_waits_for_an_operator_and_is_no_cover(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, host, .. } = app.open_stage().await;
    let image = async || {
        app.advance(2);
        host.get("get_livelist/", json!({})).await.ok()[0]["room_image"].clone()
    };
    let face = image().await;
    app.simulate_client(&host, json!({"stream": "screenshot"}))
        .await;
    let url = format!("https://example.com/{}.jpg", host.user_id);
    assert_eq!(image().await, json!(url));
    // CSS sends it twice.
    for _ in 0..2 {
        app.simulate_client(&host, json!({"stream": "judged"}))
            .await;
    }
    assert_eq!(image().await, face);
    let rooms = &app.services.rooms;
    let open = async || {
        rooms
            .screenshots(ScreenshotFilter::Open, None)
            .await
            .unwrap()
    };
    let found = open().await;
    assert_eq!(found.len(), 1);
    let shot = &found[0];
    assert_eq!((shot.user, &shot.url), (host.id(), &Some(url)));
    assert_eq!(shot.live.map(|live| live.get()), live.as_i64());
    assert_eq!((shot.label.as_str(), shot.score), ("Porn/SexualAct", 96));
    let close = async || {
        rooms
            .close_screenshots(named_operator("olga"), vec![shot.id])
            .await
    };
    close().await.unwrap();
    assert!(close().await.is_err());
    assert_eq!(open().await, []);
    let of_host = ScreenshotFilter::User(host.id());
    let kept = rooms.screenshots(of_host, None).await.unwrap();
    assert_eq!(kept[0].closed_by, "olga");
    app.clock.advance(Duration::from_secs(7 * 86_400 + 1));
    wait_until("it is deleted", || async {
        rooms.screenshots(of_host, None).await.unwrap().is_empty()
    })
    .await;
}
