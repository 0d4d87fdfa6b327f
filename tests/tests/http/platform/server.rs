//! The server itself: health, readiness, metrics, the API explorer, trace ids and shutdown.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    health_and_readiness_are_ok_without_wechat_and_tencent,
    metrics_count_requests_rooms_callbacks_and_errors,
    api_explorer_loads_nothing_from_other_hosts,
    api_explorer_is_compressed_and_cached,
    answer_carries_a_trace_id,
    stopping_server_answers_requests_in_progress,
);

async fn get_page(app: &TestApp, path: &str) -> (u16, String) {
    let answer = app.http.get(format!("{}{path}", app.url)).send().await;
    let answer = answer.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn health_and_readiness_are_ok_without_wechat_and_tencent(db: TestDb) {
    let app = TestApp::start(db).await;
    app.add_fault(json!({"path": "/", "status": 500})).await;
    assert_eq!(get_page(&app, "/healthz").await, (200, "ok".into()));
    assert_eq!(
        get_page(&app, "/readyz").await,
        (200, "ok".into()),
        "readiness does not depend on WeChat and Tencent"
    );
}

async fn metrics_count_requests_rooms_callbacks_and_errors(db: TestDb) {
    let app = TestApp::start(db).await;
    let live = app.open_stage().await.live;
    let bob = app.guest_on_mic(&live, "bob", Gender::Male).await;
    bob.enter(&json!(999)).await.refused(404, "unknown_room");
    app.simulate_client(&bob, json!({"stream": "start"})).await;
    app.add_fault(json!({"path": "/v4/", "status": 500, "times": 1}))
        .await;
    bob.leave(&live).await.ok();
    app.wait_for_outbox().await;
    let metrics = app.page("/metrics").await;
    for line in [
        "qlive_requests_total{operation=\"accept_micro\",status=\"200\"} 1",
        "qlive_requests_total{operation=\"get_playurl\",status=\"404\"} 1",
        "qlive_request_seconds_count{operation=\"apply_micro\"} 1",
        "qlive_rooms_live 1",
        "qlive_people_present 1",
        "qlive_outbox_oldest_seconds 0",
        "qlive_callbacks_total{kind=\"live start\",verdict=\"accepted\"} 1",
        "qlive_upstream_errors_total{system=\"im\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

async fn api_explorer_loads_nothing_from_other_hosts(db: TestDb) {
    let app = TestApp::start(db).await;
    let (status, page) = get_page(&app, "/docs").await;
    assert_eq!(status, 200);
    let pieces: Vec<&str> = page
        .split(['"', '\''])
        .filter(|piece| piece.ends_with(".js") || piece.ends_with(".css"))
        .collect();
    assert!(!pieces.is_empty());
    for piece in pieces {
        assert!(!piece.contains("//"), "{piece} is loaded from another host");
        let path = format!("/docs/{}", piece.trim_start_matches("./"));
        assert_eq!(get_page(&app, &path).await.0, 200, "{path}");
    }
}

async fn api_explorer_is_compressed_and_cached(db: TestDb) {
    let app = TestApp::start(db).await;
    let get = |path: &str, headers: [(&'static str, String); 2]| {
        let [(first, value), (second, other)] = headers;
        let request = app.http.get(format!("{}{path}", app.url));
        request.header(first, value).header(second, other).send()
    };
    let accepts = |coding: &str| ("Accept-Encoding", coding.to_owned());
    let knows = |etag: &str| ("If-None-Match", etag.to_owned());
    for path in ["/openapi.json", "/docs/", "/docs/swagger-ui-bundle.js"] {
        let plain = get(path, [accepts("identity"), knows("\"x\"")])
            .await
            .unwrap();
        assert_eq!(plain.status(), 200, "{path}");
        assert!(!plain.headers().contains_key("content-encoding"));
        let plain = plain.bytes().await.unwrap();
        let gzip = get(path, [accepts("br, gzip"), knows("\"x\"")])
            .await
            .unwrap();
        assert_eq!(gzip.headers()["content-encoding"], "gzip", "{path}");
        let etag = gzip.headers()["etag"].to_str().unwrap().to_owned();
        assert!(gzip.bytes().await.unwrap().len() < plain.len(), "{path}");
        let again = get(path, [accepts("gzip"), knows(&etag)]).await.unwrap();
        assert_eq!(again.status(), 304, "{path}");
        let head = app
            .http
            .head(format!("{}{path}", app.url))
            .send()
            .await
            .unwrap();
        assert_eq!(head.status(), 200, "{path}");
        assert_eq!(head.headers()["content-length"], plain.len().to_string());
    }
    assert_eq!(get_page(&app, "/docs/nothing.js").await.0, 404);
}

async fn answer_carries_a_trace_id(db: TestDb) {
    let app = TestApp::start(db).await;
    let trace_id = |id: Option<&'static str>| {
        let mut request = app.http.get(format!("{}/healthz", app.url));
        if let Some(id) = id {
            request = request.header("X-Request-Id", id);
        }
        async {
            request.send().await.unwrap().headers()["x-request-id"]
                .to_str()
                .unwrap()
                .to_owned()
        }
    };
    assert_eq!(trace_id(Some("from-the-proxy_1")).await, "from-the-proxy_1");
    assert_eq!(trace_id(None).await.len(), 16);
    assert_eq!(trace_id(Some("not sane!")).await.len(), 16);
}

async fn stopping_server_answers_requests_in_progress(db: TestDb) {
    let app = TestApp::start(db).await;
    app.guest("bob", Gender::Male).await;
    app.add_fault(json!({"path": "/sns/", "latency_ms": 1500}))
        .await;
    let login = json!({"appId": qlive_tests::APP, "code": "bob"});
    let client = app.anonymous_client();
    let answer = tokio::spawn(async move { client.post("qlive_user/login/", login).await });
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    app.close().await;
    assert_eq!(answer.await.unwrap().ok()["status"], 0);
}
