//! Access: every operation needs a token, except a short list.

use qlive_server::{Access, operations};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::TestApp;
use qlive_types::Gender;
use serde_json::json;

on_both!(
    request_without_a_valid_token_is_401,
    only_the_listed_operations_need_no_token,
    request_with_a_token_is_not_401
);

/// The operations that anybody may call. This list may only shrink.
const OPEN: [&str; 2] = ["login", "register"];
/// The callbacks, which verify a signature instead; `callbacks` tests that.
const SIGNED: [&str; 5] = [
    "im_notify",
    "live_notify",
    "pay_notify",
    "wx_verify",
    "wx_notify",
];

async fn request_without_a_valid_token_is_401(db: TestDb) {
    let app = TestApp::start(db).await;
    let anonymous = app.anonymous_client();
    let protected: Vec<_> = operations()
        .iter()
        .filter(|operation| operation.access == Access::Token)
        .collect();
    assert!(protected.len() >= 20, "{}", protected.len());
    for operation in protected {
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
                let mut request = anonymous.request(method.clone(), path);
                if let Some(header) = header {
                    request = request.header("Authorization", header);
                }
                let answer = anonymous
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

async fn only_the_listed_operations_need_no_token(_: TestDb) {
    for operation in operations() {
        let expected = match operation.name {
            name if OPEN.contains(&name) => Access::Open,
            name if SIGNED.contains(&name) => Access::Callback,
            _ => Access::Token,
        };
        assert_eq!(operation.access, expected, "{}", operation.name);
    }
}

async fn request_with_a_token_is_not_401(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
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
