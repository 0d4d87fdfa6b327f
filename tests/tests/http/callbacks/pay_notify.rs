//! `pay_notify/`: notices of WeChat Pay.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient, blocks, wait_until};
use qlive_types::Gender;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

on_both!(
    doubled_late_and_reordered_notices_credit_once,
    sixteen_concurrent_notices_credit_once,
    probe_is_refused_and_not_counted_as_forged,
    forged_notice_changes_nothing_and_is_counted,
    notice_that_does_not_match_the_order_changes_nothing_and_is_counted,
    notice_without_a_currency_is_in_yuan,
    notice_about_an_order_of_another_provider_is_a_mismatch,
    unknown_order_and_unhandled_event_are_accepted_and_counted,
    closed_order_that_is_paid_late_is_credited,
    payment_of_one_order_does_not_credit_another,
    wechat_repeats_the_notice_after_a_restart,
    notice_that_cannot_be_stored_is_not_accepted,
);

async fn doubled_late_and_reordered_notices_credit_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    for (times, how) in ["doubled", "late", "reordered", "none"]
        .into_iter()
        .enumerate()
    {
        let order = bob.create_order(blocks::SIXTY).await;
        if how != "none" {
            app.add_fault(json!({"path": "/pay_notify/", "notice": how, "times": 1}))
                .await;
        }
        app.pay(&order).await;
        if how == "reordered" {
            // It is sent after the notice of the next order.
            assert_eq!(bob.balances().await, (120, 0));
            continue;
        }
        let gold = 60 * (i64::try_from(times).unwrap() + 1);
        wait_until("the order is credited", || async {
            bob.balances().await == (gold, 0)
        })
        .await;
    }
    assert_eq!(app.system_balance("wechat_pay").await, -240);
    assert_eq!(app.callback_count("pay", "accepted").await, 4);
    wait_until("the repeated notice arrives", || async {
        app.callback_count("pay", "known").await == 1
    })
    .await;
}

async fn sixteen_concurrent_notices_credit_once(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let resource = app.payment_resource(&order, 600);
    for status in
        join_all((0..16).map(|_| app.send_payment_notice(resource.clone(), json!({})))).await
    {
        assert_eq!(status, 204);
    }
    assert_eq!(bob.balances().await, (60, 0));
    assert_eq!(
        (
            app.callback_count("pay", "accepted").await,
            app.callback_count("pay", "known").await
        ),
        (1, 15)
    );
    app.audit().await;
}

async fn probe_is_refused_and_not_counted_as_forged(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    app.add_fault(json!({"path": "/pay_notify/", "notice": "probe", "times": 1}))
        .await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.pay(&order).await;
    assert_eq!(
        bob.balances().await,
        (60, 0),
        "the real notice follows the probe"
    );
    assert_eq!(
        (
            app.callback_count("pay", "probe").await,
            app.callback_count("pay", "forged").await
        ),
        (1, 0)
    );
    let probes = app.sandbox_state().await["notices"].clone();
    assert_eq!(
        (&probes[0]["probe"], &probes[0]["accepted"]),
        (&json!(true), &json!(false))
    );
}

/// Sends a notice without signature headers and one with an invalid signature.
async fn send_unsigned_and_wrongly_signed(app: &TestApp) {
    let url = app.url_of("pay_notify/");
    let body = json!({"event_type": "TRANSACTION.SUCCESS", "resource": {"ciphertext": "AAAA"}});
    let unsigned = app.http.post(&url).body(body.to_string());
    assert_eq!(unsigned.send().await.unwrap().status(), 401);
    let verify_keys = &app.settings.wechat_pay.as_ref().unwrap().verify_keys;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("wechatpay-timestamp", app.clock.now().secs().to_string()),
        ("wechatpay-nonce", "n".into()),
        ("wechatpay-signature", BASE64.encode([7; 256])),
        ("wechatpay-serial", verify_keys[0].id.clone()),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let signed = app.http.post(&url).headers(headers).body(body.to_string());
    let answer = signed.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "bad_signature");
}

async fn forged_notice_changes_nothing_and_is_counted(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let resource = app.payment_resource(&order, 600);
    for options in [
        json!({"tampered": true}),
        json!({"skew_secs": -301}),
        json!({"skew_secs": 301}),
        json!({"serial": "PUB_KEY_ID_9"}),
        json!({"serial": app.settings.wechat_pay.as_ref().unwrap().verify_keys[1].id}),
    ] {
        assert_eq!(
            app.send_payment_notice(resource.clone(), options.clone())
                .await,
            401,
            "{options}"
        );
    }
    send_unsigned_and_wrongly_signed(&app).await;
    assert_eq!(app.callback_count("pay", "forged").await, 7);
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
    assert_eq!(
        app.send_payment_notice(resource, json!({"skew_secs": -299}))
            .await,
        204,
        "a clock difference below five minutes is accepted"
    );
    assert_eq!(bob.balances().await, (60, 0));
}

async fn notice_that_does_not_match_the_order_changes_nothing_and_is_counted(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    for (pointer, value) in [
        ("/mchid", json!("1900000009")),
        ("/appid", json!("wx0000000000000009")),
        ("/amount/total", json!(599)),
        ("/amount/total", json!(60_000)),
        ("/amount/currency", json!("USD")),
        ("/transaction_id", json!("")),
    ] {
        let mut resource = app.payment_resource(&order, 600);
        *resource.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            app.send_payment_notice(resource.clone(), json!({})).await,
            400,
            "{resource}"
        );
    }
    assert_eq!(app.callback_count("pay", "mismatch").await, 6);
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
    assert_eq!(
        app.send_payment_notice(app.payment_resource(&order, 600), json!({}))
            .await,
        204
    );
    let mut other = app.payment_resource(&order, 600);
    other["transaction_id"] = json!("42009");
    assert_eq!(
        app.send_payment_notice(other, json!({})).await,
        400,
        "the order was paid by another transaction"
    );
    assert_eq!(bob.balances().await, (60, 0));
    // A change of the block does not change the order.
    let order = bob.create_order(blocks::SIXTY).await;
    app.execute_sql("UPDATE blocks SET gold = 9999, fen = 1")
        .await;
    assert_eq!(
        app.send_payment_notice(app.payment_resource(&order, 600), json!({}))
            .await,
        204
    );
    assert_eq!(bob.balances().await, (120, 0));
    app.audit().await;
}

async fn notice_without_a_currency_is_in_yuan(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let mut gold = 0;
    for amount in [
        json!({"total": 600}),
        json!({"total": 600, "currency": null}),
        json!({"total": 600, "currency": ""}),
    ] {
        let order = bob.create_order(blocks::SIXTY).await;
        let mut resource = app.payment_resource(&order, 600);
        resource["amount"] = amount.clone();
        let status = app.send_payment_notice(resource, json!({})).await;
        gold += 60;
        assert_eq!((status, bob.balances().await), (204, (gold, 0)), "{amount}");
    }
    // The currency is optional, the amount is not; and another currency is not ours.
    let order = bob.create_order(blocks::SIXTY).await;
    for amount in [
        json!({"currency": "CNY"}),
        json!({"total": 599}),
        json!({"total": 600, "currency": "HKD"}),
        json!({"total": 600, "currency": 156}),
    ] {
        let mut resource = app.payment_resource(&order, 600);
        resource["amount"] = amount.clone();
        let status = app.send_payment_notice(resource, json!({})).await;
        assert_eq!((status, bob.balances().await), (400, (gold, 0)), "{amount}");
    }
    app.audit().await;
}

async fn notice_about_an_order_of_another_provider_is_a_mismatch(db: TestDb) {
    let app = TestApp::start_with_virtual_payment(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    assert_eq!(
        app.send_payment_notice(app.payment_resource(&order, 600), json!({}))
            .await,
        400
    );
    assert_eq!(
        (
            bob.balances().await,
            app.callback_count("pay", "mismatch").await
        ),
        ((0, 0), 1)
    );
}

async fn unknown_order_and_unhandled_event_are_accepted_and_counted(db: TestDb) {
    let app = TestApp::start(db).await;
    let resource = app.payment_resource(&json!({"out_trade_no": "Q-of-nobody"}), 600);
    assert_eq!(app.send_payment_notice(resource, json!({})).await, 204);
    assert_eq!(
        app.send_pay_notice("COUPON.USE", "coupon", json!({"coupon_id": "1"}), json!({}))
            .await,
        204
    );
    assert_eq!(
        (
            app.callback_count("pay", "unknown").await,
            app.callback_count("pay", "unhandled").await
        ),
        (1, 1)
    );
    // An unknown state and a missing amount do not count as paid.
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    let mut odd = app.payment_resource(&order, 600);
    odd["trade_state"] = json!("PAID_BY_MAGIC");
    assert_eq!(app.send_payment_notice(odd, json!({})).await, 204);
    let mut unpaid = app.payment_resource(&order, 600);
    unpaid.as_object_mut().unwrap().remove("amount");
    assert_eq!(app.send_payment_notice(unpaid, json!({})).await, 400);
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
}

async fn closed_order_that_is_paid_late_is_credited(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(blocks::SIXTY).await;
    app.advance(1_900);
    wait_until("the order is closed", || async {
        bob.order_state(&order).await == "closed"
    })
    .await;
    assert_eq!(
        app.sandbox_state().await["orders"][order["out_trade_no"].as_str().unwrap()]["trade_state"],
        "CLOSED"
    );
    assert_eq!(
        app.pay_with(&order, json!({})).await,
        409,
        "WeChat refuses the payment"
    );
    assert_eq!(
        app.pay_with(&order, json!({"late": true})).await,
        200,
        "a payment that had started is completed"
    );
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((60, 0), "paid")
    );
    app.audit().await;
}

async fn payment_of_one_order_does_not_credit_another(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let (one, two) = (
        bob.create_order(blocks::SIXTY).await,
        bob.create_order(blocks::SIXTY).await,
    );
    let resource = app.payment_resource(&one, 600);
    assert_eq!(
        app.send_payment_notice(resource.clone(), json!({})).await,
        204
    );
    let mut again = app.payment_resource(&two, 600);
    again["transaction_id"] = resource["transaction_id"].clone();
    assert_eq!(app.send_payment_notice(again, json!({})).await, 400);
    assert_eq!(
        (bob.balances().await, bob.order_state(&two).await.as_str()),
        ((60, 0), "created")
    );
}

async fn notice_that_cannot_be_stored_is_not_accepted(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, _) = app.buyer("bob", blocks::SIXTY).await;
    let order = bob.create_order(blocks::SIXTY).await;
    // The ledger cannot be written: WeChat must repeat the notice.
    app.execute_sql("ALTER TABLE idempotency_keys RENAME TO elsewhere")
        .await;
    assert_eq!(
        app.send_payment_notice(app.payment_resource(&order, 600), json!({}))
            .await,
        500
    );
    app.execute_sql("ALTER TABLE elsewhere RENAME TO idempotency_keys")
        .await;
    assert_eq!(
        (bob.balances().await, bob.order_state(&order).await.as_str()),
        ((60, 0), "created")
    );
    assert_eq!(
        app.send_payment_notice(app.payment_resource(&order, 600), json!({}))
            .await,
        204
    );
    assert_eq!(bob.balances().await, (120, 0));
    app.audit().await;
}

async fn wechat_repeats_the_notice_after_a_restart(db: TestDb) {
    let app = TestApp::start(db).await;
    let (bob, _) = app.buyer("bob", blocks::SIXTY).await;
    let order = bob.create_order(blocks::SIXTY).await;
    // The server is stopped when the notice is sent, and started before WeChat stops repeating it.
    let no = order["out_trade_no"].as_str().unwrap();
    let url = format!("{}/sandbox/pay/{no}", app.sandbox);
    let http = app.http.clone();
    let app = app
        .restart_while(0, async move {
            assert_eq!(http.post(url).send().await.unwrap().status(), 200)
        })
        .await;
    let bob = TestClient::login(&app, "bob").await;
    wait_until("the notice is repeated", || async {
        bob.balances().await == (120, 0)
    })
    .await;
    app.audit().await;
}
