//! Refunds of WeChat Pay.

use serde_json::json;

use crate::support::TestSandbox;
use crate::support::app::run_at_once;

async fn query_refund(sandbox: &TestSandbox, out_refund_no: &str) -> serde_json::Value {
    let path = format!("/v3/refund/domestic/refunds/{out_refund_no}");
    sandbox.merchant_get(&path).await.body
}

#[tokio::test]
async fn refund_succeeds_and_is_reported() {
    let sandbox = TestSandbox::start();
    sandbox.place_and_pay("order-1").await;
    let refund = sandbox.refund("order-1", "refund-1", 200);
    let answer = sandbox.request_refund(&refund).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("PROCESSING"))
    );
    let callbacks = sandbox.receiver.wait_for(2).await;
    assert_eq!(callbacks[1].path, "/refunded");
    let (event, details) = sandbox.open_notice(&callbacks[1]);
    assert_eq!(event, "REFUND.SUCCESS");
    assert_eq!(details["refund_status"], "SUCCESS");
    assert_eq!(details["mchid"], sandbox.config.mchid);
    assert_eq!(details["amount"]["refund"], 200);
    assert_eq!(
        query_refund(&sandbox, "refund-1").await["status"],
        "SUCCESS"
    );
    let order = sandbox.query_order("order-1").await.body;
    assert_eq!(order["trade_state"], "REFUND");
}

#[tokio::test]
async fn refund_requested_again_is_the_same_refund() {
    let sandbox = TestSandbox::start();
    sandbox.place_and_pay("order-1").await;
    let refund = sandbox.refund("order-1", "refund-1", 200);
    let answers = run_at_once((0..4).map(|_| sandbox.request_refund(&refund))).await;
    let refund_id = answers[0].body["refund_id"].clone();
    assert!(refund_id.is_string());
    for answer in &answers {
        assert_eq!(answer.body["refund_id"], refund_id);
    }
    let other = sandbox.refund("order-1", "refund-1", 300);
    let answer = sandbox.request_refund(&other).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (400, &json!("INVALID_REQUEST"))
    );
    sandbox.receiver.assert_stays_at(2).await;
}

#[tokio::test]
async fn refunds_at_once_never_exceed_the_order() {
    let sandbox = TestSandbox::start();
    sandbox.place_and_pay("order-1").await;
    let refunds: Vec<_> = (0..5)
        .map(|number| sandbox.refund("order-1", &format!("refund-{number}"), 250))
        .collect();
    let answers = run_at_once(refunds.iter().map(|refund| sandbox.request_refund(refund))).await;
    let accepted = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(accepted.count(), 2);
    let refused = answers
        .iter()
        .filter(|answer| answer.body["code"] == "PARAM_ERROR");
    assert_eq!(refused.count(), 3);
}

#[tokio::test]
async fn refund_that_does_not_fit_is_refused() {
    let sandbox = TestSandbox::start();
    sandbox.place_and_pay("order-1").await;
    sandbox.place(&sandbox.order("order-2")).await;
    let mut wrong_total = sandbox.refund("order-1", "refund-1", 100);
    wrong_total["amount"]["total"] = json!(100);
    let long_number = "r".repeat(65);
    for (refund, status, code) in [
        (
            sandbox.refund("order-3", "refund-1", 100),
            404,
            "RESOURCE_NOT_EXISTS",
        ),
        (
            sandbox.refund("order-2", "refund-1", 100),
            400,
            "INVALID_REQUEST",
        ),
        (sandbox.refund("order-1", "", 100), 400, "INVALID_REQUEST"),
        (
            sandbox.refund("order-1", &long_number, 100),
            400,
            "INVALID_REQUEST",
        ),
        (sandbox.refund("order-1", "refund-1", 0), 400, "PARAM_ERROR"),
        (
            sandbox.refund("order-1", "refund-1", 601),
            400,
            "PARAM_ERROR",
        ),
        (wrong_total, 400, "PARAM_ERROR"),
    ] {
        let answer = sandbox.request_refund(&refund).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (status, &json!(code)),
            "{refund}"
        );
    }
    let answer = query_refund(&sandbox, "refund-1").await;
    assert_eq!(answer["code"], "RESOURCE_NOT_EXISTS");
}

#[tokio::test]
async fn held_refund_waits_for_its_decision() {
    let sandbox = TestSandbox::start();
    sandbox.place_and_pay("order-1").await;
    sandbox.control("refunds", json!({"hold": true})).await;
    for (number, decision, event) in [
        ("refund-1", "closed", "REFUND.CLOSED"),
        ("refund-2", "abnormal", "REFUND.ABNORMAL"),
        ("refund-3", "success", "REFUND.SUCCESS"),
    ] {
        let before = sandbox.receiver.callbacks().len();
        let refund = sandbox.refund("order-1", number, 200);
        assert_eq!(sandbox.request_refund(&refund).await.status, 200);
        let details = query_refund(&sandbox, number).await;
        assert_eq!(details["status"], "PROCESSING");
        let path = format!("refunds/{number}");
        sandbox.control(&path, json!({"do": decision})).await;
        let callbacks = sandbox.receiver.wait_for(before + 1).await;
        assert_eq!(sandbox.open_notice(&callbacks[before]).0, event);
    }
}

#[tokio::test]
async fn refund_decided_by_many_at_once_succeeds_once() {
    let sandbox = TestSandbox::start();
    sandbox.place_and_pay("order-1").await;
    sandbox.control("refunds", json!({"hold": true})).await;
    let refund = sandbox.refund("order-1", "refund-1", 200);
    sandbox.request_refund(&refund).await;
    let decide = || sandbox.post("/sandbox/refunds/refund-1", json!({"do": "success"}));
    let answers = run_at_once((0..5).map(|_| decide())).await;
    let decided = answers.iter().filter(|answer| answer.status == 204);
    assert_eq!(decided.count(), 1);
    let refused = answers.iter().filter(|answer| answer.status == 409);
    assert_eq!(refused.count(), 4);
    sandbox.receiver.assert_stays_at(2).await;
}

#[tokio::test]
async fn decided_refund_is_not_decided_again() {
    let sandbox = TestSandbox::start();
    sandbox.place_and_pay("order-1").await;
    sandbox.control("refunds", json!({"hold": true})).await;
    for (number, decisions) in [
        ("refund-1", ["closed", "closed", "success", "abnormal"]),
        ("refund-2", ["success", "success", "closed", "abnormal"]),
    ] {
        sandbox
            .request_refund(&sandbox.refund("order-1", number, 200))
            .await;
        let before = sandbox.receiver.callbacks().len();
        for (at, decision) in decisions.into_iter().enumerate() {
            let path = format!("/sandbox/refunds/{number}");
            let answer = sandbox.post(&path, json!({"do": decision})).await;
            let expected = if at == 0 { 204 } else { 409 };
            assert_eq!(answer.status, expected, "{number} {decision}");
        }
        sandbox.receiver.assert_stays_at(before + 1).await;
    }
    // A person decides what is abnormal, once.
    let refund = sandbox.refund("order-1", "refund-3", 200);
    sandbox.request_refund(&refund).await;
    for (decision, status) in [
        ("abnormal", 204),
        ("abnormal", 409),
        ("success", 204),
        ("success", 409),
    ] {
        let path = "/sandbox/refunds/refund-3";
        let answer = sandbox.post(path, json!({"do": decision})).await;
        assert_eq!(answer.status, status, "{decision}");
    }
}

#[tokio::test]
async fn decision_with_bad_input_is_refused() {
    let sandbox = TestSandbox::start();
    for (body, status) in [
        (json!({"do": "maybe"}), 400),
        (json!({}), 400),
        (json!({"do": "success"}), 404),
    ] {
        let answer = sandbox.post("/sandbox/refunds/refund-1", body).await;
        assert_eq!(answer.status, status);
    }
    let answer = sandbox
        .post("/sandbox/refunds", json!({"hold": "yes"}))
        .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn platform_refund_is_reported_under_an_unknown_number() {
    let sandbox = TestSandbox::start();
    sandbox.place_and_pay("order-1").await;
    let path = "/sandbox/pay/order-1/refund";
    assert_eq!(sandbox.post(path, json!({"fen": 601})).await.status, 409);
    assert_eq!(sandbox.post(path, json!({"fen": 600})).await.status, 204);
    assert_eq!(sandbox.post(path, json!({"fen": 1})).await.status, 409);
    let callbacks = sandbox.receiver.wait_for(2).await;
    assert_eq!(callbacks[1].path, "/paid", "the address of the order");
    let (event, details) = sandbox.open_notice(&callbacks[1]);
    assert_eq!(event, "REFUND.SUCCESS");
    let number = details["out_refund_no"].as_str().unwrap();
    assert!(number.starts_with("platform"), "{number}");
    let unknown = sandbox.post("/sandbox/pay/order-2/refund", json!({"fen": 1}));
    assert_eq!(unknown.await.status, 404);
}
