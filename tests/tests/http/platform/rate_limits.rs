//! Rate limits: the section `[limits]` of the settings.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    user_above_the_limit_is_429,
    address_above_the_limit_is_429,
    sender_of_invalid_callbacks_is_429
);

async fn user_above_the_limit_is_429(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.per_user_per_second = 5;
    })
    .await;
    let (bob, eve) = (
        app.guest("bob", Gender::Male).await,
        app.guest("eve", Gender::Female).await,
    );
    let mut refused = None;
    for _ in 0..20 {
        let answer = bob.get("get_configs/", json!({})).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("one of twenty requests is refused");
    assert!((1..=5).contains(&refused.retry_after()));
    refused.refused(429, "too_many_requests");
    eve.get("get_configs/", json!({})).await.ok();
}

async fn address_above_the_limit_is_429(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.per_ip_per_second = 5;
        settings.server.trusted_proxies = vec![[127, 0, 0, 1].into()];
    })
    .await;
    let from = |address: &'static str| {
        let anonymous = app.anonymous_client();
        async move {
            let request = anonymous
                .request(reqwest::Method::GET, "get_configs/")
                .header("X-Forwarded-For", address);
            anonymous.send("get", "get_configs/", request).await.status
        }
    };
    let mut seen = Vec::new();
    for _ in 0..20 {
        // Only the last address is trusted; the client could have written the others.
        seen.push(from("9.9.9.9, 203.0.113.7").await);
    }
    assert!(seen.contains(&401) && seen.contains(&429), "{seen:?}");
    let mut with_port = Vec::new();
    for _ in 0..10 {
        with_port.push(from("203.0.113.7:4711").await);
    }
    assert!(
        with_port.contains(&429),
        "the same address with a port: {with_port:?}"
    );
    assert_eq!(from("198.51.100.1").await, 401, "another address");
    assert_eq!(
        from("203.0.113.7, unknown").await,
        401,
        "an address before an unknown one is not trusted"
    );
    for _ in 0..20 {
        assert_eq!(
            from("10.0.0.1").await,
            401,
            "a private address may be a proxy and has no limit"
        );
    }
}

async fn sender_of_invalid_callbacks_is_429(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut seen = Vec::new();
    for _ in 0..70 {
        seen.push(
            app.http
                .post(app.url_of("live_notify/"))
                .json(&json!({}))
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
        );
    }
    assert_eq!((seen[0], seen[59], seen[69]), (401, 401, 429));
    let bob = app.guest("bob", Gender::Male).await;
    let callbacks = app.simulate_client(&bob, json!({"stream": "start"})).await;
    assert_eq!(
        callbacks[0]["status"], 200,
        "valid callbacks are never refused"
    );
}
