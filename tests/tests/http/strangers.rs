//! Every operation turns strangers away, or is on the short list of those that need not.

use qlive_server::{Access, operations};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    strangers_are_turned_away,
    nobody_lets_strangers_in_but_these,
    a_token_opens_the_door
);

/// May only shrink.
const OPEN: [&str; 2] = ["login", "register"];
/// These verify a signature instead, and have tests of their own for that.
const SIGNED: [&str; 5] = [
    "im_notify",
    "live_notify",
    "pay_notify",
    "wx_verify",
    "wx_notify",
];

async fn strangers_are_turned_away(db: TestDb) {
    let house = House::open(db).await;
    let stranger = house.stranger();
    let guarded: Vec<_> = operations()
        .iter()
        .filter(|operation| operation.access == Access::Token)
        .collect();
    assert!(guarded.len() >= 20, "{}", guarded.len());
    for operation in guarded {
        for header in [
            None,
            Some(""),
            Some("QLiveToken"),
            Some("QLiveToken x"),
            Some("Bearer 0000000000000000000000000000000000000000"),
            Some("QLiveToken 0000000000000000000000000000000000000000"),
            Some("QLiveToken 00000000000000000000000000000000000000000000"),
            Some("QLiveToken 000000000000000000000000000000000000000G"),
        ] {
            for path in [operation.path, operation.path.trim_end_matches('/')] {
                let method = if operation.method.is_post() {
                    reqwest::Method::POST
                } else {
                    reqwest::Method::GET
                };
                let mut request = stranger.request(method.clone(), path);
                if let Some(header) = header {
                    request = request.header("Authorization", header);
                }
                let answer = stranger
                    .send(&method.as_str().to_lowercase(), path, request)
                    .await;
                assert_eq!(
                    answer.headers["www-authenticate"], "QLiveToken",
                    "{}",
                    operation.name
                );
                answer.refused(401, "unauthorized");
            }
        }
    }
}

async fn nobody_lets_strangers_in_but_these(_: TestDb) {
    for operation in operations() {
        let expected = match operation.name {
            name if OPEN.contains(&name) => Access::Open,
            name if SIGNED.contains(&name) => Access::Callback,
            _ => Access::Token,
        };
        assert_eq!(operation.access, expected, "{}", operation.name);
    }
}

async fn a_token_opens_the_door(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    for operation in operations()
        .iter()
        .filter(|operation| operation.access == Access::Token)
    {
        let answer = if operation.method.is_post() {
            bob.post(operation.path, json!({})).await
        } else {
            bob.get(operation.path, json!({})).await
        };
        assert_ne!(answer.status, 401, "{}", operation.name);
        assert!(answer.status < 500, "{}: {}", operation.name, answer.body);
    }
}
