//! `qlive_user/block/` and `qlive_user/report/`, and bans that end.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient, named_operator, wait_until};
use qlive_types::Gender;
use qlive_users::{ReportFilter, ReportKind, UsersError};
use serde_json::{Value, json};

on_both!(
    blocked_user_can_neither_give_nor_invite_nor_like,
    block_works_in_one_direction_and_is_lifted,
    blocked_users_are_listed_in_pages,
    invalid_blocks_are_refused,
    one_report_is_open_for_each_reporter_user_and_kind,
    twenty_reports_a_day_are_accepted,
    reports_at_once_stay_within_the_limit,
    invalid_reports_are_refused,
    report_is_closed_once,
    ban_with_an_end_ends_by_itself,
    longer_ban_replaces_a_shorter_one,
);

async fn block(user: &TestClient, other: &TestClient, state: i64) {
    let body = json!({"user_id": other.user_id, "block": state});
    let answer = user.post("qlive_user/block/", body).await.ok();
    assert_eq!(answer, json!({"detail": "OK"}));
}

async fn blocked_user_can_neither_give_nor_invite_nor_like(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    app.grant(&host, 100).await;
    let gift = app.add_gift("rose", 1).await;
    block(&bob, &host, 1).await;
    host.give(&bob, gift, 1, json!({}))
        .await
        .refused(409, "blocked");
    host.invite(&live, &bob).await.refused(409, "blocked");
    let like = json!({"user_id": bob.user_id, "like_state": 1});
    host.post("qlive_like/", like.clone())
        .await
        .refused(409, "blocked");
    assert_eq!(host.balances().await.0, 100);
    assert_eq!(
        bob.user_type().await,
        1,
        "the block is of people, not of the room"
    );
    let invite = json!({
        "from": host.user_id,
        "to": bob.user_id,
        "text": json!({"type": "invite", "content": {}}).to_string(),
    });
    assert!(!app.send_client_message(invite).await, "nor by a message");
    block(&bob, &host, 0).await;
    host.give(&bob, gift, 1, json!({})).await.ok();
    host.invite(&live, &bob).await.ok();
    host.post("qlive_like/", like).await.ok();
}

async fn block_works_in_one_direction_and_is_lifted(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, eve) = app.bob_and_alice().await;
    let gift = app.add_gift("like", 0).await;
    block(&bob, &eve, 1).await;
    block(&bob, &eve, 1).await;
    eve.give(&bob, gift, 1, json!({}))
        .await
        .refused(409, "blocked");
    bob.give(&eve, gift, 1, json!({})).await.ok();
    block(&bob, &eve, 0).await;
    block(&bob, &eve, 0).await;
    eve.give(&bob, gift, 1, json!({})).await.ok();
}

async fn blocked_users_are_listed_in_pages(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut expected = Vec::new();
    for n in 0..10 {
        let other = app.guest(&format!("other{n}"), Gender::Female).await;
        block(&bob, &other, 1).await;
        app.advance(1);
        expected.insert(0, other.user_id.clone());
    }
    let page = |page: i64| bob.get("qlive_user/block/", json!({"page": page}));
    let ids = |answer: &Value| -> Vec<String> {
        let results = answer["results"].as_array().unwrap();
        results
            .iter()
            .map(|row| row["user_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = page(1).await.ok();
    assert_eq!(first["count"], 10);
    assert_eq!(first["results"][0]["nickname"], "other9");
    let mut listed = ids(&first);
    listed.extend(ids(&page(2).await.ok()));
    assert_eq!(listed, expected);
    let eve = app.guest("eve", Gender::Female).await;
    let none = eve.get("qlive_user/block/", json!({})).await.ok();
    assert_eq!(none["count"], 0, "one's own only");
}

async fn invalid_blocks_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let send = |user: &str, state: Value| {
        bob.post(
            "qlive_user/block/",
            json!({"user_id": user, "block": state}),
        )
    };
    send("10000000", json!(1))
        .await
        .refused(404, "unknown_user");
    send(&bob.user_id, json!(1)).await.refused(400, "invalid");
    send("10000000", json!(2)).await.refused(400, "invalid");
}

fn report(user: &TestClient, kind: &str) -> Value {
    json!({"user_id": user.user_id, "kind": kind, "live_id": 1, "text": "asks for money"})
}

async fn open_reports(app: &TestApp) -> usize {
    let open = app.services.users.reports(ReportFilter::Open, None).await;
    open.unwrap().len()
}

async fn one_report_is_open_for_each_reporter_user_and_kind(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, eve) = app.bob_and_alice().await;
    let send = |body: Value| bob.post("qlive_user/report/", body);
    for _ in 0..3 {
        send(report(&eve, "fraud")).await.ok();
    }
    assert_eq!(open_reports(&app).await, 1);
    send(report(&eve, "abuse")).await.ok();
    eve.post("qlive_user/report/", report(&bob, "fraud"))
        .await
        .ok();
    let open = app
        .services
        .users
        .reports(ReportFilter::Open, None)
        .await
        .unwrap();
    assert_eq!(open.len(), 3);
    let about = app
        .services
        .users
        .reports(ReportFilter::About(eve.id()), None)
        .await;
    let about = about.unwrap();
    assert_eq!(about.len(), 2);
    assert_eq!(
        (about[0].kind, about[1].kind),
        (ReportKind::Abuse, ReportKind::Fraud)
    );
    assert_eq!(about[1].text, "asks for money");
    let sent = (0..8).map(|_| send(report(&eve, "minor")));
    for answer in futures_util::future::join_all(sent).await {
        answer.ok();
    }
    assert_eq!(open_reports(&app).await, 4);
}

async fn twenty_reports_a_day_are_accepted(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut others = Vec::new();
    for n in 0..21 {
        others.push(app.guest(&format!("other{n}"), Gender::Female).await);
    }
    for other in &others[..20] {
        bob.post("qlive_user/report/", report(other, "other"))
            .await
            .ok();
    }
    let last = || bob.post("qlive_user/report/", report(&others[20], "other"));
    app.advance(3_600);
    let refused = last().await;
    let wait = &refused.headers["retry-after"];
    let wait: u64 = wait.to_str().unwrap().parse().unwrap();
    refused.refused(429, "too_many_reports");
    let rest = 86_400 - 3_600;
    assert!((rest - 60..=rest).contains(&wait), "{wait}");
    app.advance(wait);
    last().await.ok();
}

async fn reports_at_once_stay_within_the_limit(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut others = Vec::new();
    for n in 0..24 {
        others.push(app.guest(&format!("other{n}"), Gender::Female).await);
    }
    let sent = others
        .iter()
        .map(|other| bob.post("qlive_user/report/", report(other, "other")));
    let answers = futures_util::future::join_all(sent).await;
    let (accepted, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((accepted.len(), open_reports(&app).await), (20, 20));
    for answer in refused {
        answer.refused(429, "too_many_reports");
    }
}

async fn invalid_reports_are_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, eve) = app.bob_and_alice().await;
    let valid = report(&eve, "fraud");
    for (field, value, status, code) in [
        ("kind", json!("spam"), 400, "invalid"),
        ("kind", json!(null), 400, "missing"),
        ("user_id", json!("10000000"), 404, "unknown_user"),
        ("user_id", json!(bob.user_id), 400, "invalid"),
        ("text", json!("长".repeat(501)), 400, "invalid"),
    ] {
        let mut body = valid.clone();
        body[field] = value;
        bob.post("qlive_user/report/", body)
            .await
            .refused(status, code);
    }
    assert_eq!(open_reports(&app).await, 0);
    let mut body = valid;
    body["text"] = json!(format!("第一行\n{}", "长".repeat(496)));
    bob.post("qlive_user/report/", body).await.ok();
}

async fn report_is_closed_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, eve) = app.bob_and_alice().await;
    bob.post("qlive_user/report/", report(&eve, "fraud"))
        .await
        .ok();
    let users = &app.services.users;
    let id = users.reports(ReportFilter::Open, None).await.unwrap()[0].id;
    assert_eq!(users.count_open_reports().await.unwrap(), 1);
    users
        .close_reports(named_operator("olga"), vec![id])
        .await
        .unwrap();
    let again = users.close_reports(named_operator("otto"), vec![id]).await;
    assert!(matches!(again, Err(UsersError::UnknownReport)));
    let closed = users.find_report(id).await.unwrap();
    assert_eq!(
        (closed.closed_by.as_str(), closed.decision.as_str()),
        ("olga", "a test")
    );
    assert_eq!(users.count_open_reports().await.unwrap(), 0);
    bob.post("qlive_user/report/", report(&eve, "fraud"))
        .await
        .ok();
    assert_eq!(open_reports(&app).await, 1, "a new one may be sent");
}

async fn ban_with_an_end_ends_by_itself(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { live, .. } = app.open_stage().await;
    let bob = app.viewer(&live, "bob", Gender::Male).await;
    let hour = Some(Duration::from_secs(3_600));
    let rooms = &app.services.rooms;
    rooms.ban_for(app.operator(), bob.id(), hour).await.unwrap();
    bob.enter(&live).await.refused(403, "banned");
    let profile = app.services.users.profile(bob.id()).await.unwrap();
    assert_eq!(profile.ban_reason, "a test");
    let ends = profile.banned_until.unwrap();
    assert_eq!(
        ends.since(profile.banned_at.unwrap()),
        Duration::from_secs(3_600)
    );
    app.advance(3_590);
    bob.enter(&live).await.refused(403, "banned");
    app.advance(11);
    wait_until("the ban has ended", || async {
        bob.get("get_playurl/", json!({"live_id": live}))
            .await
            .status
            == 200
    })
    .await;
    let profile = app.services.users.profile(bob.id()).await.unwrap();
    assert_eq!((profile.banned_at, profile.banned_until), (None, None));
    let log = app.audit_log().await;
    let lifted = log
        .iter()
        .filter(|(who, action, ..)| who == "system" && action == "users unban");
    assert_eq!(lifted.count(), 1);
}

async fn longer_ban_replaces_a_shorter_one(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let rooms = &app.services.rooms;
    let minute = Some(Duration::from_secs(60));
    rooms
        .ban_for(app.operator(), bob.id(), minute)
        .await
        .unwrap();
    rooms.ban(app.operator(), bob.id()).await.unwrap();
    // Another operator, who did not know of it, does not shorten it.
    rooms
        .ban_for(app.operator(), bob.id(), minute)
        .await
        .unwrap();
    app.advance(3_600);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let profile = app.services.users.profile(bob.id()).await.unwrap();
    assert!(profile.banned_at.is_some(), "for ever");
}
