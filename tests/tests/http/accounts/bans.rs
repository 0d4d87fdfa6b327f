//! Bans: they take effect at once, whichever tool sets them.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, stream_received, wait_until};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    banned_guest_leaves_mic_room_and_im_at_once,
    banning_the_host_ends_the_broadcast,
    banned_user_may_only_log_in_read_and_log_out,
    lifting_a_ban_allows_mic_and_stream_again,
    ban_is_in_the_audit_log,
);

async fn banned_guest_leaves_mic_room_and_im_at_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    app.ban(bob.id()).await;
    assert_eq!(host.enter(&live).await.ok()["male"], json!({}));
    assert_eq!(bob.user_type().await, 0);
    app.wait_for_outbox().await;
    assert_eq!(app.group_summary(&group).await, ["on 1", "off 1"]);
    let state = app.sandbox_state().await;
    assert_eq!(
        state["kicked"],
        json!([bob.user_id]),
        "the user is logged out of IM"
    );
    assert!(stream_received(&state, "ForbidLiveStream", &bob.user_id));
    let request = &state["stream_orders"][0]["asked"];
    let resume_time = request["ResumeTime"].as_str().unwrap();
    assert!(resume_time.ends_with('Z'), "{request}");
}

async fn banning_the_host_ends_the_broadcast(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    app.ban(host.id()).await;
    assert_eq!(bob.user_type().await, 0);
    app.wait_for_outbox().await;
    let over = app.group_messages(&group).await.pop().unwrap();
    assert_eq!(
        (&over["message"]["type"], &over["custom"]["reason"]),
        (&json!("over"), &json!("banned"))
    );
}

async fn banned_user_may_only_log_in_read_and_log_out(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    app.ban(bob.id()).await;
    let login = app.send_login("bob").await.ok();
    assert_eq!(
        (&login["status"], &login["user_sign"]),
        (&json!(0), &json!(""))
    );
    for (path, query) in [
        ("qlive_user/get_userinfo/", json!({})),
        ("get_livelist/", json!({})),
        ("get_configs/", json!({})),
        ("qlive_user/get_user_state/", json!({})),
        ("qlive_like/", json!({"user_id": bob.user_id})),
        ("qlive_user/logout/", json!({})),
    ] {
        let answer = bob.get(path, query).await.ok();
        let user_sig = answer.get("user_sig").and_then(Value::as_str);
        assert_ne!(
            user_sig.map(str::is_empty),
            Some(false),
            "a banned user gets no UserSig"
        );
    }
    bob.enter(&live).await.refused(403, "banned");
    bob.leave(&live).await.refused(403, "banned");
    for path in [
        "qlive_user/update_userinfo/",
        "qlive_room/apply_micro/",
        "qlive_room/accept_micro/",
        "qlive_room/refuse_micro/",
        "qlive_room/live_end/",
        "qlive_room/leave_micro/",
        "qlive_room/invite_micro/",
        "qlive_like/",
    ] {
        let body = json!({"live_id": live, "user_id": bob.user_id, "gender": 1, "like_state": 1});
        bob.post(path, body).await.refused(403, "banned");
    }
}

async fn lifting_a_ban_allows_mic_and_stream_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest("bob", Gender::Male).await;
    app.ban(bob.id()).await;
    bob.enter(&live).await.refused(403, "banned");
    app.unban(bob.id()).await;
    bob.take_mic(&live).await;
    wait_until("the stream is allowed again", || async {
        stream_received(&app.sandbox_state().await, "ResumeLiveStream", &bob.user_id)
    })
    .await;
}

async fn ban_is_in_the_audit_log(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    app.ban(bob.id()).await;
    let mut rows = app.audit_log().await;
    rows.retain(|(_, action, _, _)| action == "users ban");
    assert_eq!(rows.len(), 1);
    let (who, _, subject, _) = &rows[0];
    assert_eq!((who.as_str(), subject), ("test", &bob.user_id));
}
