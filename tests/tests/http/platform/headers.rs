//! Headers that protect answers: no cache for what is a user's own, no guessing of types, no
//! framing, and pages that load nothing but their own files.

use qlive_app::BASE_PATH;
use qlive_server::operations;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{Stage, TestApp};
use qlive_types::Gender;
use reqwest::header::HeaderMap;
use serde_json::json;

on_both!(
    answers_with_a_token_a_user_sig_or_a_balance_are_not_stored,
    every_answer_has_nosniff_and_only_public_lists_may_be_stored,
    pages_have_a_policy_and_cannot_be_framed,
    explorer_works_under_its_policy,
);

/// The operations whose successful answers may be stored: they are the same for every user.
const PUBLIC_LISTS: [&str; 4] = ["get_configs", "get_livelist", "get_gifts", "get_blocks"];

async fn answers_with_a_token_a_user_sig_or_a_balance_are_not_stored(db: TestDb) {
    let app = TestApp::start(db).await;
    let Stage { host, live, .. } = app.open_stage().await;
    let bob = app.guest("bob", Gender::Male).await;
    app.grant(&bob, 100).await;
    let gift = app.add_gift("rose", 1).await;
    let code = json!({"appId": qlive_tests::APP, "code": "bob"});
    let given = json!({"user_id": host.user_id, "gift_id": gift, "num": 1});
    let answers = [
        ("token", bob.post("qlive_user/login/", code.clone()).await),
        ("user_sign", bob.post("qlive_user/", code).await),
        ("gold", bob.get("qlive_user/get_userinfo/", json!({})).await),
        (
            "gold",
            bob.post("qlive_user/update_userinfo/", json!({})).await,
        ),
        ("results", bob.get("qlive_user/wallet/", json!({})).await),
        ("gold", bob.get("qlive_gift/push_gift/", given).await),
        (
            "push_url",
            host.post("qlive_room/matchmaker_enter/", json!({})).await,
        ),
        ("live_id", bob.enter(&live).await),
        (
            "out_trade_no",
            bob.post("qlive_pay/", json!({"block_id": 1})).await,
        ),
    ];
    for (field, answer) in answers {
        assert_eq!(answer.headers["cache-control"], "no-store", "{field}");
        let body = answer.ok().to_string();
        assert!(body.contains(field), "{field}: {body}");
    }
}

fn is_not_stored(headers: &HeaderMap) -> bool {
    headers
        .get("cache-control")
        .is_some_and(|value| value == "no-store")
}

async fn every_answer_has_nosniff_and_only_public_lists_may_be_stored(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for client in [&bob, &app.anonymous_client()] {
        for operation in operations() {
            let method = if operation.method.is_post() {
                reqwest::Method::POST
            } else {
                reqwest::Method::GET
            };
            let answer = client.request(method, operation.path).send().await.unwrap();
            let may_be_stored = answer.status() == 200 && PUBLIC_LISTS.contains(&operation.name);
            let headers = answer.headers();
            assert_eq!(is_not_stored(headers), !may_be_stored, "{}", operation.name);
            assert_eq!(
                headers["x-content-type-options"], "nosniff",
                "{}",
                operation.name
            );
        }
    }
    // The path may be written in another way.
    let answer = bob.request(reqwest::Method::GET, "qlive_user/get_useri%6Efo/");
    let answer = answer.send().await.unwrap();
    assert!(answer.status() == 200 && is_not_stored(answer.headers()));
}

async fn pages_have_a_policy_and_cannot_be_framed(db: TestDb) {
    let app = TestApp::start(db).await;
    let unknown = format!("{BASE_PATH}nowhere/");
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/docs/",
        "/docs/swagger-ui.css",
        "/docs/nowhere",
        "/nowhere",
        &unknown,
    ] {
        let answer = app
            .http
            .get(format!("{}{path}", app.url))
            .send()
            .await
            .unwrap();
        let headers = answer.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{path}: {policy}"
        );
        let is_static = path.starts_with("/docs") || path == "/openapi.json";
        let may_be_stored = is_static && answer.status() == 200;
        assert_eq!(is_not_stored(headers), !may_be_stored, "{path}");
    }
}

async fn explorer_works_under_its_policy(db: TestDb) {
    let app = TestApp::start(db).await;
    let answer = app
        .http
        .get(format!("{}/docs/", app.url))
        .send()
        .await
        .unwrap();
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    for source in [
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
    ] {
        assert!(policy.contains(source), "{policy}");
    }
    let page = answer.text().await.unwrap();
    let initializer = app.page("/docs/swagger-initializer.js").await;
    assert!(
        initializer.contains(r#""validatorUrl": "none""#),
        "the badge of another host: {initializer}"
    );
    assert!(initializer.contains("/openapi.json"), "{initializer}");
    for script in page.split("<script").skip(1) {
        let (attributes, rest) = script.split_once('>').unwrap();
        assert!(
            attributes.contains("src="),
            "a script in the page: {attributes}"
        );
        let (text, _) = rest.split_once("</script>").unwrap();
        assert_eq!(text.trim(), "", "a script in the page");
    }
    for inline in [
        "<style",
        " style=",
        " onload=",
        " onclick=",
        "javascript:",
        "http://",
        "https://",
    ] {
        assert!(!page.contains(inline), "{inline} in the page");
    }
}
