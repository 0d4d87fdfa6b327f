//! `users`.

use qlive_app::UncheckedNames;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

use crate::process::{run, run_admin_as, run_refused};

on_both!(
    user_is_shown_banned_and_made_a_matchmaker,
    name_that_was_not_checked_is_shown,
    personal_data_is_exported_and_reads_are_recorded,
    person_is_erased_by_two_operators,
);

async fn user_is_shown_banned_and_made_a_matchmaker(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let listed = run(&app, &["users", "list"]).await;
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["nickname"]),
        (2, &json!("bob"))
    );
    run(&app, &["users", "grant-matchmaker", &bob.user_id]).await;
    app.wait_for_outbox().await;
    let room = bob.open_room().await;
    let shown = run(&app, &["users", "show", &bob.user_id]).await;
    assert_eq!(
        (&shown["matchmaker"], &shown["user_type"], &shown["live_id"]),
        (&json!(true), &json!(5), &room["live_id"])
    );
    assert_eq!(shown["openid"], "sandbox-bob");
    run(&app, &["users", "ban", &bob.user_id, "--reason", "rude"]).await;
    assert_eq!(bob.user_type().await, 0, "a ban takes effect at once");
    assert_eq!(bob.open_room().await, json!({"status": "failed"}));
    run(&app, &["users", "unban", &bob.user_id]).await;
    run(&app, &["users", "revoke-matchmaker", &bob.user_id]).await;
    bob.post("qlive_room/matchmaker_enter/", json!({}))
        .await
        .refused(403, "not_matchmaker");
}

async fn name_that_was_not_checked_is_shown(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.wechat.content_check = true;
        settings.wechat.unchecked = UncheckedNames::Pass;
    })
    .await;
    let bob = app.guest("bob", Gender::Male).await;
    let marks = async || {
        let shown = run(&app, &["users", "show", &bob.user_id]).await;
        let listed = run(&app, &["users", "list"]).await;
        (
            shown["name_unchecked_at"].clone(),
            listed[0]["name_unchecked_at"].clone(),
        )
    };
    assert_eq!(marks().await, (json!(null), json!(null)));
    app.add_fault(json!({"path": "/wxa/msg_sec_check", "errcode": 61010}))
        .await;
    bob.update_profile(json!({"nickname": "new"})).await.ok();
    let (shown, listed) = marks().await;
    assert_eq!(shown.as_str().unwrap().len(), 19);
    assert_eq!(shown, listed);
}

async fn personal_data_is_exported_and_reads_are_recorded(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let export = ["users", "export", &bob.user_id, "--reason", "they asked"];
    let exported = run(&app, &export).await;
    assert_eq!(exported["profile"]["openid"], json!("sandbox-bob"));
    run(&app, &["users", "show", &bob.user_id]).await;
    let record = app.audit_log().await;
    for action in ["users export", "users reveal"] {
        let found = record.iter().any(|(who, done, subject, _)| {
            (who, done, subject) == (&"olga".into(), &action.into(), &bob.user_id)
        });
        assert!(found, "{action}: {record:?}");
    }
    run_refused(&app, &["users", "export", "10000000", "--reason", "none"]).await;
}

async fn person_is_erased_by_two_operators(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let erase = ["users", "erase", &bob.user_id, "--reason", "they asked"];
    let requested = run(&app, &erase).await;
    assert!(
        requested.as_str().unwrap().starts_with("requested"),
        "{requested}"
    );
    run_refused(&app, &erase).await;
    let erased = run_admin_as(&app, "pavel", &erase).await;
    assert!(erased.status.success(), "{erased:?}");
    let shown = run(&app, &["users", "show", &bob.user_id]).await;
    assert_eq!(shown["nickname"], json!("已注销用户"));
}
