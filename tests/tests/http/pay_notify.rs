//! `pay_notify/`

use base64::Engine as _;
use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone, eventually};
use qlive_types::Gender;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::recharge::buyer;

on_both!(
    notices_are_taken_once_however_they_come,
    sixteen_notices_at_once_credit_once,
    a_probe_is_refused_and_is_no_attack,
    what_is_forged_moves_nothing_and_is_counted,
    what_is_anothers_moves_nothing_and_is_counted,
    what_is_another_providers_is_unfit,
    what_is_unknown_is_accepted_and_counted,
    a_closed_order_that_is_paid_all_the_same_is_credited,
    one_payment_credits_one_order,
    certificates_are_fetched_where_there_is_no_public_key,
    unknown_certificates_are_looked_for_once_a_minute,
    certificates_that_were_changed_on_the_way_are_not_believed,
    a_notice_signed_with_an_unknown_certificate_has_it_fetched,
    while_the_server_is_gone_wechat_comes_again,
    what_cannot_be_committed_is_not_accepted,
);

async fn notices_are_taken_once_however_they_come(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    for (times, how) in ["doubled", "late", "reordered", "none"]
        .into_iter()
        .enumerate()
    {
        let order = bob.order(1).await;
        house
            .fault(json!({"path": "/pay_notify/", "notice": how, "times": 1}))
            .await;
        house.pay(&order).await;
        if how == "reordered" {
            // It goes out behind the next one.
            assert_eq!(bob.purse().await, (120, 0));
            continue;
        }
        let gold = 60 * (i64::try_from(times).unwrap() + 1);
        eventually("it is credited", || async {
            bob.purse().await == (gold, 0)
        })
        .await;
    }
    assert_eq!(house.audit().await.systems[3], ("wechat_pay", -240));
    assert_eq!(house.callbacks("pay", "taken").await, 4);
    eventually("the double came too", || async {
        house.callbacks("pay", "known").await == 1
    })
    .await;
}

/// A notice of an order's payment, as WeChat would write it, before it is sealed.
fn payment(house: &House, order: &Value, fen: i64) -> Value {
    let pay = house.settings.wechat_pay.as_ref().unwrap();
    json!({"appid": qlive_tests::APP, "mchid": pay.mchid, "out_trade_no": order["out_trade_no"],
        "transaction_id": format!("4200{}", order["out_trade_no"].as_str().unwrap()), "trade_state": "SUCCESS",
        "success_time": "2026-11-23T10:00:00+08:00", "payer": {"openid": "sandbox-bob"},
        "amount": {"total": fen, "payer_total": fen, "currency": "CNY", "payer_currency": "CNY"}})
}

/// Sends it in WeChat's name; the status it got.
pub(crate) async fn notice(
    house: &House,
    event: &str,
    kind: &str,
    resource: Value,
    quirks: Value,
) -> u64 {
    let mut made = json!({"event": event, "kind": kind, "resource": resource});
    made.as_object_mut()
        .unwrap()
        .extend(quirks.as_object().unwrap().clone());
    house.asked("notices", made).await["status"]
        .as_u64()
        .unwrap()
}

async fn paid(house: &House, resource: Value, quirks: Value) -> u64 {
    notice(
        house,
        "TRANSACTION.SUCCESS",
        "transaction",
        resource,
        quirks,
    )
    .await
}

async fn sixteen_notices_at_once_credit_once(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let told = payment(&house, &order, 600);
    for status in join_all((0..16).map(|_| paid(&house, told.clone(), json!({})))).await {
        assert_eq!(status, 204);
    }
    assert_eq!(bob.purse().await, (60, 0));
    assert_eq!(
        (
            house.callbacks("pay", "taken").await,
            house.callbacks("pay", "known").await
        ),
        (1, 15)
    );
    house.audit().await;
}

async fn a_probe_is_refused_and_is_no_attack(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    house
        .fault(json!({"path": "/pay_notify/", "notice": "probe", "times": 1}))
        .await;
    let order = bob.order(1).await;
    house.pay(&order).await;
    assert_eq!(
        bob.purse().await,
        (60, 0),
        "the true one came behind the probe"
    );
    assert_eq!(
        (
            house.callbacks("pay", "probe").await,
            house.callbacks("pay", "forged").await
        ),
        (1, 0)
    );
    let probes = house.outside().await["notices"].clone();
    assert_eq!(
        (&probes[0]["probe"], &probes[0]["accepted"]),
        (&json!(true), &json!(false))
    );
}

async fn what_is_forged_moves_nothing_and_is_counted(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let told = payment(&house, &order, 600);
    for quirks in [
        json!({"tampered": true}),
        json!({"skew_secs": -301}),
        json!({"skew_secs": 301}),
        json!({"serial": "PUB_KEY_ID_9"}),
        json!({"serial": house.settings.wechat_pay.as_ref().unwrap().verify_keys[1].id}),
    ] {
        assert_eq!(
            paid(&house, told.clone(), quirks.clone()).await,
            401,
            "{quirks}"
        );
    }
    // Somebody else's words, with and without the headers.
    let url = house.at("pay_notify/");
    let body = json!({"event_type": "TRANSACTION.SUCCESS", "resource": {"ciphertext": "AAAA"}})
        .to_string();
    let mut headers = HeaderMap::new();
    assert_eq!(
        house
            .http
            .post(&url)
            .body(body.clone())
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let now = house.clock.now().secs().to_string();
    let signature = base64::engine::general_purpose::STANDARD.encode([7; 256]);
    let serial = house.settings.wechat_pay.as_ref().unwrap().verify_keys[0]
        .id
        .clone();
    for (name, value) in [
        ("wechatpay-timestamp", now),
        ("wechatpay-nonce", "n".into()),
        ("wechatpay-signature", signature),
        ("wechatpay-serial", serial),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let answer = house
        .http
        .post(&url)
        .headers(headers)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        answer.json::<Value>().await.unwrap()["code"],
        "bad_signature"
    );
    assert_eq!(house.callbacks("pay", "forged").await, 7);
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
    assert_eq!(
        paid(&house, told, json!({"skew_secs": -299})).await,
        204,
        "within five minutes it counts"
    );
    assert_eq!(bob.purse().await, (60, 0));
}

async fn what_is_anothers_moves_nothing_and_is_counted(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    for (pointer, value) in [
        ("/mchid", json!("1900000009")),
        ("/appid", json!("wx0000000000000009")),
        ("/amount/total", json!(599)),
        ("/amount/total", json!(60_000)),
        ("/amount/currency", json!("USD")),
        ("/transaction_id", json!("")),
    ] {
        let mut told = payment(&house, &order, 600);
        *told.pointer_mut(pointer).unwrap() = value;
        assert_eq!(paid(&house, told.clone(), json!({})).await, 400, "{told}");
    }
    assert_eq!(house.callbacks("pay", "unfit").await, 6);
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
    assert_eq!(
        paid(&house, payment(&house, &order, 600), json!({})).await,
        204
    );
    let mut other = payment(&house, &order, 600);
    other["transaction_id"] = json!("42009");
    assert_eq!(
        paid(&house, other, json!({})).await,
        400,
        "it is paid under another number"
    );
    assert_eq!(bob.purse().await, (60, 0));
    // A block that has changed since changes no order.
    let order = bob.order(1).await;
    house.sql("UPDATE blocks SET gold = 9999, fen = 1").await;
    assert_eq!(
        paid(&house, payment(&house, &order, 600), json!({})).await,
        204
    );
    assert_eq!(bob.purse().await, (120, 0));
    house.audit().await;
}

async fn what_is_another_providers_is_unfit(db: TestDb) {
    let house = crate::recharge::virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    assert_eq!(
        paid(&house, payment(&house, &order, 600), json!({})).await,
        400
    );
    assert_eq!(
        (bob.purse().await, house.callbacks("pay", "unfit").await),
        ((0, 0), 1)
    );
}

async fn what_is_unknown_is_accepted_and_counted(db: TestDb) {
    let house = House::open(db).await;
    let told = payment(&house, &json!({"out_trade_no": "Q-of-nobody"}), 600);
    assert_eq!(paid(&house, told, json!({})).await, 204);
    assert_eq!(
        notice(
            &house,
            "COUPON.USE",
            "coupon",
            json!({"coupon_id": "1"}),
            json!({})
        )
        .await,
        204
    );
    assert_eq!(
        (
            house.callbacks("pay", "unknown").await,
            house.callbacks("pay", "unhandled").await
        ),
        (1, 1)
    );
    // An amount that was never told, a word that is not known: nothing that counts as paid.
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let mut odd = payment(&house, &order, 600);
    odd["trade_state"] = json!("PAID_BY_MAGIC");
    assert_eq!(paid(&house, odd, json!({})).await, 204);
    let mut unpaid = payment(&house, &order, 600);
    unpaid.as_object_mut().unwrap().remove("amount");
    assert_eq!(paid(&house, unpaid, json!({})).await, 400);
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
}

async fn a_closed_order_that_is_paid_all_the_same_is_credited(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    house.advance(1_900);
    eventually("it is closed", || async {
        bob.order_state(&order).await == "closed"
    })
    .await;
    assert_eq!(
        house.outside().await["orders"][order["out_trade_no"].as_str().unwrap()]["trade_state"],
        "CLOSED"
    );
    assert_eq!(
        house.try_pay(&order, json!({})).await,
        409,
        "WeChat takes no money for it"
    );
    assert_eq!(
        house.try_pay(&order, json!({"late": true})).await,
        200,
        "but this payment was under way"
    );
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((60, 0), "paid")
    );
    house.audit().await;
}

async fn one_payment_credits_one_order(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let (one, two) = (bob.order(1).await, bob.order(1).await);
    let told = payment(&house, &one, 600);
    assert_eq!(paid(&house, told.clone(), json!({})).await, 204);
    let mut again = payment(&house, &two, 600);
    again["transaction_id"] = told["transaction_id"].clone();
    assert_eq!(paid(&house, again, json!({})).await, 400);
    assert_eq!(
        (bob.purse().await, bob.order_state(&two).await.as_str()),
        ((60, 0), "created")
    );
}

async fn unknown_certificates_are_looked_for_once_a_minute(db: TestDb) {
    let house = House::open(db).await;
    let mut settings = house.settings.clone();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.wechat_pay.as_mut().unwrap().verify_keys.clear();
    let second = House::with_settings_at(settings, &house).await;
    let calls = || async {
        house.outside().await["calls"]["/v3/certificates"]
            .as_u64()
            .unwrap_or(0)
    };
    eventually("they are fetched", || async { calls().await == 1 }).await;
    house
        .fault(json!({"path": "/v3/certificates", "status": 500}))
        .await;
    house.advance(61);
    for _ in 0..5 {
        // Signed with the public key, whose number this instance does not know.
        let quirks = json!({"url": second.at("pay_notify/")});
        assert_eq!(
            notice(
                &house,
                "TRANSACTION.SUCCESS",
                "transaction",
                json!({}),
                quirks
            )
            .await,
            401
        );
    }
    assert_eq!(calls().await, 2, "whatever comes of it");
    second.close().await;
}

async fn certificates_that_were_changed_on_the_way_are_not_believed(db: TestDb) {
    let house = House::open(db).await;
    house
        .fault(json!({"path": "/v3/certificates", "tampered": true}))
        .await;
    let mut settings = house.settings.clone();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.wechat_pay.as_mut().unwrap().verify_keys.clear();
    let second = House::with_settings_at(settings, &house).await;
    let bob = house.guest("bob", Gender::Male).await.at(&second);
    bob.post("qlive_pay/", json!({"block_id": 1}))
        .await
        .refused(503, "provider_silent");
    // An hour later they are fetched anew, and at once where that failed.
    house.no_faults().await;
    house.advance(61);
    bob.order(1).await;
    let calls = || async {
        house.outside().await["calls"]["/v3/certificates"]
            .as_u64()
            .unwrap()
    };
    let fetched = calls().await;
    house.advance(3_601);
    eventually("they are kept fresh", || async { calls().await > fetched }).await;
    second.close().await;
}

async fn certificates_are_fetched_where_there_is_no_public_key(db: TestDb) {
    let house = House::open(db).await;
    let second = {
        let mut settings = house.settings.clone();
        settings.server.listen = ([127, 0, 0, 1], 0).into();
        settings.wechat_pay.as_mut().unwrap().verify_keys.clear();
        House::with_settings_at(settings, &house).await
    };
    let bob = house.guest("bob", Gender::Male).await.at(&second);
    // The answer to the order is signed with a certificate that this instance has to fetch first.
    let order = bob.order(1).await;
    let fetched = house.outside().await["calls"]["/v3/certificates"]
        .as_u64()
        .unwrap();
    assert!((1..=2).contains(&fetched), "{fetched}");
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    // Its own notice address has the answer too.
    house.advance(11);
    eventually("it is credited", || async { bob.purse().await == (60, 0) }).await;
    second.close().await;
}

async fn a_notice_signed_with_an_unknown_certificate_has_it_fetched(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let mut settings = house.settings.clone();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.wechat_pay.as_mut().unwrap().verify_keys.clear();
    let second = House::with_settings_at(settings, &house).await;
    let quirks = json!({"certified": true, "url": second.at("pay_notify/")});
    assert_eq!(
        paid(&house, payment(&house, &order, 600), quirks).await,
        204
    );
    assert_eq!(
        (second.callbacks("pay", "taken").await, bob.purse().await),
        (1, (60, 0))
    );
    // Its public key it does not know, and will not learn.
    let quirks = json!({"url": second.at("pay_notify/")});
    assert_eq!(
        paid(&house, payment(&house, &order, 600), quirks).await,
        401
    );
    second.close().await;
}

async fn what_cannot_be_committed_is_not_accepted(db: TestDb) {
    let house = House::open(db).await;
    let (bob, _) = buyer(&house, "bob", 1).await;
    let order = bob.order(1).await;
    // The books refuse: whatever the reason, WeChat must come again.
    house
        .sql("ALTER TABLE ledger_requests RENAME TO elsewhere")
        .await;
    assert_eq!(
        paid(&house, payment(&house, &order, 600), json!({})).await,
        500
    );
    house
        .sql("ALTER TABLE elsewhere RENAME TO ledger_requests")
        .await;
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((60, 0), "created")
    );
    assert_eq!(
        paid(&house, payment(&house, &order, 600), json!({})).await,
        204
    );
    assert_eq!(bob.purse().await, (120, 0));
    house.audit().await;
}

async fn while_the_server_is_gone_wechat_comes_again(db: TestDb) {
    let house = House::open(db).await;
    let (bob, _) = buyer(&house, "bob", 1).await;
    let order = bob.order(1).await;
    // The server is gone when the notice comes, and back before WeChat gives up.
    let sandbox = house.sandbox.clone();
    let (url, http) = (
        format!(
            "{sandbox}/sandbox/pay/{}",
            order["out_trade_no"].as_str().unwrap()
        ),
        house.http.clone(),
    );
    let house = house
        .restart_while(0, async move {
            assert_eq!(http.post(url).send().await.unwrap().status(), 200)
        })
        .await;
    let bob = Phone::login(&house, "bob").await;
    eventually("the notice comes again", || async {
        bob.purse().await == (120, 0)
    })
    .await;
    house.audit().await;
}
