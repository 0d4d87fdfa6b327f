//! Delivery of notices: repetition, faults on the callbacks' paths, and made-up notices.

use serde_json::{Value, json};

use crate::support::TestSandbox;

async fn add_notice_fault(sandbox: &TestSandbox, kind: &str) {
    let fault = json!({"path": "/pay_notify/", "notice": kind, "times": 1});
    sandbox.add_fault(fault).await;
}

/// The attempts recorded, as order and whether it was accepted.
async fn attempts(sandbox: &TestSandbox) -> Vec<(Value, Value)> {
    let state = sandbox.state().await;
    let attempts = state["notices"].as_array().unwrap();
    attempts
        .iter()
        .map(|attempt| (attempt["about"].clone(), attempt["accepted"].clone()))
        .collect()
}

#[tokio::test]
async fn notice_is_sent_again_until_it_is_accepted() {
    let sandbox = TestSandbox::start();
    for status in [500, 400, 302] {
        sandbox.receiver.answer_next(status, "");
    }
    sandbox.place_and_pay("order-1").await;
    let callbacks = sandbox.receiver.wait_for(4).await;
    let ids: Vec<_> = callbacks
        .iter()
        .map(|callback| callback.json()["id"].clone())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    sandbox.receiver.assert_stays_at(4).await;
    let accepted: Vec<_> = attempts(&sandbox).await;
    let expected = [false, false, false, true].map(|accepted| (json!("order-1"), json!(accepted)));
    assert_eq!(accepted, expected);
}

#[tokio::test]
async fn notice_answered_204_is_accepted() {
    let sandbox = TestSandbox::start();
    sandbox.receiver.answer_next(204, "");
    sandbox.place_and_pay("order-1").await;
    sandbox.receiver.assert_stays_at(1).await;
}

#[tokio::test]
async fn lost_notice_is_never_sent() {
    let sandbox = TestSandbox::start();
    add_notice_fault(&sandbox, "lost").await;
    sandbox.place_and_pay("order-1").await;
    sandbox.receiver.assert_stays_at(0).await;
    sandbox.place_and_pay("order-2").await;
    let callbacks = sandbox.receiver.wait_for(1).await;
    assert_eq!(
        sandbox.open_notice(&callbacks[0]).1["out_trade_no"],
        "order-2"
    );
}

#[tokio::test]
async fn late_notice_is_sent_in_the_background() {
    let sandbox = TestSandbox::start();
    add_notice_fault(&sandbox, "late").await;
    sandbox.place_and_pay("order-1").await;
    assert!(sandbox.receiver.callbacks().is_empty());
    sandbox.receiver.wait_for(1).await;
}

#[tokio::test]
async fn doubled_notice_arrives_twice_with_one_id() {
    let sandbox = TestSandbox::start();
    add_notice_fault(&sandbox, "doubled").await;
    sandbox.place_and_pay("order-1").await;
    let callbacks = sandbox.receiver.wait_for(2).await;
    assert_eq!(callbacks[0].json()["id"], callbacks[1].json()["id"]);
    sandbox.receiver.assert_stays_at(2).await;
}

#[tokio::test]
async fn reordered_notice_arrives_after_the_next() {
    let sandbox = TestSandbox::start();
    add_notice_fault(&sandbox, "reordered").await;
    sandbox.place_and_pay("order-1").await;
    sandbox.place_and_pay("order-2").await;
    let callbacks = sandbox.receiver.wait_for(2).await;
    let order = |index: usize| sandbox.open_notice(&callbacks[index]).1["out_trade_no"].clone();
    assert_eq!((order(0), order(1)), (json!("order-2"), json!("order-1")));
}

#[tokio::test]
async fn probe_before_a_notice_has_a_wrong_signature() {
    let sandbox = TestSandbox::start();
    sandbox.receiver.answer_next(401, "");
    add_notice_fault(&sandbox, "probe").await;
    sandbox.place_and_pay("order-1").await;
    let callbacks = sandbox.receiver.wait_for(2).await;
    let signature = &callbacks[0].headers["wechatpay-signature"];
    assert!(signature.starts_with("WECHATPAY/SIGNTEST/"), "{signature}");
    assert!(!sandbox.is_signed_notice(&callbacks[0]));
    assert!(sandbox.is_signed_notice(&callbacks[1]));
    sandbox.receiver.assert_stays_at(2).await;
}

#[tokio::test]
async fn notices_after_a_request_that_names_no_key_are_signed_with_the_certificate() {
    let sandbox = TestSandbox::start();
    for number in 0..6 {
        let order = sandbox.order(&format!("order-{number}"));
        let path = "/v3/pay/transactions/jsapi";
        let mut request = sandbox.merchant_request(reqwest::Method::POST, path, Some(&order));
        request.wechat_serial = None;
        sandbox.send_as_merchant(request).await;
        let path = format!("pay/order-{number}");
        sandbox.control(&path, json!({})).await;
    }
    for callback in sandbox.receiver.wait_for(6).await {
        let serial = &callback.headers["wechatpay-serial"];
        assert_eq!(*serial, sandbox.credentials.certificate_serial);
    }
}

#[tokio::test]
async fn made_up_notice_is_signed_and_sent_once() {
    let sandbox = TestSandbox::start();
    sandbox.receiver.answer_next(500, "");
    let notice = json!({"event": "TRANSACTION.SUCCESS", "kind": "transaction",
        "resource": {"out_trade_no": "made-up"}});
    let answer = sandbox.control("notices", notice).await;
    assert_eq!(answer, json!({"status": 500}));
    sandbox.receiver.assert_stays_at(1).await;
    let callback = &sandbox.receiver.callbacks()[0];
    assert_eq!(callback.path, "/callbacks/pay_notify/");
    let (event, resource) = sandbox.open_notice(callback);
    assert_eq!(event, "TRANSACTION.SUCCESS");
    assert_eq!(resource, json!({"out_trade_no": "made-up"}));
}

#[tokio::test]
async fn made_up_notice_has_the_defects_that_were_asked_for() {
    let sandbox = TestSandbox::start();
    let send = async |change: Value| {
        let mut notice = json!({"event": "E", "kind": "k", "resource": {},
            "url": sandbox.receiver.url("/elsewhere")});
        let fields = notice.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        sandbox.control("notices", notice).await;
        sandbox.receiver.callbacks().last().unwrap().clone()
    };
    let tampered = send(json!({"tampered": true})).await;
    assert_eq!(tampered.path, "/elsewhere");
    assert!(!sandbox.is_signed_notice(&tampered));
    let certified = send(json!({"certified": true})).await;
    let serial = &certified.headers["wechatpay-serial"];
    assert_eq!(*serial, sandbox.credentials.certificate_serial);
    assert!(sandbox.is_signed_notice(&certified));
    let renamed = send(json!({"serial": "other"})).await;
    assert_eq!(renamed.headers["wechatpay-serial"], "other");
    let old = send(json!({"skew_secs": -1000})).await;
    let time: i64 = old.headers["wechatpay-timestamp"].parse().unwrap();
    let age = sandbox.clock.now().secs() - time;
    assert!((1000..1010).contains(&age), "{age}");
}

#[tokio::test]
async fn made_up_notice_with_bad_input_is_400() {
    let sandbox = TestSandbox::start();
    for body in [json!({}), json!({"event": "E", "kind": "k"}), json!([1])] {
        let answer = sandbox.post("/sandbox/notices", body).await;
        assert_eq!(answer.status, 400);
    }
    assert!(sandbox.receiver.callbacks().is_empty());
}
