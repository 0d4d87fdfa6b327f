//! HEAD answers the headers of GET without a body, but for a GET that changes state.

use qlive_server::{Verb, operations};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp, TestClient};
use qlive_types::Gender;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;

on_both!(
    head_answers_the_headers_of_get_without_a_body,
    head_of_a_page_answers_the_headers_of_its_get,
    head_does_not_run_a_get_that_changes_state,
    connection_is_in_step_after_head,
);

/// The headers that two answers to the same request have in common.
fn comparable(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in ["date", "x-request-id", "retry-after"] {
        headers.remove(name);
    }
    headers
}

async fn send(client: &TestClient, method: Method, path: &str) -> (u16, HeaderMap, String) {
    let answer = client.request(method, path).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), comparable(answer.headers()));
    (status, headers, answer.text().await.unwrap())
}

/// GET and HEAD of a path within one second: the length of a UserSig depends on its second.
async fn get_and_head(
    app: &TestApp,
    client: &TestClient,
    path: &str,
) -> [(u16, HeaderMap, String); 2] {
    loop {
        let second = app.clock.now().secs();
        let get = send(client, Method::GET, path).await;
        let head = send(client, Method::HEAD, path).await;
        if app.clock.now().secs() == second {
            return [get, head];
        }
    }
}

async fn head_answers_the_headers_of_get_without_a_body(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut succeeded = 0;
    for operation in operations().iter().filter(|row| row.method == Verb::Get) {
        for client in [&bob, &app.anonymous_client()] {
            let [get, head] = get_and_head(&app, client, operation.path).await;
            assert_eq!((head.0, &head.1), (get.0, &get.1), "{}", operation.name);
            assert_eq!(head.2, "", "{}", operation.name);
            assert_eq!(head.1["content-length"], get.2.len().to_string().as_str());
            succeeded += usize::from(head.0 == 200);
        }
    }
    assert!(succeeded >= 7, "{succeeded}");
}

async fn head_of_a_page_answers_the_headers_of_its_get(db: TestDb) {
    let app = TestApp::start(db).await;
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs/",
        "/nowhere",
    ] {
        let url = format!("{}{path}", app.url);
        let get = app.http.get(&url).send().await.unwrap();
        let head = app.http.head(&url).send().await.unwrap();
        assert_eq!(head.status(), get.status(), "{path}");
        let (mut of_head, mut of_get) = (comparable(head.headers()), comparable(get.headers()));
        if path == "/metrics" {
            // The request itself was counted in between.
            of_head.remove("content-length");
            of_get.remove("content-length");
        }
        assert_eq!(of_head, of_get, "{path}");
        assert_eq!(head.text().await.unwrap(), "", "{path}");
    }
}

async fn head_does_not_run_a_get_that_changes_state(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let gift = app.add_gift("rose", 1).await;
    let bob = app.guest("bob", Gender::Male).await;
    app.grant(&bob, 100).await;
    let host_id = &host.user_id;
    let enter = format!("get_playurl/?live_id={live}");
    let give = format!("qlive_gift/push_gift/?user_id={host_id}&gift_id={gift}&num=1");
    for path in [&enter, &give, &enter.replace("playurl", "play%75rl")] {
        assert_eq!(send(&bob, Method::HEAD, path).await.0, 405, "{path}");
    }
    assert_eq!(bob.balances().await.0, 100);
    assert_eq!(bob.user_type().await, 0, "not in the room");
    bob.enter(&live).await.ok();
    for operation in operations().iter().filter(|row| row.method != Verb::Get) {
        if operations()
            .iter()
            .any(|row| row.path == operation.path && row.method == Verb::Get)
        {
            continue;
        }
        let path = format!("{}?live_id={live}", operation.path);
        let (status, _, body) = send(&bob, Method::HEAD, &path).await;
        assert_eq!((status, body.as_str()), (405, ""), "{}", operation.name);
    }
    bob.apply(&live).await.ok();
}

async fn connection_is_in_step_after_head(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for _ in 0..5 {
        assert_eq!(send(&bob, Method::HEAD, "get_livelist/").await.2, "");
        assert_eq!(bob.get("get_configs/", json!({})).await.status, 200);
        assert_eq!(send(&bob, Method::HEAD, "get_playurl/").await.0, 405);
    }
}
