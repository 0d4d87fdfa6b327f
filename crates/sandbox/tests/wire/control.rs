//! The control paths in general. Their effects are tested beside the systems that they act on.

use serde_json::json;

use crate::support::TestSandbox;

#[tokio::test]
async fn state_of_a_new_sandbox_is_empty() {
    let sandbox = TestSandbox::start();
    let expected = json!({"accounts": {}, "groups": {}, "kicked": [], "stream_orders": [],
        "calls": {}, "access_tokens": {"plain": 0, "forced": 0, "issued": 0},
        "orders": {}, "refunds": {}, "transfers": {}, "notices": []});
    assert_eq!(sandbox.state().await, expected);
    assert!(sandbox.messages("").await.is_empty());
}

#[tokio::test]
async fn request_for_another_host_is_refused() {
    let sandbox = TestSandbox::start();
    let port = sandbox.url.rsplit_once(':').unwrap().1;
    let answer = async |path: &str, host: String| {
        let request = sandbox.http.get(format!("{}{path}", sandbox.url));
        let answer = request.header("Host", host).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for path in [
        "/sandbox/papers",
        "/sandbox/state",
        "/sns/jscode2session",
        "/nowhere",
    ] {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "localhost:x@evil.example",
        ] {
            for host in [host.to_owned(), format!("{host}:{port}")] {
                let (status, body) = answer(path, host.clone()).await;
                assert_eq!(status, 421, "{path} {host}: {body}");
                assert!(!body.contains("PRIVATE KEY"), "{path} {host}");
            }
        }
    }
    for host in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            assert_eq!(
                answer("/sandbox/state", host.clone()).await.0,
                200,
                "{host}"
            );
        }
    }
}

#[tokio::test]
async fn two_sandboxes_share_keys_but_no_state() {
    let (first, second) = (TestSandbox::start(), TestSandbox::start());
    first.create_group("room").await;
    assert_eq!(second.state().await["groups"], json!({}));
    let (first, second) = (&first.credentials, &second.credentials);
    assert_eq!(first.merchant_key, second.merchant_key);
}

#[tokio::test]
async fn dropped_sandbox_stops_answering() {
    let sandbox = TestSandbox::start();
    let (url, http) = (sandbox.url.clone(), sandbox.http.clone());
    drop(sandbox);
    for _ in 0..100 {
        if http
            .get(format!("{url}/sandbox/state"))
            .send()
            .await
            .is_err()
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it still answers");
}

#[tokio::test]
async fn body_that_is_no_json_is_400() {
    let sandbox = TestSandbox::start();
    for path in [
        "bills",
        "faults",
        "say",
        "clients/alice",
        "notices",
        "pushes",
        "push",
        "refunds",
        "refunds/1",
        "transfers/1",
        "pay/1",
        "pay/1/refund",
    ] {
        let request = sandbox
            .http
            .post(format!("{}/sandbox/{path}", sandbox.url))
            .header("Content-Type", "application/json")
            .body("{");
        assert_eq!(request.send().await.unwrap().status(), 400, "{path}");
    }
}

#[tokio::test]
async fn unknown_path_is_404() {
    let sandbox = TestSandbox::start();
    assert_eq!(sandbox.get("/sandbox/nothing").await.status, 404);
    assert_eq!(sandbox.get("/nothing").await.status, 404);
}
