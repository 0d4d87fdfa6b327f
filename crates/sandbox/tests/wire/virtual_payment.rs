//! Virtual payment.

use serde_json::{Value, json};

use crate::support::TestSandbox;
use crate::support::app::run_at_once;

/// The order in the answer to a query.
async fn order(sandbox: &TestSandbox, order_id: &str) -> Value {
    sandbox.query_virtual(order_id).await["order"].clone()
}

/// Goods whose delivery message the server does not accept at first.
async fn buy_without_acceptance(sandbox: &TestSandbox, order_id: &str) {
    let lost = json!({"path": "/wx_notify/", "notice": "lost", "times": 1});
    sandbox.add_fault(lost).await;
    sandbox.buy_goods(order_id).await;
}

/// Sets plain pushes in JSON, so that tests can read them.
async fn send_plain_pushes(sandbox: &TestSandbox) {
    let mode = json!({"secure": false, "xml": false});
    sandbox.control("push", mode).await;
}

#[tokio::test]
async fn order_is_unknown_until_it_is_paid() {
    let sandbox = TestSandbox::start();
    send_plain_pushes(&sandbox).await;
    let unknown = sandbox.query_virtual("order-1").await;
    assert_eq!(unknown["errcode"], 268_490_002);
    sandbox.receiver.answer_next(500, "");
    sandbox.buy_goods("order-1").await;
    let callbacks = sandbox.receiver.wait_for(2).await;
    let message = callbacks[0].json();
    assert_eq!(callbacks[0].path, "/callbacks/wx_notify/");
    assert_eq!(message["Event"], "xpay_goods_deliver_notify");
    assert_eq!(message["OpenId"], "sandbox-alice");
    assert_eq!(message["OutTradeNo"], "order-1");
    assert_eq!(message["GoodsInfo"]["ActualPrice"], 600);
    assert_eq!(message["GoodsInfo"]["Attach"], "note");
    assert_eq!(
        callbacks[1].json(),
        message,
        "sent again until it is accepted"
    );
    let order = order(&sandbox, "order-1").await;
    assert_eq!(order["paid_fee"], 600);
    assert_eq!(order["env_type"], 2);
}

#[tokio::test]
async fn order_is_paid_by_one_of_many_at_once() {
    let sandbox = TestSandbox::start();
    let data = sandbox.sign_data("order-1");
    let answers = run_at_once((0..6).map(|_| sandbox.pay_virtual("order-1", &data))).await;
    let paid = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(paid.count(), 1);
    let refused = answers.iter().filter(|answer| answer.status == 409);
    assert_eq!(refused.count(), 5);
    sandbox.receiver.assert_stays_at(1).await;
}

#[tokio::test]
async fn accepted_message_counts_as_delivery() {
    let sandbox = TestSandbox::start();
    sandbox.buy_goods("order-1").await;
    assert_eq!(order(&sandbox, "order-1").await["status"], 4);
}

#[tokio::test]
async fn delivery_is_confirmed_once() {
    let sandbox = TestSandbox::start();
    buy_without_acceptance(&sandbox, "order-1").await;
    assert_eq!(order(&sandbox, "order-1").await["status"], 2);
    let confirm = async |order_id: &str| {
        let body = json!({"order_id": order_id, "env": 1});
        sandbox.xpay("notify_provide_goods", body).await["errcode"].clone()
    };
    assert_eq!(confirm("order-1").await, 0);
    assert_eq!(order(&sandbox, "order-1").await["status"], 4);
    assert_eq!(confirm("order-1").await, 268_490_004);
    assert_eq!(confirm("order-2").await, 268_490_002);
}

#[tokio::test]
async fn payment_with_wrong_data_is_refused() {
    let sandbox = TestSandbox::start();
    for (key, value, code) in [
        ("offerId", json!("other"), "-15016"),
        ("env", json!(0), "-15016"),
        ("currencyType", json!("USD"), "-15016"),
        ("outTradeNo", json!("order-2"), "-15001"),
        ("buyQuantity", json!(2), "-15001"),
        ("goodsPrice", json!(0), "-15001"),
        ("productId", json!(""), "-15001"),
    ] {
        let mut data = sandbox.sign_data("order-1");
        data[key] = value;
        let answer = sandbox.pay_virtual("order-1", &data).await;
        let error = answer.body["error"].as_str().unwrap();
        assert_eq!(answer.status, 409);
        assert!(error.starts_with(code), "{key}: {error}");
    }
}

#[tokio::test]
async fn payment_with_a_wrong_signature_or_an_old_session_is_refused() {
    let sandbox = TestSandbox::start();
    let first = sandbox.log_in("alice.1").await["session_key"].clone();
    sandbox.log_in("alice.2").await;
    let data = sandbox.sign_data("order-1");
    let old_session = sandbox.virtual_parameters(&data, first.as_str().unwrap());
    let mut wrong_pay_sig = old_session.clone();
    wrong_pay_sig["paySig"] = json!("00");
    for parameters in [old_session, wrong_pay_sig] {
        let answer = sandbox.post("/sandbox/pay/order-1", parameters).await;
        let error = answer.body["error"].as_str().unwrap();
        assert_eq!(answer.status, 409);
        assert!(error.starts_with("-15005"), "{error}");
    }
    let malformed = json!({"signData": "{", "paySig": "", "signature": ""});
    let answer = sandbox.post("/sandbox/pay/order-1", malformed).await;
    assert_eq!(answer.status, 409);
}

#[tokio::test]
async fn call_with_wrong_token_signature_or_environment_is_refused() {
    let sandbox = TestSandbox::start();
    let token = sandbox.access_token().await;
    let call = async |token: &str, signature: &str| {
        let body = "{\"env\":1}".to_owned();
        sandbox
            .xpay_with("query_order", token, signature, body)
            .await["errcode"]
            .clone()
    };
    assert_eq!(call("made-up", "00").await, 40001);
    assert_eq!(call(&token, "00").await, 268_490_003);
    for (path, body) in [
        ("query_order", json!({"env": 0})),
        ("query_order", json!("text")),
        ("fly", json!({"env": 1})),
    ] {
        assert_eq!(sandbox.xpay(path, body).await["errcode"], 268_490_002);
    }
}

#[tokio::test]
async fn order_of_another_user_is_268490001() {
    let sandbox = TestSandbox::start();
    sandbox.buy_goods("order-1").await;
    let body = json!({"openid": "sandbox-bob", "env": 1, "order_id": "order-1"});
    let answer = sandbox.xpay("query_order", body).await;
    assert_eq!(answer["errcode"], 268_490_001);
}

#[tokio::test]
async fn refund_succeeds_and_is_reported() {
    let sandbox = TestSandbox::start();
    send_plain_pushes(&sandbox).await;
    sandbox.buy_goods("order-1").await;
    let answer = sandbox
        .refund_virtual("order-1", "refund-1", (600, 200))
        .await;
    assert_eq!(answer["errcode"], 0, "{answer}");
    let message = sandbox.receiver.wait_for(2).await[1].json();
    assert_eq!(message["Event"], "xpay_refund_notify");
    assert_eq!(message["MchRefundId"], "refund-1");
    assert_eq!(
        (&message["RefundFee"], &message["RetCode"]),
        (&json!(200), &json!(0))
    );
    let order = order(&sandbox, "order-1").await;
    assert_eq!(
        (&order["status"], &order["left_fee"]),
        (&json!(5), &json!(400))
    );
}

#[tokio::test]
async fn refund_that_does_not_fit_is_refused() {
    let sandbox = TestSandbox::start();
    sandbox.buy_goods("order-1").await;
    for (order_id, refund_id, amounts, code) in [
        ("order-2", "refund-1", (600, 1), 268_490_002),
        ("order-1", "refund-1", (500, 1), 268_490_016),
        ("order-1", "refund-1", (600, 601), 268_490_002),
        ("order-1", "refund-1", (600, 0), 268_490_002),
        ("order-1", "short", (600, 1), 268_490_002),
    ] {
        let answer = sandbox.refund_virtual(order_id, refund_id, amounts).await;
        assert_eq!(answer["errcode"], code, "{answer}");
    }
}

#[tokio::test]
async fn refund_is_requested_by_one_of_many_at_once() {
    let sandbox = TestSandbox::start();
    sandbox.buy_goods("order-1").await;
    let refund = || sandbox.refund_virtual("order-1", "refund-1", (600, 600));
    let answers = run_at_once((0..5).map(|_| refund())).await;
    let accepted = answers.iter().filter(|answer| answer["errcode"] == 0);
    assert_eq!(accepted.count(), 1);
    let refused = answers
        .iter()
        .filter(|answer| answer["errcode"] == 268_490_004);
    assert_eq!(refused.count(), 4);
    sandbox.receiver.assert_stays_at(2).await;
}

#[tokio::test]
async fn held_refund_waits_for_its_decision() {
    let sandbox = TestSandbox::start();
    send_plain_pushes(&sandbox).await;
    sandbox.buy_goods("order-1").await;
    sandbox.control("refunds", json!({"hold": true})).await;
    sandbox
        .refund_virtual("order-1", "refund-1", (600, 200))
        .await;
    sandbox.receiver.assert_stays_at(1).await;
    let closed = json!({"do": "closed"});
    sandbox.control("refunds/refund-1", closed).await;
    let message = sandbox.receiver.wait_for(2).await[1].json();
    assert_eq!(message["RetCode"], 1);
    let order = order(&sandbox, "order-1").await;
    assert_eq!(
        (&order["status"], &order["left_fee"]),
        (&json!(7), &json!(600))
    );
    for decision in ["closed", "success", "abnormal"] {
        let path = "/sandbox/refunds/refund-1";
        let answer = sandbox.post(path, json!({"do": decision})).await;
        assert_eq!(answer.status, 409, "{decision}");
    }
    sandbox.receiver.assert_stays_at(2).await;
}

#[tokio::test]
async fn coupon_lowers_what_the_user_paid() {
    let sandbox = TestSandbox::start();
    send_plain_pushes(&sandbox).await;
    let session = sandbox.log_in("alice").await;
    let data = sandbox.sign_data("order-1");
    let mut payment = sandbox.virtual_parameters(&data, session["session_key"].as_str().unwrap());
    for (coupon, status) in [(601, 409), (-1, 409), (100, 200)] {
        payment["coupon"] = json!(coupon);
        let answer = sandbox.post("/sandbox/pay/order-1", payment.clone()).await;
        assert_eq!(answer.status, status, "{coupon}");
    }
    let goods = sandbox.receiver.wait_for(1).await[0].json()["GoodsInfo"].clone();
    assert_eq!(
        (&goods["OrigPrice"], &goods["ActualPrice"]),
        (&json!(600), &json!(500))
    );
    let order = order(&sandbox, "order-1").await;
    for (field, fen) in [
        ("order_fee", 600),
        ("coupon_fee", 100),
        ("paid_fee", 500),
        ("left_fee", 500),
        ("refund_fee", 0),
    ] {
        assert_eq!(order[field], fen, "{field}");
    }
}

#[tokio::test]
async fn platform_refund_has_no_number_of_the_merchant() {
    let sandbox = TestSandbox::start();
    send_plain_pushes(&sandbox).await;
    sandbox.buy_goods("order-1").await;
    let path = "/sandbox/pay/order-1/refund";
    assert_eq!(sandbox.post(path, json!({"fen": 601})).await.status, 404);
    assert_eq!(sandbox.post(path, json!({"fen": 600})).await.status, 204);
    let message = sandbox.receiver.wait_for(2).await[1].json();
    assert_eq!(message["MchRefundId"], "");
    assert_eq!(message["RefundFee"], 600);
    assert_eq!(order(&sandbox, "order-1").await["left_fee"], 0);
}
