//! Connections: their deadlines, their bounds, and the delay of pipelined requests.

use std::time::Duration;

use qlive_app::BASE_PATH;
use qlive_server::ConnectionLimits;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{RawConnection, TestApp, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    slow_head_is_closed,
    slow_body_is_closed,
    rest_of_a_body_after_its_answer_is_not_awaited,
    idle_connection_is_closed,
    unread_answer_is_closed,
    handler_may_take_longer_than_a_client_may,
    address_above_its_connections_is_refused,
    trusted_proxy_may_have_more_connections,
    full_server_takes_from_the_address_with_the_most,
    pipelined_requests_leave_room_for_others,
    nothing_after_429_is_served,
    nothing_after_a_forged_callback_is_served,
    callback_after_sixty_forged_ones_is_429_unread,
    bytes_that_are_no_request_are_counted,
);

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// Limits that a test can wait for.
fn short_limits() -> ConnectionLimits {
    ConnectionLimits {
        idle: Duration::from_millis(400),
        receive: Duration::from_millis(400),
        answer: Duration::from_millis(400),
        ..ConnectionLimits::default()
    }
}

async fn start_with_short_limits(db: TestDb) -> TestApp {
    TestApp::start_with_limits(db, short_limits(), |_| {}).await
}

async fn closed_count(app: &TestApp, reason: &str) -> u64 {
    let name = format!("qlive_connections_closed_total{{reason=\"{reason}\"}}");
    app.metric(&name).await
}

async fn refused_count(app: &TestApp, reason: &str) -> u64 {
    let name = format!("qlive_connections_refused_total{{reason=\"{reason}\"}}");
    app.metric(&name).await
}

fn post(operation: &str, headers: &str) -> String {
    format!("POST {BASE_PATH}{operation} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}

async fn slow_head_is_closed(db: TestDb) {
    let app = start_with_short_limits(db).await;
    let mut connection = RawConnection::open(&app).await;
    connection.send("GET /healthz HTTP/1.1\r\nHo").await;
    assert_eq!(connection.closed().await, "");
    assert_eq!(closed_count(&app, "slow_request").await, 1);

    let mut connection = RawConnection::open(&app).await;
    connection.send(GET).await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    connection.send("GET /healthz HTTP/1.1\r\nHo").await;
    assert_eq!(connection.closed().await, "", "also the second request");
    assert_eq!(closed_count(&app, "slow_request").await, 2);
}

async fn slow_body_is_closed(db: TestDb) {
    let app = start_with_short_limits(db).await;
    for headers in [
        "Content-Length: 100\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 100\r\nExpect: 100-continue\r\n",
    ] {
        let mut connection = RawConnection::open(&app).await;
        connection.send(post("live_notify/", headers)).await;
        connection.send("1").await;
        let answer = connection.closed().await;
        assert!(!answer.contains("HTTP/1.1 4"), "{headers}: {answer}");
    }
    assert_eq!(closed_count(&app, "slow_request").await, 3);
}

async fn rest_of_a_body_after_its_answer_is_not_awaited(db: TestDb) {
    let app = start_with_short_limits(db).await;
    for headers in ["Content-Length: 9999\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut connection = RawConnection::open(&app).await;
        // Nothing of a request without a token is read.
        connection.send(post("qlive_pay/", headers)).await;
        connection.send("1\r\nx\r\n").await;
        assert_eq!(connection.answer().await.unwrap().status, 401);
        assert_eq!(connection.closed().await, "", "{headers}");
    }
}

async fn idle_connection_is_closed(db: TestDb) {
    let app = start_with_short_limits(db).await;
    let silent = RawConnection::open(&app).await;
    assert_eq!(silent.closed().await, "");
    let mut used = RawConnection::open(&app).await;
    used.send(GET).await;
    assert_eq!(used.answer().await.unwrap().status, 200);
    assert_eq!(used.closed().await, "");
    assert_eq!(closed_count(&app, "slow_request").await, 0);
}

async fn unread_answer_is_closed(db: TestDb) {
    let app = start_with_short_limits(db).await;
    let mut connection = RawConnection::open(&app).await;
    let file = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n";
    connection.send(file).await;
    wait_until("the connection is closed", || async {
        closed_count(&app, "unread_answer").await == 1
    })
    .await;
    // What was sent before is cut off.
    assert!(connection.answer().await.is_none());
}

async fn handler_may_take_longer_than_a_client_may(db: TestDb) {
    let app = start_with_short_limits(db).await;
    app.guest("bob", Gender::Male).await;
    app.add_fault(json!({"path": "/sns/", "latency_ms": 1500}))
        .await;
    let login = json!({"appId": qlive_tests::APP, "code": "bob"});
    let client = app.anonymous_client();
    let answer = client.post("qlive_user/login/", login).await;
    assert_eq!(answer.ok()["status"], 0);
}

async fn address_above_its_connections_is_refused(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.connections_per_ip = 3;
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut connection = RawConnection::open(&app).await;
        connection.send(GET).await;
        assert_eq!(connection.answer().await.unwrap().status, 200);
        held.push(connection);
    }
    let refused = RawConnection::open(&app).await;
    assert_eq!(refused.closed().await, "");
    assert_eq!(refused_count(&app, "address").await, 1);
    let mut other = RawConnection::open_from(&app, [127, 0, 0, 3]).await;
    other.send(GET).await;
    assert_eq!(other.answer().await.unwrap().status, 200);

    drop(held.pop());
    wait_until("a place is free", || async {
        let mut connection = RawConnection::open(&app).await;
        connection.send(GET).await;
        connection.answer().await.is_some()
    })
    .await;
}

async fn trusted_proxy_may_have_more_connections(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.connections_per_ip = 3;
        settings.server.trusted_proxies = vec![[127, 0, 0, 2].into()];
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..10 {
        let mut connection = RawConnection::open(&app).await;
        connection.send(GET).await;
        assert_eq!(connection.answer().await.unwrap().status, 200);
        held.push(connection);
    }
}

async fn full_server_takes_from_the_address_with_the_most(db: TestDb) {
    let app = TestApp::start_with(db, |settings| settings.limits.connections = 6).await;
    let mut held = Vec::new();
    for _ in 0..12 {
        let mut connection = RawConnection::open(&app).await;
        connection.send("GET /healthz HTTP/1.1\r\nHo").await;
        held.push(connection);
    }
    let mut other = RawConnection::open_from(&app, [127, 0, 0, 3]).await;
    other.send(GET).await;
    assert_eq!(other.answer().await.unwrap().status, 200);
    assert!(closed_count(&app, "evicted").await >= 1);
    assert!(refused_count(&app, "full").await >= 1);
}

async fn pipelined_requests_leave_room_for_others(db: TestDb) {
    let limits = ConnectionLimits {
        workers: Some(1),
        ..ConnectionLimits::default()
    };
    let app = TestApp::start_with_limits(db, limits, |_| {}).await;
    let mut user = RawConnection::open(&app).await;
    user.send(GET).await;
    assert_eq!(user.answer().await.unwrap().status, 200);

    let mut flood = RawConnection::open(&app).await;
    flood
        .send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000))
        .await;
    assert_eq!(flood.answer().await.unwrap().status, 404);
    user.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let metrics = user.answer().await.unwrap().body;
    let metrics = String::from_utf8(metrics).unwrap();
    let name = "qlive_requests_total{operation=\"other\",status=\"404\"} ";
    let served = metrics.lines().find_map(|line| line.strip_prefix(name));
    let served: u32 = served.unwrap().parse().unwrap();
    assert!(
        served < 1_000,
        "{served} of 2000 were served before the user"
    );
}

async fn nothing_after_429_is_served(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.per_ip_per_second = 5;
        settings.server.trusted_proxies = vec![[127, 0, 0, 2].into()];
    })
    .await;
    let mut connection = RawConnection::open(&app).await;
    let request = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n";
    connection.send(request.repeat(50)).await;
    let mut answers = Vec::new();
    while let Some(answer) = connection.answer().await {
        answers.push(answer);
    }
    let last = answers.pop().unwrap();
    assert_eq!(last.status, 429);
    assert!(last.head.contains("connection: close"), "{}", last.head);
    assert!(answers.iter().all(|answer| answer.status == 200));
}

async fn nothing_after_a_forged_callback_is_served(db: TestDb) {
    let app = TestApp::start(db).await;
    for operation in ["live_notify/", "im_notify/", "pay_notify/", "wx_notify/"] {
        let mut connection = RawConnection::open(&app).await;
        let forged = format!("{}{{}}", post(operation, "Content-Length: 2\r\n"));
        connection.send(forged.repeat(50)).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!(answer.status, 401, "{operation}");
        assert!(answer.head.contains("connection: close"), "{operation}");
        assert_eq!(connection.closed().await, "", "{operation}");
    }
    assert_eq!(app.callback_count("live", "forged").await, 1);
}

async fn callback_after_sixty_forged_ones_is_429_unread(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.server.trusted_proxies = vec![[127, 0, 0, 2].into()];
    })
    .await;
    let head = |address: &str| {
        let headers = format!("Content-Length: 2\r\nX-Forwarded-For: {address}\r\n");
        post("live_notify/", &headers)
    };
    let mut seen = Vec::new();
    for _ in 0..70 {
        let mut connection = RawConnection::open(&app).await;
        connection
            .send(format!("{}{{}}", head("203.0.113.7")))
            .await;
        seen.push(connection.answer().await.unwrap().status);
    }
    assert_eq!((seen[0], seen[59], seen[69]), (401, 401, 429));
    let counted = app.callback_count("live", "forged").await;
    assert!(counted < 70, "those after the limit are not verified");

    let mut connection = RawConnection::open(&app).await;
    connection.send(head("203.0.113.7")).await;
    let answer = connection.answer().await.unwrap();
    assert_eq!(answer.status, 429, "without a body");
    assert_eq!(app.callback_count("live", "forged").await, counted);
    let mut connection = RawConnection::open(&app).await;
    connection
        .send(format!("{}{{}}", head("203.0.113.8")))
        .await;
    assert_eq!(connection.answer().await.unwrap().status, 401);
}

async fn bytes_that_are_no_request_are_counted(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut connection = RawConnection::open(&app).await;
    connection
        .send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        .await;
    let answer = connection.closed().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    wait_until("the connection is counted", || async {
        closed_count(&app, "no_request").await == 1
    })
    .await;
}
