//! Orders of WeChat Pay and the users who pay them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestSandbox;
use crate::support::app::run_at_once;

#[tokio::test]
async fn paid_order_is_reported_by_a_signed_notice() {
    let sandbox = TestSandbox::start();
    let placed = sandbox.place(&sandbox.order("order-1")).await;
    assert_eq!(placed.status, 200);
    assert!(placed.body["prepay_id"].is_string());
    let unpaid = sandbox.query_order("order-1").await.body;
    assert_eq!(unpaid["trade_state"], "NOTPAY");
    assert!(unpaid.get("transaction_id").is_none());
    let paid = sandbox.control("pay/order-1", json!({})).await;
    assert_eq!(paid, json!({"paid": true}));
    let callbacks = sandbox.receiver.wait_for(1).await;
    assert_eq!(callbacks[0].path, "/paid");
    let (event, transaction) = sandbox.open_notice(&callbacks[0]);
    assert_eq!(event, "TRANSACTION.SUCCESS");
    assert_eq!(transaction["trade_state"], "SUCCESS");
    assert_eq!(transaction["amount"]["payer_total"], 600);
    assert_eq!(transaction["payer"]["openid"], "sandbox-alice");
    assert_eq!(sandbox.query_order("order-1").await.body, transaction);
}

#[tokio::test]
async fn order_is_paid_by_one_of_many_at_once_with_one_notice() {
    let sandbox = TestSandbox::start();
    sandbox.place(&sandbox.order("order-1")).await;
    let pay = || sandbox.post("/sandbox/pay/order-1", json!({}));
    let answers = run_at_once((0..8).map(|_| pay())).await;
    let paid = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(paid.count(), 1);
    let refused = answers.iter().filter(|answer| answer.status == 409);
    assert_eq!(refused.count(), 7);
    sandbox.receiver.assert_stays_at(1).await;
}

#[tokio::test]
async fn order_placed_again_has_the_same_prepay_id() {
    let sandbox = TestSandbox::start();
    let order = sandbox.order("order-1");
    let first = sandbox.place(&order).await;
    assert_eq!(sandbox.place(&order).await.body, first.body);
    let mut other = order.clone();
    other["amount"]["total"] = json!(700);
    let answer = sandbox.place(&other).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (400, &json!("INVALID_REQUEST"))
    );
    sandbox.control("pay/order-1", json!({})).await;
    let answer = sandbox.place(&order).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (403, &json!("OUT_TRADE_NO_USED"))
    );
}

#[tokio::test]
async fn malformed_order_is_400() {
    let sandbox = TestSandbox::start();
    for (pointer, value, code) in [
        ("/mchid", json!("1"), "APPID_MCHID_NOT_MATCH"),
        ("/appid", json!("wx0"), "APPID_MCHID_NOT_MATCH"),
        ("/out_trade_no", json!("short"), "PARAM_ERROR"),
        ("/out_trade_no", json!("order 12"), "PARAM_ERROR"),
        ("/description", json!(""), "PARAM_ERROR"),
        ("/description", json!("d".repeat(128)), "PARAM_ERROR"),
        ("/payer/openid", json!("alice"), "PARAM_ERROR"),
        ("/amount/total", json!(0), "PARAM_ERROR"),
        ("/amount/currency", json!("USD"), "PARAM_ERROR"),
        (
            "/notify_url",
            json!("https://a.example/?b=c"),
            "PARAM_ERROR",
        ),
        ("/notify_url", json!("ftp://a.example/"), "PARAM_ERROR"),
        ("/time_expire", json!("tomorrow"), "PARAM_ERROR"),
    ] {
        let mut order = sandbox.order("order-1");
        *order.pointer_mut(pointer).unwrap() = value;
        let answer = sandbox.place(&order).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!(code)),
            "{pointer}"
        );
    }
    assert_eq!(sandbox.state().await["orders"], json!({}));
}

#[tokio::test]
async fn closed_order_is_paid_only_late() {
    let sandbox = TestSandbox::start();
    sandbox.place(&sandbox.order("order-1")).await;
    let close = async |mchid: &str, number: &str| {
        let path = format!("/v3/pay/transactions/out-trade-no/{number}/close");
        sandbox.merchant_post(&path, json!({"mchid": mchid})).await
    };
    let mchid = sandbox.config.mchid.clone();
    assert_eq!(close("1", "order-1").await.body["code"], "PARAM_ERROR");
    assert_eq!(close(&mchid, "order-2").await.status, 404);
    for _ in 0..2 {
        assert_eq!(close(&mchid, "order-1").await.status, 204);
    }
    let answer = sandbox.post("/sandbox/pay/order-1", json!({})).await;
    assert_eq!(answer.status, 409);
    sandbox.control("pay/order-1", json!({"late": true})).await;
    assert_eq!(close(&mchid, "order-1").await.body["code"], "ORDER_PAID");
    let state = &sandbox.query_order("order-1").await.body["trade_state"];
    assert_eq!(*state, "SUCCESS");
}

#[tokio::test]
async fn expired_order_is_paid_only_late() {
    let sandbox = TestSandbox::start();
    sandbox.place(&sandbox.order("order-1")).await;
    sandbox.clock.advance(Duration::from_secs(601));
    let answer = sandbox.post("/sandbox/pay/order-1", json!({})).await;
    assert_eq!(answer.status, 409);
    sandbox.control("pay/order-1", json!({"late": true})).await;
}

#[tokio::test]
async fn payment_parameters_must_be_signed_for_the_order() {
    let sandbox = TestSandbox::start();
    let placed = sandbox.place(&sandbox.order("order-1")).await.body;
    let prepay_id = placed["prepay_id"].as_str().unwrap().to_owned();
    let parameters = |prepay_id: &str| {
        let package = format!("prepay_id={prepay_id}");
        let message = format!("{}\n1\nnonce\n{package}\n", sandbox.config.app_id);
        json!({"timeStamp": "1", "nonceStr": "nonce", "package": package, "signType": "RSA",
            "paySign": sandbox.sign_as_merchant(&message)})
    };
    let mut unsigned = parameters(&prepay_id);
    unsigned["paySign"] = json!("AAAA");
    for wrong in [unsigned, parameters("wx0")] {
        let answer = sandbox.post("/sandbox/pay/order-1", wrong).await;
        assert_eq!(answer.status, 409);
    }
    sandbox.control("pay/order-1", parameters(&prepay_id)).await;
}

#[tokio::test]
async fn payment_without_notice_sends_none() {
    let sandbox = TestSandbox::start();
    sandbox.place(&sandbox.order("order-1")).await;
    sandbox.control("pay/order-1", json!({"told": false})).await;
    sandbox.receiver.assert_stays_at(0).await;
    let order = sandbox.query_order("order-1").await.body;
    assert_eq!(order["trade_state"], "SUCCESS");
}

#[tokio::test]
async fn payment_with_bad_input_is_refused() {
    let sandbox = TestSandbox::start();
    let answer = sandbox.post("/sandbox/pay/order-1", json!({})).await;
    assert_eq!(answer.status, 409, "there is no such order");
    let url = format!("{}/sandbox/pay/order-1", sandbox.url);
    let answer = sandbox.http.post(url).body("{").send().await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn query_of_an_unknown_order_or_without_merchant_is_refused() {
    let sandbox = TestSandbox::start();
    let answer = sandbox.query_order("order-1").await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (404, &json!("ORDER_NOT_EXIST"))
    );
    let path = "/v3/pay/transactions/out-trade-no/order-1";
    let answer = sandbox.merchant_get(path).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (400, &json!("PARAM_ERROR"))
    );
}

#[tokio::test]
async fn wrongly_signed_request_is_401() {
    let sandbox = TestSandbox::start();
    let order = sandbox.order("order-1");
    let path = "/v3/pay/transactions/jsapi";
    let request = || sandbox.merchant_request(Method::POST, path, Some(&order));
    let mut others = request();
    others.mchid = "1".into();
    let mut unknown_key = request();
    unknown_key.merchant_serial = "1".into();
    let mut old = request();
    old.skew_secs = -400;
    for wrong in [others, unknown_key, old] {
        let answer = sandbox.send_as_merchant(wrong).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (401, &json!("SIGN_ERROR"))
        );
    }
    let authorization = sandbox.authorization(&request());
    let send = async |client: &reqwest::Client, authorization: &str, body: &Value| {
        client
            .post(format!("{}{path}", sandbox.url))
            .header("Authorization", authorization)
            .body(body.to_string())
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let other_order = sandbox.order("order-2");
    assert_eq!(send(&sandbox.http, &authorization, &other_order).await, 401);
    assert_eq!(send(&sandbox.http, "Bearer token", &order).await, 401);
    let nameless = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(
        send(&nameless, &authorization, &order).await,
        401,
        "no User-Agent"
    );
    assert_eq!(send(&sandbox.http, &authorization, &order).await, 200);
}
