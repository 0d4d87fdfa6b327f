//! 7 and 15. `qlive_pay/`, and `qlive_pay/order/`

use hmac::{Hmac, Mac as _};
use qlive_server::ProviderSetting;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{APP, House, Phone};
use qlive_types::Gender;
use serde_json::{Value, json};
use sha2::Sha256;

on_both!(
    blocks_are_shown_cheapest_first,
    wechat_pay_credits_after_its_notice,
    virtual_payment_credits_after_its_notice,
    the_answer_is_signed_with_the_token,
    nothing_is_credited_before_it_is_paid,
    unknown_and_disabled_blocks_cannot_be_ordered,
    another_apps_user_cannot_pay_virtually,
    a_block_without_a_product_is_not_sold_virtually,
    a_dead_session_wants_a_fresh_code,
    a_code_of_somebody_else_does_not_sign,
    a_refused_order_is_closed,
    a_silent_provider_leaves_the_order_to_the_sweeper,
    orders_are_ones_own,
    open_orders_have_a_limit,
    an_operators_question_tells_who_says_otherwise,
    an_outage_of_the_provider_does_not_lock_a_buyer_out,
    the_last_twenty_orders_are_shown,
    a_banned_user_buys_and_withdraws_nothing,
    waiting_for_an_order_ends_when_it_is_paid,
);

pub(crate) async fn virtual_house(db: TestDb) -> House {
    House::open_with(db, |settings| {
        settings.payments.provider = Some(ProviderSetting::Virtual)
    })
    .await
}

async fn blocks_are_shown_cheapest_first(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let cheap = qlive_payments::NewBlock {
        gold: qlive_types::Coins::new(7).unwrap(),
        price: qlive_types::Fen::new(1).unwrap(),
        product_id: None,
    };
    let id = house
        .parts
        .payments
        .add_block(house.operator(), cheap)
        .await
        .unwrap();
    let response = bob
        .request(reqwest::Method::GET, "qlive_pay/")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let first = format!(
        r#"[{{"id":{id},"gold":7,"price":0.01}},{{"id":2,"gold":10,"price":1}},{{"id":1,"gold":60,"price":6}}"#
    );
    assert!(response.starts_with(&first), "{response}");
    house
        .parts
        .payments
        .disable_block(house.operator(), id)
        .await
        .unwrap();
    let blocks = bob.get("qlive_pay/", json!({})).await.ok();
    assert_eq!(
        (blocks.as_array().unwrap().len(), &blocks[0]["id"]),
        (6, &json!(2))
    );
}

async fn wechat_pay_credits_after_its_notice(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let fields: Vec<&String> = order.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
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
    assert!(
        order["package"]
            .as_str()
            .unwrap()
            .starts_with("prepay_id=wx")
    );
    assert!(order["timeStamp"].is_string());
    for (key, other) in [
        ("timeStamp", "1"),
        ("nonceStr", "x"),
        ("package", "prepay_id=wx1"),
        ("paySign", "eA=="),
    ] {
        let mut wrong = order.clone();
        wrong[key] = json!(other);
        assert_eq!(
            house.try_pay(&wrong, json!({})).await,
            409,
            "{key}: the client checks the signature"
        );
    }
    house.pay(&order).await;
    assert_eq!(bob.purse().await, (60, 0));
    assert_eq!(bob.order_state(&order).await, "paid");
    assert_eq!(house.audit().await.systems[3], ("wechat_pay", -60));
    assert_eq!(
        house.try_pay(&order, json!({})).await,
        409,
        "nobody pays twice"
    );
}

async fn virtual_payment_credits_after_its_notice(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let fields: Vec<&String> = order.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
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
    house.pay(&order).await;
    assert_eq!(bob.purse().await, (60, 0));
    assert_eq!(bob.order_state(&order).await, "paid");
    assert_eq!(house.audit().await.systems[4], ("virtual", -60));
}

async fn the_answer_is_signed_with_the_token(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let answer = bob.post("qlive_pay/", json!({"block_id": "1"})).await.ok();
    assert_eq!(answer["success"], "success");
    let (timestamp, content) = (
        answer["timestamp"].as_str().unwrap(),
        answer["content"].as_str().unwrap(),
    );
    assert!(
        timestamp.len() == 19 && timestamp.as_bytes()[10] == b' ',
        "{timestamp}"
    );
    let mac = Hmac::<Sha256>::new_from_slice(bob.token.as_bytes()).unwrap();
    let expected = hex::encode(
        mac.chain_update(format!("{timestamp}\n{content}"))
            .finalize()
            .into_bytes(),
    );
    assert_eq!(answer["sign"], expected.as_str());
}

async fn nothing_is_credited_before_it_is_paid(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    assert_eq!(house.metric("qlive_orders_waiting").await, 1);
    house.advance(15);
    assert!((15..60).contains(&house.metric("qlive_orders_oldest_seconds").await));
    let path = format!(
        "/v3/pay/transactions/out-trade-no/{}",
        order["out_trade_no"].as_str().unwrap()
    );
    let asked = || async { house.outside().await["calls"][&path].as_u64().unwrap_or(0) >= 1 };
    qlive_tests::eventually("WeChat is asked", asked).await;
    assert_eq!(
        (bob.order_state(&order).await.as_str(), bob.purse().await),
        ("created", (0, 0))
    );
}

async fn unknown_and_disabled_blocks_cannot_be_ordered(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.post("qlive_pay/", json!({"block_id": 999}))
        .await
        .refused(404, "unknown_block");
    house
        .parts
        .payments
        .disable_block(house.operator(), 1)
        .await
        .unwrap();
    bob.post("qlive_pay/", json!({"block_id": 1}))
        .await
        .refused(404, "unknown_block");
    for wrong in [json!("x"), json!([1]), json!(1.5)] {
        bob.post("qlive_pay/", json!({"block_id": wrong}))
            .await
            .refused(400, "invalid");
    }
    bob.post("qlive_pay/", json!({}))
        .await
        .refused(400, "missing");
    assert_eq!(bob.get("qlive_pay/order/", json!({})).await.ok(), json!([]));
}

async fn another_apps_user_cannot_pay_virtually(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    house
        .parts
        .db
        .write(|conn| Ok::<_, qlive_store::StoreError>(move_to_another_app(conn)?))
        .await
        .unwrap();
    bob.post("qlive_pay/", json!({"block_id": 1}))
        .await
        .refused(409, "provider_unavailable");
}

fn move_to_another_app(conn: &mut qlive_store::Conn) -> diesel::QueryResult<usize> {
    use diesel::prelude::*;
    use qlive_store::schema::users;
    diesel::update(users::table)
        .set(users::app_id.eq("wx0000000000000009"))
        .execute(conn)
}

async fn a_block_without_a_product_is_not_sold_virtually(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let block = qlive_payments::NewBlock {
        gold: qlive_types::Coins::new(7).unwrap(),
        price: qlive_types::Fen::new(1).unwrap(),
        product_id: None,
    };
    let id = house
        .parts
        .payments
        .add_block(house.operator(), block)
        .await
        .unwrap();
    bob.post("qlive_pay/", json!({"block_id": id}))
        .await
        .refused(409, "provider_unavailable");
}

async fn a_dead_session_wants_a_fresh_code(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    // He logs in on another device, which ends the session that we know.
    let elsewhere = format!("{}/sns/jscode2session", house.sandbox);
    let query = [
        ("appid", APP),
        ("secret", "sandbox-app-secret"),
        ("js_code", "bob.2"),
        ("grant_type", "authorization_code"),
    ];
    house
        .http
        .get(elsewhere)
        .query(&query)
        .send()
        .await
        .unwrap();
    bob.post("qlive_pay/", json!({"block_id": 1}))
        .await
        .refused(409, "session_expired");
    let answer = bob
        .post("qlive_pay/", json!({"block_id": 1, "code": "bob.3"}))
        .await
        .ok();
    let order: Value = serde_json::from_str(answer["content"].as_str().unwrap()).unwrap();
    house.pay(&order).await;
    assert_eq!(bob.purse().await, (60, 0));
    bob.post("qlive_pay/", json!({"block_id": 1, "code": "bad code!"}))
        .await
        .refused(400, "invalid_code");
}

async fn a_code_of_somebody_else_does_not_sign(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    bob.post("qlive_pay/", json!({"block_id": 1, "code": "alice"}))
        .await
        .refused(400, "invalid_code");
    assert_eq!(bob.get("qlive_pay/order/", json!({})).await.ok(), json!([]));
}

async fn a_refused_order_is_closed(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    house
        .fault(json!({"path": "/v3/pay/transactions/jsapi", "status": 400, "errcode": "PARAM_ERROR", "times": 1}))
        .await;
    bob.post("qlive_pay/", json!({"block_id": 1}))
        .await
        .refused(502, "provider_refused");
    let orders = bob.get("qlive_pay/order/", json!({})).await.ok();
    assert_eq!(
        (orders.as_array().unwrap().len(), &orders[0]["state"]),
        (1, &json!("closed"))
    );
}

async fn a_silent_provider_leaves_the_order_to_the_sweeper(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    // It took the order, but its answer was lost: the client could still have paid.
    house
        .fault(json!({"path": "/v3/pay/transactions/jsapi", "drop_answer": true, "times": 1}))
        .await;
    let refused = bob.post("qlive_pay/", json!({"block_id": 1})).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(503, "provider_silent");
    let order = bob.get("qlive_pay/order/", json!({})).await.ok()[0].clone();
    assert_eq!(order["state"], "created");
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    house.advance(11);
    qlive_tests::eventually("the sweeper asks", || async {
        bob.purse().await == (60, 0)
    })
    .await;
    house.audit().await;
}

async fn orders_are_ones_own(db: TestDb) {
    let house = House::open(db).await;
    let (bob, alice) = (
        house.guest("bob", Gender::Male).await,
        house.guest("alice", Gender::Female).await,
    );
    let order = bob.order(2).await;
    let query = json!({"out_trade_no": order["out_trade_no"]});
    alice
        .get("qlive_pay/order/", query.clone())
        .await
        .refused(404, "unknown_order");
    let shown = bob.get("qlive_pay/order/", query).await.ok();
    assert_eq!(
        (&shown["gold"], &shown["price"], &shown["state"]),
        (&json!(10), &json!(1), &json!("created"))
    );
    assert_eq!(
        bob.get("qlive_pay/order/", json!({})).await.ok(),
        json!([shown])
    );
    assert_eq!(
        alice.get("qlive_pay/order/", json!({})).await.ok(),
        json!([])
    );
    for wrong in [0, 6, -1] {
        let query = json!({"out_trade_no": order["out_trade_no"], "wait": wrong});
        bob.get("qlive_pay/order/", query)
            .await
            .refused(400, "invalid");
    }
}

async fn waiting_for_an_order_ends_when_it_is_paid(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let waiting = bob.get(
        "qlive_pay/order/",
        json!({"out_trade_no": order["out_trade_no"], "wait": 5}),
    );
    let paying = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        house.pay(&order).await;
    };
    let (shown, ()) = tokio::join!(waiting, paying);
    assert_eq!(shown.ok()["state"], "paid");
    // A notice that never comes: whoever asks has the provider asked.
    let order = bob.order(1).await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    house.advance(4);
    let shown = bob
        .get(
            "qlive_pay/order/",
            json!({"out_trade_no": order["out_trade_no"], "wait": 1}),
        )
        .await
        .ok();
    assert_eq!(
        (&shown["state"], bob.purse().await),
        (&json!("paid"), (120, 0))
    );
}

/// Somebody with gold that was paid for.
pub(crate) async fn buyer(house: &House, name: &str, block: i64) -> (Phone, Value) {
    let phone = house.guest(name, Gender::Male).await;
    let order = phone.order(block).await;
    house.pay(&order).await;
    (phone, order)
}

async fn an_operators_question_tells_who_says_otherwise(db: TestDb) {
    let house = House::open(db).await;
    let (_, order) = buyer(&house, "bob", 1).await;
    let no = order["out_trade_no"].as_str().unwrap();
    assert!(
        house
            .parts
            .payments
            .query(house.operator(), no)
            .await
            .is_ok()
    );
    let path = "/v3/pay/transactions/out-trade-no";
    house
        .fault(json!({"path": path, "status": 404, "errcode": "ORDER_NOT_EXIST", "times": 1}))
        .await;
    let word = house
        .parts
        .payments
        .query(house.operator(), no)
        .await
        .unwrap_err()
        .to_string();
    assert!(word.contains("paid here, but not there"), "{word}");
    house
        .fault(json!({"path": path, "status": 503, "times": 1}))
        .await;
    let word = house
        .parts
        .payments
        .query(house.operator(), no)
        .await
        .unwrap_err()
        .to_string();
    assert!(word.contains("no clear answer"), "{word}");
}

async fn open_orders_have_a_limit(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let mut last = Value::Null;
    for _ in 0..20 {
        last = bob.order(2).await;
    }
    bob.post("qlive_pay/", json!({"block_id": 2}))
        .await
        .refused(429, "too_many_orders");
    house.pay(&last).await;
    bob.order(2).await;
}

async fn an_outage_of_the_provider_does_not_lock_a_buyer_out(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    // Nothing is to be learnt of what was tried.
    house
        .fault(json!({"path": "/v3/pay/transactions/out-trade-no", "status": 503}))
        .await;
    house
        .fault(json!({"path": "/v3/pay/transactions/jsapi", "status": 503, "times": 20}))
        .await;
    for _ in 0..20 {
        bob.post("qlive_pay/", json!({"block_id": 2}))
            .await
            .refused(503, "provider_silent");
    }
    bob.post("qlive_pay/", json!({"block_id": 2}))
        .await
        .refused(429, "too_many_orders");
    house.advance(61);
    bob.order(2).await;
}

async fn the_last_twenty_orders_are_shown(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let mut numbers = Vec::new();
    for _ in 0..21 {
        let order = bob.order(2).await;
        house.pay(&order).await;
        numbers.push(order["out_trade_no"].clone());
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let shown = bob.get("qlive_pay/order/", json!({})).await.ok();
    let shown: Vec<Value> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["out_trade_no"].clone())
        .collect();
    numbers.reverse();
    assert_eq!(shown, numbers[..20]);
    bob.get("qlive_pay/order/", json!({"out_trade_no": "Q".repeat(65)}))
        .await
        .refused(404, "unknown_order");
}

async fn a_banned_user_buys_and_withdraws_nothing(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    house.ban(bob.id()).await;
    bob.post("qlive_pay/", json!({"block_id": 1}))
        .await
        .refused(403, "banned");
    bob.post(
        "qlive_user/withdraw/",
        json!({"income": 10, "request_id": "a"}),
    )
    .await
    .refused(403, "banned");
    let query = json!({"out_trade_no": order["out_trade_no"]});
    bob.get("qlive_pay/order/", query).await.ok();
    assert_eq!(bob.purse().await, (60, 0), "what he has he may look at");
}
