//! Faults on the paths of the vendors.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::support::TestSandbox;
use crate::support::app::run_at_once;

const TOKEN_PATH: &str = "/cgi-bin/stable_token";
const JSAPI_PATH: &str = "/v3/pay/transactions/jsapi";

#[tokio::test]
async fn latency_delays_the_answer() {
    let sandbox = TestSandbox::start();
    let fault = json!({"path": TOKEN_PATH, "latency_ms": 300, "times": 1});
    sandbox.add_fault(fault).await;
    let start = Instant::now();
    let answer = sandbox.request_token(false).await;
    assert!(answer["access_token"].is_string());
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn status_is_answered_instead() {
    let sandbox = TestSandbox::start();
    sandbox
        .add_fault(json!({"path": TOKEN_PATH, "status": 502}))
        .await;
    let answer = sandbox.post(TOKEN_PATH, json!({})).await;
    assert_eq!(answer.status, 502);
    sandbox
        .add_fault(json!({"path": "/v3/", "status": 503}))
        .await;
    let order = sandbox.order("order-1");
    let request = sandbox.merchant_request(Method::POST, JSAPI_PATH, Some(&order));
    assert_eq!(sandbox.send_unverified(request).await.status(), 503);
    assert_eq!(sandbox.state().await["orders"], json!({}));
}

#[tokio::test]
async fn error_code_is_answered_in_the_form_of_the_vendor() {
    let sandbox = TestSandbox::start();
    sandbox
        .add_fault(json!({"path": TOKEN_PATH, "errcode": -1}))
        .await;
    assert_eq!(sandbox.request_token(false).await["errcode"], -1);
    sandbox
        .add_fault(json!({"path": "/v4/", "errcode": 60008}))
        .await;
    let answer = sandbox.create_group("room").await;
    assert_eq!(
        (&answer["ActionStatus"], &answer["ErrorCode"]),
        (&json!("FAIL"), &json!(60008))
    );
    sandbox
        .add_fault(json!({"path": "/", "exact": true, "errcode": "InternalError"}))
        .await;
    let answer = sandbox.post("/", json!({})).await;
    assert_eq!(answer.body["Response"]["Error"]["Code"], "InternalError");
    sandbox
        .add_fault(json!({"path": "/v3/", "errcode": "SYSTEM_ERROR", "status": 500}))
        .await;
    let answer = sandbox.place(&sandbox.order("order-1")).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (500, &json!("SYSTEM_ERROR"))
    );
    let state = sandbox.state().await;
    assert_eq!(
        (&state["orders"], &state["groups"]),
        (&json!({}), &json!({}))
    );
}

/// Whether a request is answered, headers and body.
async fn is_answered(request: reqwest::RequestBuilder) -> bool {
    match request.send().await {
        Ok(response) => response.bytes().await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn dropped_answer_leaves_the_call_done() {
    let sandbox = TestSandbox::start();
    for path in ["/v3/", "/v4/"] {
        let fault = json!({"path": path, "drop_answer": true, "times": 1});
        sandbox.add_fault(fault).await;
    }
    let order = sandbox.order("order-1");
    let request = sandbox.merchant_request(Method::POST, JSAPI_PATH, Some(&order));
    assert!(!is_answered(sandbox.signed_request(request)).await);
    assert_eq!(sandbox.query_order("order-1").await.status, 200);
    let sig = sandbox.pack(&sandbox.admin_sig());
    let url = format!(
        "{}/v4/group_open_http_svc/create_group?sdkappid={}&identifier={}&usersig={sig}&random=7\
         &contenttype=json",
        sandbox.url, sandbox.config.sdk_app_id, sandbox.config.im_admin
    );
    let group = json!({"Type": "AVChatRoom", "GroupId": "room", "Name": "room"});
    assert!(!is_answered(sandbox.http.post(url).json(&group)).await);
    assert_eq!(sandbox.create_group("room").await["ErrorCode"], 10025);
}

#[tokio::test]
async fn tampered_answer_does_not_fit_its_signature() {
    let sandbox = TestSandbox::start();
    sandbox
        .add_fault(json!({"path": "/v3/", "tampered": true}))
        .await;
    let order = sandbox.order("order-1");
    let request = sandbox.merchant_request(Method::POST, JSAPI_PATH, Some(&order));
    let response = sandbox.send_unverified(request).await;
    let headers = response.headers().clone();
    let body = response.text().await.unwrap();
    assert!(body.contains("prepay_id"), "{body}");
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert!(!sandbox.is_signed_by_wechat(header, &body));
}

#[tokio::test]
async fn fault_applies_to_so_many_calls_and_no_more() {
    let sandbox = TestSandbox::start();
    sandbox
        .add_fault(json!({"path": TOKEN_PATH, "errcode": -1, "times": 2}))
        .await;
    let answers = run_at_once((0..6).map(|_| sandbox.request_token(false))).await;
    let struck = answers.iter().filter(|answer| answer["errcode"] == -1);
    assert_eq!(struck.count(), 2);
    assert_eq!(sandbox.state().await["calls"][TOKEN_PATH], 6);
}

#[tokio::test]
async fn exact_fault_spares_longer_paths() {
    let sandbox = TestSandbox::start();
    let fault = json!({"path": "/v4/openim/", "exact": true, "errcode": 1});
    sandbox.add_fault(fault).await;
    let body = json!({"To_Account": []});
    let answer = sandbox.im("openim/query_online_status", body).await;
    assert_eq!(answer["ErrorCode"], 0);
}

#[tokio::test]
async fn faults_apply_in_order_until_they_are_cleared() {
    let sandbox = TestSandbox::start();
    for code in [1, 2] {
        let fault = json!({"path": TOKEN_PATH, "errcode": code, "times": 1});
        sandbox.add_fault(fault).await;
    }
    sandbox
        .add_fault(json!({"path": TOKEN_PATH, "errcode": 3}))
        .await;
    for code in [1, 2, 3, 3] {
        assert_eq!(sandbox.request_token(false).await["errcode"], code);
    }
    let url = format!("{}/sandbox/faults", sandbox.url);
    let cleared = sandbox.http.delete(url).send().await.unwrap();
    assert_eq!(cleared.status(), 204);
    assert!(sandbox.request_token(false).await["access_token"].is_string());
}

#[tokio::test]
async fn fault_with_bad_input_is_400() {
    let sandbox = TestSandbox::start();
    for body in [
        json!({"path": TOKEN_PATH, "times": 0}),
        json!({"status": 500}),
        json!({"path": TOKEN_PATH, "status": "500"}),
        json!({"path": TOKEN_PATH, "latency_ms": -1}),
    ] {
        let answer = sandbox.post("/sandbox/faults", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    assert!(sandbox.request_token(false).await["access_token"].is_string());
}

#[tokio::test]
async fn unknown_kind_or_field_of_a_fault_is_refused() {
    let sandbox = TestSandbox::start();
    for fault in [
        json!({"path": "/pay_notify/", "notice": "none"}),
        json!({"path": "/pay_notify/", "notice": "Lost"}),
        json!({"path": "/pay_notify/", "notice": 1}),
        json!({"path": TOKEN_PATH, "answer": 502}),
    ] {
        let answer = sandbox.post("/sandbox/faults", fault.clone()).await;
        assert_eq!(answer.status, 400, "{fault}");
    }
    for notice in ["lost", "late", "doubled", "reordered", "probe"] {
        let fault = json!({"path": "/pay_notify/", "notice": notice});
        assert_eq!(sandbox.post("/sandbox/faults", fault).await.status, 204);
    }
}
