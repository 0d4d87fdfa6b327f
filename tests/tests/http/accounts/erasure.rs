//! The data of a person: exported, and erased by two operators.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient, named_operator};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    erased_person_is_nobody_and_the_money_is_proven,
    person_is_erased_by_two_operators_within_a_day,
    person_with_an_open_withdrawal_is_not_erased,
    export_holds_what_is_stored_about_a_person,
);

async fn erase(app: &TestApp, who: &str, user: &TestClient) -> Result<bool, String> {
    let by = named_operator(who);
    let erased = app.services.rooms.erase_user(by, user.id()).await;
    erased.map_err(|error| error.to_string())
}

async fn erased_person_is_nobody_and_the_money_is_proven(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    app.grant(&bob, 100).await;
    let gift = app.add_gift("rose", 10).await;
    bob.give(&host, gift, 1, json!({})).await.ok();
    let like = json!({"user_id": bob.user_id, "like_state": 1});
    host.post("qlive_like/", like).await.ok();
    assert!(!erase(&app, "olga", &bob).await.unwrap());
    assert_eq!(bob.user_type().await, 3, "only asked for");
    assert!(erase(&app, "otto", &bob).await.unwrap());
    bob.get("qlive_user/get_userinfo/", json!({}))
        .await
        .refused(401, "unauthorized");
    let profile = app.services.users.profile(bob.id()).await.unwrap();
    assert_eq!(
        (
            profile.nickname.as_str(),
            profile.face_url.as_str(),
            profile.area.as_str()
        ),
        ("已注销用户", "", "")
    );
    assert!(profile.openid.starts_with("erased-") && profile.erased_at.is_some());
    let place = app.services.rooms.whereabouts(bob.id()).await.unwrap();
    assert!(place.is_none(), "{place:?}");
    // The same person may come again, as somebody new.
    let again = app.guest("bob", Gender::Male).await;
    assert_ne!(again.user_id, bob.user_id);
    assert_eq!(again.balances().await, (0, 0));
    let refused = erase(&app, "olga", &bob).await;
    assert_eq!(refused, Err("the user was erased".to_owned()));
    app.audit().await;
}

async fn person_is_erased_by_two_operators_within_a_day(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    assert!(!erase(&app, "olga", &bob).await.unwrap());
    for same in ["olga", "OLGA "] {
        let refused = erase(&app, same, &bob).await;
        assert_eq!(refused, Err("it needs another operator".to_owned()));
    }
    let waiting = app.services.users.erasure_requests().await.unwrap();
    assert_eq!(waiting.len(), 1);
    app.clock.advance(Duration::from_secs(86_401));
    assert_eq!(app.services.users.erasure_requests().await.unwrap(), []);
    assert!(!erase(&app, "otto", &bob).await.unwrap(), "asked for anew");
    assert!(erase(&app, "olga", &bob).await.unwrap());
}

async fn person_with_an_open_withdrawal_is_not_erased(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.earner(1_000).await;
    let asked = alice.withdraw(100, "w").await;
    let refused = erase(&app, "olga", &alice).await;
    assert_eq!(
        refused,
        Err("a withdrawal of the user has not ended".to_owned())
    );
    let id = asked["id"].as_i64().unwrap();
    let by = named_operator("fei");
    app.services
        .payments
        .reject_withdrawal(by, id)
        .await
        .unwrap();
    assert!(!erase(&app, "olga", &alice).await.unwrap());
}

async fn export_holds_what_is_stored_about_a_person(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, order) = app.buyer("bob", 1).await;
    let alice = app.guest("alice", Gender::Female).await;
    let gift = app.add_gift("rose", 1).await;
    // More than one page of everything.
    for _ in 0..55 {
        bob.give(&alice, gift, 1, json!({})).await.ok();
    }
    let now = app.clock.now().millis().to_string();
    let rows = |values: &str| {
        let values = values.replace("NOW", &now);
        vec![format!("({}, {values})", bob.user_id); 60].join(",")
    };
    for (table, values) in [
        (
            "comments (user_id, room_id, text, at, closed_by, decision)",
            "1, 'hello', NOW, '', ''",
        ),
        ("room_events (user_id, room_id, kind, at)", "1, 1, NOW"),
        (
            "judged_screenshots (user_id, label, score, is_blocked, at, closed_by, decision)",
            "'Porn', 96, TRUE, NOW, '', ''",
        ),
    ] {
        app.execute_sql(&format!("INSERT INTO {table} VALUES {}", rows(values)))
            .await;
    }
    let block = json!({"user_id": alice.user_id, "block": 1});
    bob.post("qlive_user/block/", block).await.ok();
    let all = app.services.export_user(bob.id()).await.unwrap();
    assert_eq!(all["profile"]["nickname"], json!("bob"));
    assert_eq!(all["orders"][0]["out_trade_no"], order["out_trade_no"]);
    assert_eq!(all["gifts_given"].as_array().unwrap().len(), 55);
    assert_eq!(all["movements"].as_array().unwrap().len(), 56);
    assert_eq!(all["blocked"], json!([alice.user_id]));
    for (kept, field, value) in [
        ("comments", "text", "hello"),
        ("room_events", "kind", "entered"),
        ("screenshots", "label", "Porn"),
    ] {
        let rows = all[kept].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0][field]), (60, &json!(value)), "{kept}");
    }
    let of_alice = app.services.export_user(alice.id()).await.unwrap();
    assert_eq!(of_alice["gifts_received"].as_array().unwrap().len(), 55);
    assert!(!all.to_string().contains(&bob.token), "no secret");
}
