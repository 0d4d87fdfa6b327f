//! `qlive_room/mute/` and `qlive_room/remove/`, and what operators do everywhere.

use std::time::Duration;

use qlive_rooms::RoomsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient, wait_until};
use qlive_types::Gender;
use qlive_users::UsersError;
use serde_json::{Value, json};

on_both!(
    muted_comments_are_refused_until_the_mute_ends,
    mute_holds_in_all_rooms_of_that_host_and_in_no_other,
    gifts_of_a_muted_user_are_refused_twice_as_long,
    gift_that_waits_for_a_lock_sees_the_mute_and_the_block_of_meanwhile,
    muted_client_is_refused_whatever_it_sends,
    mute_is_lifted_by_zero_seconds,
    invalid_mutes_are_refused,
    only_the_host_may_mute_and_remove,
    operator_mutes_everywhere,
    longer_mute_stays_when_an_operator_mutes_for_less,
    muted_user_may_still_take_the_mic,
    removed_user_leaves_and_cannot_enter_again,
    removed_guest_frees_the_mic_and_their_stream_is_cut,
    removal_and_entering_at_once_leave_nobody_inside,
    removal_ends_with_the_broadcast,
    invalid_removals_are_refused,
    operator_removes_from_a_room,
    operator_puts_a_guest_off_the_mic,
    warning_reaches_a_user_in_a_room,
    invalid_warnings_are_refused,
);

/// Whether IM delivers a comment of this user to a group.
async fn may_comment(app: &TestApp, client: &TestClient, group: &str) -> bool {
    app.send_client_message(json!({
        "from": client.user_id,
        "group": group,
        "text": json!({"type": "message", "content": "hello"}).to_string(),
    }))
    .await
}

async fn mute(host: &TestClient, live: &Value, user: &TestClient, seconds: i64) {
    let body = json!({"live_id": live, "user_id": user.user_id, "seconds": seconds});
    let answer = host.post("qlive_room/mute/", body).await.ok();
    assert_eq!(answer, json!({"detail": "OK"}));
}

async fn muted_comments_are_refused_until_the_mute_ends(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let eve = app.viewer(&live, "eve", Gender::Female).await;
    assert!(may_comment(&app, &bob, &group).await);
    mute(&host, &live, &bob, 60).await;
    assert!(!may_comment(&app, &bob, &group).await);
    assert!(may_comment(&app, &eve, &group).await, "another user");
    app.advance(58);
    assert!(!may_comment(&app, &bob, &group).await);
    app.advance(4);
    assert!(may_comment(&app, &bob, &group).await);
}

async fn mute_holds_in_all_rooms_of_that_host_and_in_no_other(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let other = app.guest("other", Gender::Female).await;
    let rooms = &app.services.rooms;
    rooms
        .grant_matchmaker(app.operator(), other.id())
        .await
        .unwrap();
    app.wait_for_outbox().await;
    let elsewhere = app.open_stage_of(other).await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    mute(&host, &live, &bob, 600).await;
    bob.enter(&elsewhere.live).await.ok();
    assert!(may_comment(&app, &bob, &elsewhere.group).await);
    host.end(&live).await.ok();
    let again = host.open_room().await;
    bob.enter(&again["live_id"]).await.ok();
    assert!(
        !may_comment(&app, &bob, &group).await,
        "in the next broadcast too"
    );
}

async fn gifts_of_a_muted_user_are_refused_twice_as_long(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    app.grant(&bob, 100).await;
    let gift = app.add_gift("rose", 1).await;
    mute(&host, &live, &bob, 100).await;
    let give = || bob.give(&host, gift, 1, json!({"live_id": live}));
    give().await.refused(409, "muted");
    app.advance(198);
    give().await.refused(409, "muted");
    assert_eq!(bob.balances().await.0, 100);
    app.advance(4);
    bob.enter(&live).await.ok();
    give().await.ok();
    assert_eq!(bob.balances().await.0, 99);
}

async fn gift_that_waits_for_a_lock_sees_the_mute_and_the_block_of_meanwhile(db: TestDb) {
    let app = TestApp::start(db).await;
    if !app.is_postgres() {
        // Whoever writes has all of SQLite: nothing happens meanwhile.
        return;
    }
    let Stage { host, live, .. } = app.open_stage().await;
    let gift = app.add_gift("rose", 1).await;
    for code in ["muted", "blocked"] {
        let bob = app.viewer(&live, code, Gender::Male).await;
        app.grant(&bob, 100).await;
        let lock = app.lock(&format!(
            "SELECT 1 FROM ledger_balances WHERE user_id = {} FOR UPDATE",
            bob.user_id
        ));
        let meanwhile = async {
            // The gift was found to wait, and waits in a transaction of its own.
            tokio::time::sleep(Duration::from_millis(500)).await;
            if code == "muted" {
                mute(&host, &live, &bob, 60).await;
            } else {
                let block = json!({"user_id": bob.user_id, "block": 1});
                host.post("qlive_user/block/", block).await.ok();
            }
            drop(lock);
        };
        let (given, ()) = tokio::join!(bob.give(&host, gift, 1, json!({})), meanwhile);
        given.refused(409, code);
        assert_eq!(bob.balances().await.0, 100);
    }
}

async fn muted_client_is_refused_whatever_it_sends(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let texts = [
        "plain text".to_owned(),
        String::new(),
        json!({"type": "message"}).to_string(),
        json!({"type": "like", "content": 1}).to_string(),
    ];
    let send = async |text: &str| {
        let message = json!({"from": bob.user_id, "group": group, "text": text});
        app.send_client_message(message).await
    };
    let mut allowed = Vec::new();
    for text in &texts {
        allowed.push(send(text).await);
    }
    assert!(allowed.contains(&true), "{allowed:?}");
    mute(&host, &live, &bob, 60).await;
    for text in &texts {
        assert!(!send(text).await, "{text}");
    }
    mute(&host, &live, &bob, 0).await;
    for (text, before) in texts.iter().zip(allowed) {
        assert_eq!(send(text).await, before, "{text}");
    }
}

async fn mute_is_lifted_by_zero_seconds(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    mute(&host, &live, &bob, 86_400).await;
    assert!(!may_comment(&app, &bob, &group).await);
    mute(&host, &live, &bob, 0).await;
    assert!(may_comment(&app, &bob, &group).await);
}

async fn invalid_mutes_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let send = |body: Value| host.post("qlive_room/mute/", body);
    let valid = json!({"live_id": live, "user_id": bob.user_id, "seconds": 60});
    for (field, value, status, code) in [
        ("seconds", json!(86_401), 400, "invalid"),
        ("seconds", json!(-1), 400, "invalid"),
        ("seconds", json!(null), 400, "missing"),
        ("user_id", json!("10000000"), 404, "unknown_user"),
        ("user_id", json!(host.user_id), 409, "hosting"),
        ("live_id", json!(999_999), 404, "unknown_room"),
    ] {
        let mut body = valid.clone();
        body[field] = value.clone();
        send(body).await.refused(status, code);
    }
}

async fn only_the_host_may_mute_and_remove(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let eve = app.viewer(&live, "eve", Gender::Female).await;
    let about = |user: &TestClient| json!({"live_id": live, "user_id": user.user_id, "seconds": 9});
    for target in [&eve, &host, &bob] {
        bob.post("qlive_room/mute/", about(target))
            .await
            .refused(403, "not_host");
        bob.post("qlive_room/remove/", about(target))
            .await
            .refused(403, "not_host");
    }
    assert_eq!(eve.user_type().await, 1);
}

async fn operator_mutes_everywhere(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let eve = app.viewer(&live, "eve", Gender::Female).await;
    let rooms = &app.services.rooms;
    let minute = Duration::from_secs(60);
    rooms
        .mute_everywhere(app.operator(), bob.id(), minute)
        .await
        .unwrap();
    assert!(!may_comment(&app, &bob, &group).await);
    let direct = json!({
        "from": bob.user_id,
        "to": eve.user_id,
        "text": json!({"type": "message", "content": "psst"}).to_string(),
    });
    assert!(
        !app.send_client_message(direct.clone()).await,
        "in private too"
    );
    let gift = app.add_gift("rose", 0).await;
    bob.give(&host, gift, 1, json!({}))
        .await
        .refused(409, "muted");
    mute(&host, &live, &bob, 0).await;
    assert!(
        !may_comment(&app, &bob, &group).await,
        "a host does not lift it"
    );
    rooms
        .mute_everywhere(app.operator(), bob.id(), Duration::ZERO)
        .await
        .unwrap();
    assert!(may_comment(&app, &bob, &group).await);
    assert!(app.send_client_message(direct).await);
    let log = app.audit_log().await;
    let actions: Vec<&str> = log.iter().map(|(_, action, ..)| action.as_str()).collect();
    assert!(
        actions.ends_with(&["users mute", "gifts add", "users unmute"]),
        "{actions:?}"
    );
}

async fn longer_mute_stays_when_an_operator_mutes_for_less(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let gift = app.add_gift("rose", 0).await;
    let mute_for = async |secs| {
        let length = Duration::from_secs(secs);
        let rooms = &app.services.rooms;
        let muted = rooms.mute_everywhere(app.operator(), bob.id(), length);
        muted.await.unwrap();
    };
    mute_for(60).await;
    mute_for(1).await;
    app.advance(2);
    assert!(!may_comment(&app, &bob, &group).await);
    // Gifts are refused for two minutes, also when comments are not any more.
    app.advance(60);
    mute_for(1).await;
    app.advance(20);
    assert!(may_comment(&app, &bob, &group).await);
    let give = async || bob.give(&host, gift, 1, json!({})).await;
    give().await.refused(409, "muted");
    app.advance(60);
    give().await.ok();
}

async fn muted_user_may_still_take_the_mic(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    mute(&host, &live, &bob, 600).await;
    bob.apply(&live).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
}

async fn remove(host: &TestClient, live: &Value, user: &TestClient) {
    let body = json!({"live_id": live, "user_id": user.user_id});
    let answer = host.post("qlive_room/remove/", body).await.ok();
    assert_eq!(answer, json!({"detail": "OK"}));
}

async fn removed_user_leaves_and_cannot_enter_again(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, group } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let eve = app.guest("eve", Gender::Female).await;
    assert!(may_comment(&app, &bob, &group).await);
    remove(&host, &live, &bob).await;
    assert_eq!(bob.user_type().await, 0);
    assert!(
        !may_comment(&app, &bob, &group).await,
        "still in the group of IM"
    );
    bob.enter(&live).await.refused(409, "removed");
    app.wait_for_outbox().await;
    let kickout = app.messages_to(&bob).await.pop().unwrap();
    let expected = json!({"type": "kickout", "content": {"group_id": group}});
    assert_eq!(kickout["message"], expected);
    assert_eq!(kickout["custom"]["reason"], "removed", "{kickout}");
    remove(&host, &live, &bob).await;
    remove(&host, &live, &eve).await;
    eve.enter(&live).await.refused(409, "removed");
}

async fn removed_guest_frees_the_mic_and_their_stream_is_cut(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    bob.take_mic(&live).await;
    remove(&host, &live, &bob).await;
    assert!(!host.sees_man_on_mic(&live).await);
    wait_until("the stream is cut", || async {
        let orders = app.sandbox_state().await["stream_orders"].clone();
        orders[0]["action"] == "DropLiveStream" && orders[0]["stream"] == json!(bob.user_id)
    })
    .await;
    let other = app.viewer(&live, "other", Gender::Male).await;
    other.apply(&live).await.ok();
    assert_eq!(other.accept(&live).await.ok()["code"], "success");
}

async fn removal_and_entering_at_once_leave_nobody_inside(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    for number in 0..12 {
        let bob = app.guest(&format!("bob{number}"), Gender::Male).await;
        let (_, entered) = tokio::join!(remove(&host, &live, &bob), bob.enter(&live));
        if entered.status != 200 {
            entered.refused(409, "removed");
        }
        assert_eq!(bob.user_type().await, 0, "{number}");
        bob.enter(&live).await.refused(409, "removed");
    }
}

async fn removal_ends_with_the_broadcast(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    remove(&host, &live, &bob).await;
    host.end(&live).await.ok();
    let again = host.open_room().await;
    bob.enter(&again["live_id"]).await.ok();
    assert_eq!(bob.user_type().await, 1);
}

async fn invalid_removals_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let send = |live: &Value, user: &str| {
        host.post(
            "qlive_room/remove/",
            json!({"live_id": live, "user_id": user}),
        )
    };
    send(&live, "10000000").await.refused(404, "unknown_user");
    send(&live, &host.user_id).await.refused(409, "hosting");
    send(&json!(999_999), "10000000")
        .await
        .refused(404, "unknown_room");
    host.end(&live).await.ok();
    send(&live, "10000000").await.refused(409, "not_live");
}

async fn operator_removes_from_a_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let live_id = qlive_types::LiveId::new(live.as_i64().unwrap());
    let removed = app
        .services
        .rooms
        .remove_by_operator(app.operator(), live_id, bob.id());
    removed.await.unwrap();
    bob.enter(&live).await.refused(409, "removed");
    let (_, action, subject, _) = app.audit_log().await.pop().unwrap();
    assert_eq!(action, "rooms remove");
    assert_eq!(subject, format!("{} from room {live}", bob.user_id));
    wait_until("nobody is left but the host", || async {
        app.services.rooms.gauges().await.unwrap().people_present == 1
    })
    .await;
}

async fn operator_puts_a_guest_off_the_mic(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    bob.take_mic(&live).await;
    let live_id = qlive_types::LiveId::new(live.as_i64().unwrap());
    let rooms = &app.services.rooms;
    let put_off = || rooms.put_off_mic_by_operator(app.operator(), live_id, bob.id());
    put_off().await.unwrap();
    assert!(!host.sees_man_on_mic(&live).await);
    assert_eq!(bob.user_type().await, 1, "still in the room");
    let (_, action, subject, _) = app.audit_log().await.pop().unwrap();
    assert_eq!(action, "rooms put-off-mic");
    assert_eq!(subject, format!("{} from room {live}", bob.user_id));
    let recorded = app.audit_log().await.len();
    assert!(matches!(put_off().await, Err(RoomsError::NotInRoom)));
    assert_eq!(app.audit_log().await.len(), recorded);
    // As if the host had done it.
    bob.apply(&live).await.ok();
    bob.accept(&live).await.refused(409, "not_admitted");
    host.invite(&live, &bob).await.ok();
    assert_eq!(bob.accept(&live).await.ok()["code"], "success");
}

async fn warning_reaches_a_user_in_a_room(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, group, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let rooms = &app.services.rooms;
    let warned = rooms.warn_user(app.operator(), bob.id(), " please be kind ");
    warned.await.unwrap();
    app.wait_for_outbox().await;
    let warning = app.messages_to(&bob).await.pop().unwrap();
    let content = json!({"group_id": group, "text": "please be kind"});
    assert_eq!(
        warning["message"],
        json!({"type": "warning", "content": content})
    );
    // No client can forge it.
    let eve = app.viewer(&live, "eve", Gender::Female).await;
    for to in [json!({"to": bob.user_id}), json!({"group": group})] {
        let mut forged = to;
        forged["from"] = json!(eve.user_id);
        forged["text"] = json!(json!({"type": "warning", "content": content}).to_string());
        assert!(!app.send_client_message(forged.clone()).await, "{forged}");
    }
}

async fn invalid_warnings_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let rooms = &app.services.rooms;
    let warn = async |user, text: &str| rooms.warn_user(app.operator(), user, text).await;
    for text in ["", " ", "a\u{202e}b", &"字".repeat(201)] {
        let refused = warn(bob.id(), text).await;
        assert!(
            matches!(
                refused,
                Err(RoomsError::Users(UsersError::BadField("text")))
            ),
            "{text:?}"
        );
    }
    let eve = app.guest("eve", Gender::Female).await;
    let refused = warn(eve.id(), "hello").await;
    assert!(matches!(refused, Err(RoomsError::NotInRoom)));
    warn(bob.id(), &"字".repeat(200)).await.unwrap();
}
