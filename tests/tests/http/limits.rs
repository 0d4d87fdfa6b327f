//! `[limits]`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    a_user_who_hurries_is_slowed,
    an_address_that_hurries_is_slowed,
    forgers_are_slowed
);

async fn a_user_who_hurries_is_slowed(db: TestDb) {
    let house = House::open_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.per_user_per_second = 5;
    })
    .await;
    let (bob, eve) = (
        house.guest("bob", Gender::Male).await,
        house.guest("eve", Gender::Female).await,
    );
    let mut refused = None;
    for _ in 0..20 {
        let answer = bob.get("get_configs/", json!({})).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("twenty calls at once");
    let wait: u32 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=5).contains(&wait));
    refused.refused(429, "too_many_requests");
    eve.get("get_configs/", json!({})).await.ok();
}

async fn an_address_that_hurries_is_slowed(db: TestDb) {
    let house = House::open_with(db, |settings| {
        settings.limits.enabled = true;
        settings.limits.per_ip_per_second = 5;
        settings.server.trusted_proxies = vec![[127, 0, 0, 1].into()];
    })
    .await;
    let from = |address: &'static str| {
        let stranger = house.stranger();
        async move {
            let request = stranger
                .request(reqwest::Method::GET, "get_configs/")
                .header("X-Forwarded-For", address);
            stranger.send("get", "get_configs/", request).await.status
        }
    };
    let mut seen = Vec::new();
    for _ in 0..20 {
        // What stands left of the last hop is the client's own claim.
        seen.push(from("9.9.9.9, 203.0.113.7").await);
    }
    assert!(seen.contains(&401) && seen.contains(&429), "{seen:?}");
    let mut with_port = Vec::new();
    for _ in 0..10 {
        with_port.push(from("203.0.113.7:4711").await);
    }
    assert!(
        with_port.contains(&429),
        "the same with its port: {with_port:?}"
    );
    assert_eq!(from("198.51.100.1").await, 401, "another address");
    assert_eq!(
        from("203.0.113.7, unknown").await,
        401,
        "what stands left of the unknown is a claim"
    );
    for _ in 0..20 {
        assert_eq!(
            from("10.0.0.1").await,
            401,
            "a private peer may be a proxy: no limit"
        );
    }
}

async fn forgers_are_slowed(db: TestDb) {
    let house = House::open(db).await;
    let mut seen = Vec::new();
    for _ in 0..70 {
        seen.push(
            house
                .http
                .post(house.at("live_notify/"))
                .json(&json!({}))
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
        );
    }
    assert_eq!((seen[0], seen[59], seen[69]), (401, 401, 429));
    let bob = house.guest("bob", Gender::Male).await;
    let said = house.play(&bob, json!({"stream": "start"})).await;
    assert_eq!(said[0]["status"], 200, "the genuine are never slowed");
}
