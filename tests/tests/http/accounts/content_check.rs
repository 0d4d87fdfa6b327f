//! `qlive_user/update_userinfo/`: the check of nicknames by WeChat, and what happens without it.

use qlive_app::UncheckedNames;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    nickname_that_fails_the_content_check_is_refused,
    nickname_that_cannot_be_checked_is_refused_by_default,
    nickname_that_cannot_be_checked_passes_with_a_mark_when_configured,
    checked_nickname_removes_the_mark,
    busy_wechat_is_asked_once_more,
    unchanged_nickname_is_not_checked,
    user_who_changes_names_without_end_causes_twenty_checks_a_minute,
);

const PATH: &str = "/wxa/msg_sec_check";

async fn start(db: TestDb, unchecked: UncheckedNames) -> TestApp {
    TestApp::start_with(db, |settings| {
        settings.wechat.content_check = true;
        settings.wechat.unchecked = unchecked;
    })
    .await
}

/// What WeChat answers when it does not check a text, for reasons that are not the text's.
fn failures() -> Vec<Value> {
    let refused = [-1, 40003, 43002, 44990, 45009, 45011, 48001, 61010];
    let errcodes = refused.map(|code| json!({"path": PATH, "errcode": code}));
    let no_answer = [
        json!({"path": PATH, "status": 500}),
        json!({"path": PATH, "status": 502}),
        json!({"path": PATH, "drop_answer": true}),
    ];
    errcodes.into_iter().chain(no_answer).collect()
}

async fn nickname_that_fails_the_content_check_is_refused(db: TestDb) {
    let app = start(db, UncheckedNames::Refuse).await;
    let alice = app.guest("alice", Gender::Female).await;
    let change = json!({"nickname": "违禁", "age": 40});
    let answer = alice.update_profile(change).await;
    assert_eq!(answer.refused(400, "content_rejected")["field"], "nickname");
    let change = json!({"nickname": "fine"});
    assert_eq!(alice.update_profile(change).await.ok()["age"], 25);
}

async fn nickname_that_cannot_be_checked_is_refused_by_default(db: TestDb) {
    let app = start(db, UncheckedNames::default()).await;
    let alice = app.guest("alice", Gender::Female).await;
    for failure in failures() {
        app.add_fault(failure.clone()).await;
        let answer = alice
            .update_profile(json!({"nickname": "new", "age": 40}))
            .await;
        assert!(answer.retry_after() > 0, "{failure}");
        let body = answer.refused(503, "content_unchecked");
        assert_eq!(body["field"], "nickname", "{failure}");
        assert!(body["detail"].as_str().unwrap().contains("稍后"), "{body}");
        let profile = alice.profile().await;
        assert_eq!(
            (&profile["nickname"], &profile["age"]),
            (&json!("alice"), &json!(25))
        );
        assert_eq!(
            alice.update_profile(json!({"height": 170})).await.ok()["height"],
            170,
            "what is not checked changes: {failure}"
        );
        app.clear_faults().await;
    }
    alice.update_profile(json!({"nickname": "new"})).await.ok();
    assert_eq!(app.metric("qlive_unchecked_names_total").await, 0);
}

async fn nickname_that_cannot_be_checked_passes_with_a_mark_when_configured(db: TestDb) {
    let app = start(db, UncheckedNames::Pass).await;
    let alice = app.guest("alice", Gender::Female).await;
    let marked_at = async || {
        let profile = app.services.users.profile(alice.id()).await.unwrap();
        profile.name_unchecked_at
    };
    assert_eq!(marked_at().await, None);
    for (count, failure) in (1..).zip(failures()) {
        app.add_fault(failure.clone()).await;
        let name = format!("name {count}");
        let answer = alice.update_profile(json!({"nickname": name})).await;
        assert_eq!(answer.ok()["nickname"], json!(name), "{failure}");
        assert!(marked_at().await.is_some(), "{failure}");
        assert_eq!(app.metric("qlive_unchecked_names_total").await, count);
        app.clear_faults().await;
    }
    alice
        .update_profile(json!({"nickname": "违禁"}))
        .await
        .refused(400, "content_rejected");
}

async fn checked_nickname_removes_the_mark(db: TestDb) {
    let app = start(db, UncheckedNames::Pass).await;
    let alice = app.guest("alice", Gender::Female).await;
    let is_marked = async || {
        let profile = app.services.users.profile(alice.id()).await.unwrap();
        profile.name_unchecked_at.is_some()
    };
    app.add_fault(json!({"path": PATH, "errcode": 61010, "times": 1}))
        .await;
    alice.update_profile(json!({"nickname": "one"})).await.ok();
    alice.update_profile(json!({"age": 40})).await.ok();
    assert!(
        is_marked().await,
        "another field says nothing about the name"
    );
    alice.update_profile(json!({"nickname": "two"})).await.ok();
    assert!(!is_marked().await);
}

async fn busy_wechat_is_asked_once_more(db: TestDb) {
    let app = start(db, UncheckedNames::Refuse).await;
    let alice = app.guest("alice", Gender::Female).await;
    app.add_fault(json!({"path": PATH, "errcode": -1, "times": 1}))
        .await;
    alice.update_profile(json!({"nickname": "one"})).await.ok();
    assert_eq!(app.sandbox_calls(PATH).await, 2);
}

async fn unchanged_nickname_is_not_checked(db: TestDb) {
    let app = start(db, UncheckedNames::Refuse).await;
    let alice = app.guest("alice", Gender::Female).await;
    for change in [
        json!({"nickname": "alice"}),
        json!({"nickname": " alice "}),
        json!({"age": 40, "height": 170, "area": "110101"}),
        json!({"face_url": "https://a.example/b.png"}),
        json!({"gender": 2}),
        json!({}),
    ] {
        alice.update_profile(change).await.ok();
    }
    assert_eq!(app.sandbox_calls(PATH).await, 0);
    for _ in 0..3 {
        alice.update_profile(json!({"nickname": "new"})).await.ok();
    }
    assert_eq!(app.sandbox_calls(PATH).await, 1, "one text is checked once");
    // The default name is not checked either, but setting it makes it the user's own.
    let bob = app.guest_without_profile("bob").await;
    let default = bob.profile().await["nickname"].clone();
    bob.update_profile(json!({"nickname": default, "gender": 1}))
        .await
        .ok();
    assert_eq!(bob.profile().await["profile_ready"], true);
    assert_eq!(app.sandbox_calls(PATH).await, 1);
}

async fn user_who_changes_names_without_end_causes_twenty_checks_a_minute(db: TestDb) {
    let app = start(db, UncheckedNames::Refuse).await;
    let alice = app.guest("alice", Gender::Female).await;
    let change = async |name: String| alice.update_profile(json!({"nickname": name})).await;
    let before = app.sandbox_calls(PATH).await;
    for number in 0..40 {
        change(format!("name{}", number % 2)).await.ok();
    }
    assert_eq!(app.sandbox_calls(PATH).await - before, 2, "two names");
    for number in 2..20 {
        change(format!("name{number}")).await.ok();
    }
    let refused = change("one more".into()).await;
    assert!(refused.retry_after() > 0);
    refused.refused(429, "too_many_requests");
    assert_eq!(app.sandbox_calls(PATH).await - before, 20);
    app.advance(60);
    change("one more".into()).await.ok();
}
