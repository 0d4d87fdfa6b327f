//! Rate limits: the section `[limits]` of the settings.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    user_above_the_limit_is_429,
    address_above_the_limit_is_429,
    private_and_unreadable_hops_are_limited,
    ipv6_is_limited_by_64_and_by_48,
    private_peer_that_is_no_trusted_proxy_is_not_limited,
    sender_of_invalid_callbacks_is_429,
    valid_callbacks_behind_a_proxy_that_names_nobody_are_read
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

/// A server behind a trusted proxy, with this limit per address.
async fn start_behind_a_proxy(db: TestDb, per_ip_per_second: u32) -> TestApp {
    TestApp::start_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.per_ip_per_second = per_ip_per_second;
        settings.server.trusted_proxies = vec!["::ffff:127.0.0.1".parse().unwrap()];
    })
    .await
}

/// The statuses of requests that come through the proxy with these values of `X-Forwarded-For`.
async fn statuses(app: &TestApp, forwarded: impl Iterator<Item = String>) -> Vec<u16> {
    let mut seen = Vec::new();
    for address in forwarded {
        let url = app.url_of("get_configs/");
        let request = app.http.get(url).header("X-Forwarded-For", address);
        seen.push(request.send().await.unwrap().status().as_u16());
    }
    seen
}

/// The statuses of many requests with the same header.
async fn repeated(app: &TestApp, forwarded: &str) -> Vec<u16> {
    statuses(app, std::iter::repeat_n(forwarded.to_owned(), 20)).await
}

async fn address_above_the_limit_is_429(db: TestDb) {
    let app = start_behind_a_proxy(db, 5).await;
    // Only the last address is trusted; the client could have written the others.
    let seen = repeated(&app, "9.9.9.9, 203.0.113.7").await;
    assert!(seen.contains(&401) && seen.contains(&429), "{seen:?}");
    for same in [
        "203.0.113.7:4711",
        "::ffff:203.0.113.7",
        "[::ffff:203.0.113.7]:1",
    ] {
        let seen = repeated(&app, same).await;
        assert!(seen.contains(&429), "the same address as {same}: {seen:?}");
    }
    let other = statuses(&app, std::iter::once("198.51.100.1".to_owned())).await;
    assert_eq!(other, [401], "another address");
}

async fn private_and_unreadable_hops_are_limited(db: TestDb) {
    let app = start_behind_a_proxy(db, 5).await;
    for hop in [
        "10.0.0.1",
        "203.0.113.7, 192.168.1.1",
        "fd00::1",
        "unknown",
        "203.0.113.7, ?",
    ] {
        let seen = repeated(&app, hop).await;
        assert!(seen.contains(&429), "{hop}: {seen:?}");
    }
    let mut without_header = Vec::new();
    for _ in 0..20 {
        let answer = app.http.get(app.url_of("get_configs/")).send().await;
        without_header.push(answer.unwrap().status().as_u16());
    }
    assert!(without_header.contains(&429), "{without_header:?}");
    let client = statuses(&app, std::iter::once("203.0.113.7".to_owned())).await;
    assert_eq!(
        client,
        [401],
        "an address before an unreadable one is not trusted"
    );
}

async fn ipv6_is_limited_by_64_and_by_48(db: TestDb) {
    let app = start_behind_a_proxy(db, 1).await;
    let one_network = (0..20).map(|host| format!("2001:db8:1:1::{host:x}"));
    let seen = statuses(&app, one_network).await;
    assert!(
        seen.contains(&401) && seen.contains(&429),
        "one /64: {seen:?}"
    );
    let neighbours = (0..200).map(|net| format!("2001:db8:2:{net:x}::1"));
    let seen = statuses(&app, neighbours).await;
    let allowed = seen.iter().filter(|status| **status == 401).count();
    assert!(allowed >= 10, "a /48 has a larger limit: {allowed}");
    assert!(seen.contains(&429), "one /48: {seen:?}");
    let other = statuses(&app, std::iter::once("2001:db8:3:1::1".to_owned())).await;
    assert_eq!(other, [401], "another /48");
}

async fn private_peer_that_is_no_trusted_proxy_is_not_limited(db: TestDb) {
    let app = TestApp::start_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.per_ip_per_second = 1;
    })
    .await;
    assert_eq!(repeated(&app, "203.0.113.7").await, [401; 20]);
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

async fn valid_callbacks_behind_a_proxy_that_names_nobody_are_read(db: TestDb) {
    let app = start_behind_a_proxy(db, 1_000).await;
    let forge = async |forwarded: Option<&str>| {
        let request = app.http.post(app.url_of("live_notify/")).json(&json!({}));
        let request = forwarded.into_iter().fold(request, |request, address| {
            request.header("X-Forwarded-For", address)
        });
        request.send().await.unwrap().status().as_u16()
    };
    for _ in 0..70 {
        forge(None).await;
        forge(Some("unknown")).await;
    }
    assert_eq!(forge(None).await, 429);
    let bob = app.guest("bob", Gender::Male).await;
    let callbacks = app.simulate_client(&bob, json!({"stream": "start"})).await;
    assert_eq!(callbacks[0]["status"], 200, "{callbacks}");
}
