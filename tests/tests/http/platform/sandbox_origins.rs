//! Which pages of a browser may call the sandbox, and how a client receives IM there.

use std::time::Duration;

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient};
use qlive_types::Gender;
use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

on_both!(
    pages_of_the_server_may_call_the_sandbox_and_others_may_not,
    stream_brings_messages_and_its_end_is_a_lost_connection,
    lost_connection_ends_the_stream,
    stream_with_the_signature_of_another_user_is_refused,
    named_origin_may_call_the_api_and_the_sandbox,
);

async fn pages_of_the_server_may_call_the_sandbox_and_others_may_not(db: TestDb) {
    let app = TestApp::start(db).await;
    let faults = format!("{}/sandbox/faults", app.sandbox);
    let own = [app.url.clone(), app.url.replace("127.0.0.1", "localhost")];
    for origin in &own {
        let preflight = app
            .http
            .request(Method::OPTIONS, &faults)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = preflight.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{origin}");
        let allowed = &answer.headers()["access-control-allow-origin"];
        assert_eq!(allowed, origin.as_str());
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let request = app.http.post(&faults).header("origin", origin);
        let answer = request.json(&json!({"path": "/v4/", "status": 500})).send();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 400, "{origin}");
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
    let calls = app.sandbox_state().await["calls"].clone();
    let Stage { group, .. } = app.open_stage().await;
    assert!(!group.is_empty(), "no fault was switched on: {calls}");
}

/// Logs in to IM, and returns the stream of the events.
async fn stream(app: &TestApp, client: &TestClient) -> reqwest::Response {
    let profile = client.get("qlive_user/get_userinfo/", json!({})).await.ok();
    let query = [
        ("account", client.user_id.as_str()),
        ("user_sig", profile["user_sig"].as_str().unwrap()),
    ];
    let request = app.http.get(format!("{}/sandbox/events", app.sandbox));
    request.query(&query).send().await.unwrap()
}

async fn stream_brings_messages_and_its_end_is_a_lost_connection(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut events = stream(&app, &host).await;
    let mut text = String::new();
    bob.enter(&live).await.ok();
    bob.apply(&live).await.ok();
    let came = timeout(Duration::from_secs(10), async {
        while !text.contains(r#"\"type\":\"num\""#) {
            let piece = events.chunk().await.unwrap().unwrap();
            text.push_str(&String::from_utf8_lossy(&piece));
        }
    });
    assert!(came.await.is_ok(), "{text}");
    assert!(text.starts_with("event: ready\n"), "{text}");
    drop(events);
    qlive_tests::wait_until("the host counts as gone", async || {
        let seen = bob.enter(&live).await.ok();
        seen["owner"] == json!({})
    })
    .await;
}

async fn lost_connection_ends_the_stream(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut events = stream(&app, &bob).await;
    app.simulate_client(&bob, json!({"im": "lost"})).await;
    let ended = timeout(Duration::from_secs(10), async {
        while events.chunk().await.unwrap().is_some() {}
    });
    assert!(ended.await.is_ok());
}

async fn stream_with_the_signature_of_another_user_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let eve = app.guest("eve", Gender::Female).await;
    let profile = eve.get("qlive_user/get_userinfo/", json!({})).await.ok();
    let query = [
        ("account", bob.user_id.as_str()),
        ("user_sig", profile["user_sig"].as_str().unwrap()),
    ];
    let request = app.http.get(format!("{}/sandbox/events", app.sandbox));
    let answer = request.query(&query).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}

async fn named_origin_may_call_the_api_and_the_sandbox(db: TestDb) {
    let named = "http://192.168.1.5:5173";
    let app = TestApp::start_with(db, |settings| {
        settings.sandbox.origins = vec![named.to_owned()];
    })
    .await;
    let list = app.url_of("get_livelist/");
    for (origin, is_allowed) in [(named, true), ("http://192.168.1.6:5173", false)] {
        let preflight = app
            .http
            .request(Method::OPTIONS, &list)
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        let call = app.http.get(&list).header("origin", origin);
        let sandbox = app.http.get(format!("{}/sandbox/state", app.sandbox));
        for request in [preflight, call, sandbox.header("origin", origin)] {
            let answer = request.send().await.unwrap();
            let allowed = answer.headers().get("access-control-allow-origin");
            let allowed = allowed.map(|value| value.to_str().unwrap());
            assert_eq!(allowed, is_allowed.then_some(origin), "{}", answer.url());
        }
    }
}
