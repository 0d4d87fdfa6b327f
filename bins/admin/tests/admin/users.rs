//! `users`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

use crate::process::run;

on_both!(user_is_shown_banned_and_made_a_matchmaker);

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
