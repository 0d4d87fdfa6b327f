//! `qlive_pay/`: creating an order, paying it, and the answers of the provider.

use diesel::prelude::*;
use futures_util::future::join_all;
use hmac::{Hmac, Mac as _};
use qlive_store::schema::users;
use qlive_store::testing::TestDb;
use qlive_store::{StoreError, on_both};
use qlive_tests::{APP, TestApp, TestClient, blocks, provider_paths};
use qlive_types::Gender;
use serde_json::{Value, json};
use sha2::Sha256;

on_both!(
    wechat_pay_order_is_credited_after_its_notice,
    wechat_pay_order_with_changed_parameters_cannot_be_paid,
    virtual_order_is_credited_after_its_push,
    answer_is_signed_with_the_token,
    user_of_another_app_cannot_use_virtual_payment,
    expired_session_needs_a_new_login_code,
    login_code_of_another_user_is_400,
    order_refused_by_the_provider_is_closed,
    order_without_answer_of_the_provider_is_found_by_the_payment_poller,
    twenty_first_open_order_is_429,
    forty_simultaneous_orders_open_twenty,
    provider_outage_blocks_new_orders_for_a_minute_only,
);

const PATH: &str = "qlive_pay/";

fn keys(order: &Value) -> Vec<&String> {
    order.as_object().unwrap().keys().collect()
}

async fn wechat_pay_order_is_credited_after_its_notice(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    assert_eq!(
        keys(&order),
        [
            "provider",
            "out_trade_no",
            "timeStamp",
            "nonceStr",
            "package",
            "signType",
            "paySign"
        ]
    );
    assert_eq!(
        (&order["provider"], &order["signType"]),
        (&json!("wechat_pay"), &json!("RSA"))
    );
    let package = order["package"].as_str().unwrap();
    assert!(package.starts_with("prepay_id=wx"), "{package}");
    assert!(order["timeStamp"].is_string());
    app.pay(&order).await;
    assert_eq!(bob.balances().await, (60, 0));
    assert_eq!(bob.order_state(&order).await, "paid");
    assert_eq!(app.system_balance("wechat_pay").await, -60);
    let second_payment = app.pay_with(&order, json!({})).await;
    assert_eq!(second_payment, 409, "WeChat accepts one payment per order");
}

async fn wechat_pay_order_with_changed_parameters_cannot_be_paid(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    for (key, other) in [
        ("timeStamp", "1"),
        ("nonceStr", "x"),
        ("package", "prepay_id=wx1"),
        ("paySign", "eA=="),
    ] {
        let mut changed = order.clone();
        changed[key] = json!(other);
        assert_eq!(
            app.pay_with(&changed, json!({})).await,
            409,
            "the WeChat client verifies the signature over {key}"
        );
    }
}

async fn virtual_order_is_credited_after_its_push(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    assert_eq!(
        keys(&order),
        [
            "provider",
            "out_trade_no",
            "mode",
            "signData",
            "paySig",
            "signature"
        ]
    );
    assert_eq!(
        (&order["provider"], &order["mode"]),
        (&json!("virtual"), &json!("short_series_goods"))
    );
    let data: Value = serde_json::from_str(order["signData"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&data["goodsPrice"], &data["productId"], &data["env"]),
        (&json!(600), &json!("gold_60"), &json!(1))
    );
    app.pay(&order).await;
    assert_eq!(bob.balances().await, (60, 0));
    assert_eq!(bob.order_state(&order).await, "paid");
    assert_eq!(app.system_balance("virtual").await, -60);
}

async fn answer_is_signed_with_the_token(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let answer = bob.post(PATH, json!({"block_id": "1"})).await.ok();
    assert_eq!(answer["success"], "success");
    let timestamp = answer["timestamp"].as_str().unwrap();
    let content = answer["content"].as_str().unwrap();
    assert!(
        timestamp.len() == 19 && timestamp.as_bytes()[10] == b' ',
        "{timestamp}"
    );
    let mac = Hmac::<Sha256>::new_from_slice(bob.token.as_bytes()).unwrap();
    let mac = mac.chain_update(format!("{timestamp}\n{content}"));
    let expected = hex::encode(mac.finalize().into_bytes());
    assert_eq!(answer["sign"], expected.as_str());
}

async fn user_of_another_app_cannot_use_virtual_payment(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let moved = app.services.db.write(|conn| {
        let moved = diesel::update(users::table)
            .set(users::app_id.eq("wx0000000000000009"))
            .execute(conn)?;
        Ok::<_, StoreError>(moved)
    });
    moved.await.unwrap();
    let answer = bob.post(PATH, json!({"block_id": blocks::SIXTY})).await;
    answer.refused(409, "provider_unavailable");
}

/// Logs in at WeChat without the server. This ends the session that the server knows.
async fn login_at_wechat(app: &TestApp, code: &str) {
    let url = format!("{}/sns/jscode2session", app.sandbox);
    let query = [
        ("appid", APP),
        ("secret", "sandbox-app-secret"),
        ("js_code", code),
        ("grant_type", "authorization_code"),
    ];
    app.http.get(url).query(&query).send().await.unwrap();
}

async fn expired_session_needs_a_new_login_code(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    login_at_wechat(&app, "bob.2").await;
    let without_code = bob.post(PATH, json!({"block_id": blocks::SIXTY})).await;
    without_code.refused(409, "session_expired");
    let body = json!({"block_id": blocks::SIXTY, "code": "bob.3"});
    let answer = bob.post(PATH, body).await.ok();
    let order: Value = serde_json::from_str(answer["content"].as_str().unwrap()).unwrap();
    app.pay(&order).await;
    assert_eq!(bob.balances().await, (60, 0));
    let body = json!({"block_id": blocks::SIXTY, "code": "bad code!"});
    let malformed_code = bob.post(PATH, body).await;
    malformed_code.refused(400, "invalid_code");
}

async fn login_code_of_another_user_is_400(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let body = json!({"block_id": blocks::SIXTY, "code": "alice"});
    bob.post(PATH, body).await.refused(400, "invalid_code");
    assert_eq!(bob.orders().await, json!([]));
}

async fn order_refused_by_the_provider_is_closed(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    app.add_fault(json!({
        "path": provider_paths::CREATE_ORDER,
        "status": 400,
        "errcode": "PARAM_ERROR",
        "times": 1,
    }))
    .await;
    let answer = bob.post(PATH, json!({"block_id": blocks::SIXTY})).await;
    answer.refused(502, "provider_refused");
    let orders = bob.orders().await;
    assert_eq!(
        (orders.as_array().unwrap().len(), &orders[0]["state"]),
        (1, &json!("closed"))
    );
}

async fn order_without_answer_of_the_provider_is_found_by_the_payment_poller(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    // WeChat Pay creates the order, but its answer is lost, so that the user may still pay.
    let fault = json!({"path": provider_paths::CREATE_ORDER, "drop_answer": true, "times": 1});
    app.add_fault(fault).await;
    let answer = bob.post(PATH, json!({"block_id": blocks::SIXTY})).await;
    assert!(answer.headers.contains_key("retry-after"));
    answer.refused(503, "provider_silent");
    let order = bob.orders().await[0].clone();
    assert_eq!(order["state"], "created");
    app.pay_without_notice(&order).await;
    app.advance(11);
    bob.wait_for_balances(60, 0).await;
    app.audit().await;
}

/// Asserts that another order is refused because too many are open.
async fn assert_too_many_orders(client: &TestClient) {
    let answer = client.post(PATH, json!({"block_id": blocks::TEN})).await;
    answer.refused(429, "too_many_orders");
}

async fn twenty_first_open_order_is_429(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut last = Value::Null;
    for _ in 0..20 {
        last = bob.create_order(blocks::TEN).await;
    }
    assert_too_many_orders(&bob).await;
    app.pay(&last).await;
    bob.create_order(blocks::TEN).await;
}

async fn provider_outage_blocks_new_orders_for_a_minute_only(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    // The provider answers neither the orders nor the queries about them.
    let queries_fail = json!({"path": provider_paths::QUERY_ORDER, "status": 503});
    app.add_fault(queries_fail).await;
    let orders_fail = json!({"path": provider_paths::CREATE_ORDER, "status": 503, "times": 20});
    app.add_fault(orders_fail).await;
    for _ in 0..20 {
        let answer = bob.post(PATH, json!({"block_id": blocks::TEN})).await;
        answer.refused(503, "provider_silent");
    }
    assert_too_many_orders(&bob).await;
    app.advance(61);
    bob.create_order(blocks::TEN).await;
}

async fn forty_simultaneous_orders_open_twenty(db: TestDb) {
    let app = TestApp::start(db).await;
    let second = app.second_instance().await;
    let bob = app.guest("bob", Gender::Male).await;
    let clients = [&bob, &bob.on_instance(&second)];
    let body = json!({"block_id": blocks::TEN});
    let orders = (0..40).map(|at| clients[at % 2].post(PATH, body.clone()));
    let (created, refused): (Vec<_>, Vec<_>) = join_all(orders)
        .await
        .into_iter()
        .partition(|answer| answer.status == 200);
    assert_eq!(created.len(), 20);
    for answer in refused {
        answer.refused(429, "too_many_orders");
    }
    let payments = &app.services.payments;
    assert_eq!(payments.waiting_orders().await.unwrap().0, 20);
}
