//! WeChat's access token: who fetches it, and what happens when WeChat refuses it. Creating a
//! virtual order without a code asks WeChat about the session key, which needs the token.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Answer, TestApp, TestClient, blocks};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    thirty_callers_on_two_instances_fetch_one_first_token,
    thirty_callers_with_a_dead_token_force_one,
    thirty_callers_with_a_replaced_token_force_none,
    token_that_stays_refused_costs_two_calls_and_is_503,
    refreshes_are_forced_thirty_seconds_apart_and_twenty_a_day,
    failed_fetch_is_503_for_all_who_waited,
    token_is_fetched_anew_before_it_ends,
);

const CHECK: &str = "/wxa/checksession";

async fn order(client: &TestClient) -> Answer {
    let body = json!({"block_id": blocks::SIXTY});
    client.post("qlive_pay/", body).await
}

/// Thirty orders at once by ten users, half of them on the other instance.
async fn thirty_orders(users: &[TestClient], other: &TestApp) -> Vec<Answer> {
    let on_other: Vec<TestClient> = users.iter().map(|user| user.on_instance(other)).collect();
    let clients = [users, &on_other].concat();
    join_all((0..30).map(|at| order(&clients[at % clients.len()]))).await
}

async fn ten_users(app: &TestApp) -> Vec<TestClient> {
    let mut users = Vec::new();
    for number in 0..10 {
        users.push(app.guest(&format!("user{number}"), Gender::Male).await);
    }
    users
}

/// How many requests for a token there were in plain form, how many forced one, and how many tokens
/// WeChat has issued.
async fn counts(app: &TestApp) -> (u64, u64, u64) {
    let counts = app.sandbox_state().await["access_tokens"].clone();
    let count = |name: &str| counts[name].as_u64().unwrap();
    (count("plain"), count("forced"), count("issued"))
}

async fn thirty_callers_on_two_instances_fetch_one_first_token(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let other = app.second_instance().await;
    let users = ten_users(&app).await;
    for answer in thirty_orders(&users, &other).await {
        answer.ok();
    }
    assert_eq!(counts(&app).await, (1, 0, 1));
}

async fn thirty_callers_with_a_dead_token_force_one(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let other = app.second_instance().await;
    let users = ten_users(&app).await;
    order(&users[0]).await.ok();
    app.sandbox_post("token", json!({"do": "kill"})).await;
    // WeChat takes its time, so that all thirty meet the dead token.
    app.add_fault(json!({"path": "/cgi-bin/", "latency_ms": 300}))
        .await;
    for answer in thirty_orders(&users, &other).await {
        answer.ok();
    }
    assert_eq!(counts(&app).await, (2, 1, 2));
}

async fn thirty_callers_with_a_replaced_token_force_none(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let other = app.second_instance().await;
    let users = ten_users(&app).await;
    order(&users[0]).await.ok();
    app.sandbox_post("token", json!({"do": "renew"})).await;
    for answer in thirty_orders(&users, &other).await {
        answer.ok();
    }
    assert_eq!(counts(&app).await, (2, 0, 2));
}

async fn token_that_stays_refused_costs_two_calls_and_is_503(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    order(&bob).await.ok();
    for code in [40001, 40014, 42001] {
        app.clear_faults().await;
        app.advance(40);
        app.add_fault(json!({"path": CHECK, "errcode": code})).await;
        let (calls, before) = (app.sandbox_calls(CHECK).await, counts(&app).await);
        order(&bob).await.refused(503, "wechat_unavailable");
        assert_eq!(app.sandbox_calls(CHECK).await, calls + 2, "{code}");
        let (plain, forced, issued) = before;
        let after = (plain + 1, forced + 1, issued + 1);
        assert_eq!(counts(&app).await, after, "{code}");
        // A new token may not be forced yet, so the call is not repeated.
        order(&bob).await.refused(503, "wechat_unavailable");
        assert_eq!(app.sandbox_calls(CHECK).await, calls + 3, "{code}");
        assert_eq!(counts(&app).await, (plain + 2, forced + 1, issued + 1));
    }
    app.clear_faults().await;
    order(&bob).await.ok();
}

async fn refreshes_are_forced_thirty_seconds_apart_and_twenty_a_day(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    app.advance_to_noon();
    let other = app.second_instance().await;
    let bob = app.guest("bob", Gender::Male).await;
    let bob_there = bob.on_instance(&other);
    order(&bob).await.ok();
    app.add_fault(json!({"path": CHECK, "errcode": 40001}))
        .await;
    for _ in 0..22 {
        app.advance(33);
        for client in [&bob, &bob_there] {
            order(client).await.refused(503, "wechat_unavailable");
        }
    }
    let (_, forced, issued) = counts(&app).await;
    assert_eq!((forced, issued), (20, 21));
    app.advance(86_400);
    order(&bob).await.refused(503, "wechat_unavailable");
    let (_, forced, _) = counts(&app).await;
    assert_eq!(forced, 21, "the next day has a quota of its own");
}

async fn failed_fetch_is_503_for_all_who_waited(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let other = app.second_instance().await;
    let users = ten_users(&app).await;
    app.add_fault(json!({"path": "/cgi-bin/", "status": 502, "latency_ms": 1500}))
        .await;
    for answer in thirty_orders(&users, &other).await {
        answer.refused(503, "wechat_unavailable");
    }
    let calls = app.sandbox_calls("/cgi-bin/stable_token").await;
    assert!(calls <= 10, "nobody who waited tries again: {calls} calls");
    app.clear_faults().await;
    for answer in thirty_orders(&users, &other).await {
        answer.ok();
    }
}

async fn token_is_fetched_anew_before_it_ends(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    order(&bob).await.ok();
    let calls = || app.sandbox_calls(CHECK);
    for (advance, expected) in [(6_850, (1, 0, 1)), (60, (2, 0, 2)), (400, (2, 0, 2))] {
        app.advance(advance);
        let before = calls().await;
        order(&bob).await.ok();
        assert_eq!(calls().await, before + 1, "WeChat has refused no token");
        assert_eq!(counts(&app).await, expected, "after {advance} s");
    }
    assert_eq!(
        app.sandbox_state().await["access_tokens"]["forced"],
        Value::from(0)
    );
}
