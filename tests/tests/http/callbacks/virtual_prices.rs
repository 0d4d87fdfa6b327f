//! `wx_notify/`: what a virtual order cost, coupons, pushes that do not settle their order, and
//! pushes that somebody made up in WeChat's console.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, order_number};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    order_paid_with_a_coupon_is_credited_by_its_push,
    coupon_is_not_taken_for_a_refund,
    push_that_does_not_settle_its_order_makes_the_server_query_at_once,
    slow_query_of_such_a_push_is_503_and_credits_later,
    mismatching_push_is_refused_when_wechat_reports_no_payment,
    mismatching_push_about_a_paid_order_is_a_contradiction,
    mock_push_changes_nothing_in_production,
    mock_push_is_settled_in_the_sandbox_of_wechat,
);

const QUERY: &str = "/xpay/query_order";

/// The push of WeChat that an order of the block of 60 coins was paid.
fn paid_push(order: &Value) -> Value {
    json!({"Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob",
        "OutTradeNo": order["out_trade_no"], "Env": 1,
        "WeChatPayInfo": {"MchOrderNo": "m", "TransactionId": "4300", "PaidTime": 1_790_000_000},
        "GoodsInfo": {"ProductId": "gold_60", "Quantity": 1, "OrigPrice": 600, "ActualPrice": 600,
            "Attach": "a"}})
}

async fn push(app: &TestApp, message: Value) -> u64 {
    let answer = app.sandbox_post_json("pushes", message).await;
    answer["status"].as_u64().unwrap()
}

async fn order_paid_with_a_coupon_is_credited_by_its_push(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut gold = 0;
    for (secure, coupon) in [(true, 100), (true, 600), (false, 100)] {
        let mode = json!({"secure": secure, "xml": false});
        app.sandbox_post("push", mode).await;
        let order = bob.create_order(blocks::SIXTY).await;
        let queries = app.sandbox_calls(QUERY).await;
        let paid = app.pay_with(&order, json!({"coupon": coupon})).await;
        gold += 60;
        assert_eq!((paid, bob.balances().await), (200, (gold, 0)), "{coupon}");
        assert_eq!(bob.order_state(&order).await, "paid");
        let asked = app.sandbox_calls(QUERY).await > queries;
        assert_eq!(asked, !secure, "an encrypted push needs no query");
    }
    assert_eq!(app.callback_count("push", "accepted").await, 3);
    assert_eq!(app.callback_count("push", "mismatch").await, 0);
    app.audit().await;
}

async fn coupon_is_not_taken_for_a_refund(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    assert_eq!(app.pay_with(&order, json!({"coupon": 100})).await, 200);
    // The query fails when it shows a refund that is not recorded.
    app.query_order(&order).await.unwrap();
    // A plain push makes the server query how much was refunded.
    app.sandbox_post("push", json!({"secure": false, "xml": false}))
        .await;
    app.refund_at_platform(&order, 200).await;
    assert_eq!(app.refund_states(&order).await, [(200, "done")]);
    assert_eq!(bob.balances().await, (40, 0));
    app.query_order(&order).await.unwrap();
    app.audit().await;
}

async fn push_that_does_not_settle_its_order_makes_the_server_query_at_once(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut gold = 0;
    for (pointer, value) in [
        ("/GoodsInfo/OrigPrice", json!(null)),
        ("/GoodsInfo/ActualPrice", json!(null)),
        ("/GoodsInfo/Quantity", json!(null)),
        ("/GoodsInfo", json!(null)),
        ("/Env", json!(null)),
        ("/OpenId", json!("")),
        ("/GoodsInfo/OrigPrice", json!(500)),
        ("/GoodsInfo/ActualPrice", json!(601)),
        ("/GoodsInfo/ActualPrice", json!(-5)),
        ("/GoodsInfo/ProductId", json!("renamed")),
    ] {
        let order = bob.create_order(blocks::SIXTY).await;
        let mut message = paid_push(&order);
        *message.pointer_mut(pointer).unwrap() = value.clone();
        // While the order is not paid at WeChat, such a push is refused.
        let refused = push(&app, message.clone()).await;
        assert!([400, 503].contains(&refused), "{pointer} {value}");
        assert_eq!(bob.order_state(&order).await, "created");
        app.pay_without_notice(&order).await;
        // Two queries of one order are at least two seconds apart; the poller waits for ten.
        app.advance(3);
        gold += 60;
        assert_eq!(push(&app, message).await, 200, "{pointer} {value}");
        assert_eq!(bob.balances().await, (gold, 0), "{pointer} {value}");
    }
    app.audit().await;
}

async fn slow_query_of_such_a_push_is_503_and_credits_later(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay_without_notice(&order).await;
    app.add_fault(json!({"path": QUERY, "latency_ms": 2_500, "times": 1}))
        .await;
    let mut message = paid_push(&order);
    message["GoodsInfo"]["OrigPrice"] = json!(null);
    assert_eq!(push(&app, message.clone()).await, 503);
    bob.wait_for_balances(60, 0).await;
    assert_eq!(push(&app, message).await, 200);
    assert_eq!(bob.balances().await, (60, 0));
    app.audit().await;
}

async fn mismatching_push_is_refused_when_wechat_reports_no_payment(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let mut message = paid_push(&order);
    message["GoodsInfo"]["OrigPrice"] = json!(500);
    let fault = json!({"path": QUERY, "status": 500, "times": 1});
    app.add_fault(fault).await;
    assert_eq!(push(&app, message.clone()).await, 503, "no clear answer");
    assert_eq!(push(&app, message.clone()).await, 503, "queried just now");
    app.clear_faults().await;
    app.advance(3);
    assert_eq!(push(&app, message.clone()).await, 400);
    assert_eq!(app.callback_count("push", "retry").await, 2);
    assert_eq!(app.callback_count("push", "mismatch").await, 1);
    assert_eq!(bob.balances().await, (0, 0));
    app.audit().await;
}

async fn mismatching_push_about_a_paid_order_is_a_contradiction(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    let queries = app.sandbox_calls(QUERY).await;
    let mut message = paid_push(&order);
    message["GoodsInfo"]["OrigPrice"] = json!(500);
    assert_eq!(push(&app, message).await, 200);
    assert_eq!(app.callback_count("push", "contradiction").await, 1);
    assert_eq!(app.callback_count("push", "mismatch").await, 0);
    assert_eq!(app.sandbox_calls(QUERY).await, queries);
    assert_eq!(bob.balances().await, (60, 0));
    app.audit().await;
}

async fn mock_push_changes_nothing_in_production(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let mut settings = app.settings.clone();
    settings.virtual_payment.as_mut().unwrap().env = 0;
    let production = app.second_instance_from(settings).await;
    let path = format!("pushes?url={}", production.url_of("wx_notify/"));
    let send = async |message: Value| app.sandbox_post_json(&path, message).await;
    let mut paid = paid_push(&order);
    paid["Env"] = json!(0);
    let refunded = json!({"Event": "xpay_refund_notify", "OpenId": "sandbox-bob",
        "WxRefundId": "xr-1", "MchRefundId": "", "MchOrderId": order_number(&order),
        "RefundFee": 600, "RetCode": 0});
    let complaint = json!({"Event": "xpay_complaint_notify", "OpenId": "sandbox-bob",
        "MchOrderId": order_number(&order), "RequestId": "c-1", "ComplaintTime": 1});
    let accepted = json!({"status": 200, "accepted": true});
    for (secure, is_mock) in [
        (true, json!(true)),
        (true, json!(1)),
        (false, json!("true")),
    ] {
        let mode = json!({"secure": secure, "xml": !secure});
        app.sandbox_post("push", mode).await;
        for mut message in [paid.clone(), refunded.clone(), complaint.clone()] {
            message["IsMock"] = is_mock.clone();
            assert_eq!(send(message.clone()).await, accepted, "{message}");
        }
    }
    assert_eq!(production.callback_count("push", "mock").await, 9);
    assert_eq!(app.sandbox_calls(QUERY).await, 0);
    assert_eq!(bob.order_state(&order).await, "created");
    let complaints = app.services.payments.complaints(qlive_types::Page::FIRST);
    assert_eq!(complaints.await.unwrap(), []);
    // The same push is settled when it is none.
    app.sandbox_post("push", json!({"secure": true, "xml": false}))
        .await;
    paid["IsMock"] = json!(false);
    assert_eq!(send(paid).await, accepted);
    assert_eq!(bob.balances().await, (60, 0));
    app.audit().await;
}

async fn mock_push_is_settled_in_the_sandbox_of_wechat(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let mut message = paid_push(&order);
    message["IsMock"] = json!(true);
    assert_eq!(push(&app, message).await, 200);
    assert_eq!(bob.balances().await, (60, 0));
    assert_eq!(app.callback_count("push", "accepted").await, 1);
    app.audit().await;
}
