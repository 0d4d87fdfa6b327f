//! `wx_notify/`: message pushes about virtual payment.

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::{Value, json};

use crate::recharge::virtual_house;

on_both!(
    the_address_is_verified,
    pushes_are_taken_in_every_form,
    pushes_are_taken_once_however_they_come,
    a_plain_push_alone_moves_nothing,
    an_encrypted_push_must_fit_its_order,
    what_is_forged_moves_nothing_and_is_counted,
    goods_of_a_lost_push_are_told_to_be_provided,
    goods_whose_push_was_never_acknowledged_are_told_when_asked,
    nobody_waits_for_goods_whose_money_went_back,
    complaints_are_recorded_once,
    sixteen_pushes_at_once_credit_once,
    a_slow_question_is_answered_later,
    what_is_unknown_is_accepted_and_counted,
);

async fn mode(house: &House, secure: bool, xml: bool) {
    assert_eq!(
        house
            .control("push", json!({"secure": secure, "xml": xml}))
            .await,
        204
    );
}

async fn the_address_is_verified(db: TestDb) {
    let house = House::open(db).await;
    assert_eq!(
        house.asked("push/verify", json!({})).await,
        json!({"verified": true})
    );
    let url = house.at("wx_notify/?signature=00&timestamp=1&nonce=2&echostr=hello");
    let answer = house.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(!answer.text().await.unwrap().contains("hello"));
}

async fn pushes_are_taken_in_every_form(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let mut gold = 0;
    for secure in [true, false] {
        for xml in [false, true] {
            mode(&house, secure, xml).await;
            let order = bob.order(1).await;
            house.pay(&order).await;
            gold += 60;
            eventually(&format!("secure {secure}, xml {xml}"), || async {
                bob.purse().await == (gold, 0)
            })
            .await;
        }
    }
    let notices = house.outside().await["notices"].clone();
    assert!(
        notices
            .as_array()
            .unwrap()
            .iter()
            .all(|notice| notice["accepted"] == true),
        "{notices}"
    );
    house.audit().await;
}

async fn pushes_are_taken_once_however_they_come(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    for (at, how) in ["doubled", "late", "none"].into_iter().enumerate() {
        let order = bob.order(1).await;
        house
            .fault(json!({"path": "/wx_notify/", "notice": how, "times": 1}))
            .await;
        house.pay(&order).await;
        let gold = 60 * (i64::try_from(at).unwrap() + 1);
        eventually("it is credited", || async {
            bob.purse().await == (gold, 0)
        })
        .await;
    }
    eventually("the double came too", || async {
        house.callbacks("push", "known").await == 1
    })
    .await;
    assert_eq!(house.callbacks("push", "taken").await, 3);
    house.audit().await;
}

/// What WeChat would push of an order that was paid.
fn paid(order: &Value) -> Value {
    json!({"ToUserName": "gh_sandbox", "FromUserName": "o", "CreateTime": 1, "MsgType": "event",
        "Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob", "OutTradeNo": order["out_trade_no"], "Env": 1,
        "WeChatPayInfo": {"MchOrderNo": "m", "TransactionId": "4300", "PaidTime": 1_790_000_000},
        "GoodsInfo": {"ProductId": "gold_60", "Quantity": 1, "OrigPrice": 600, "ActualPrice": 600, "Attach": "a"}})
}

async fn a_plain_push_alone_moves_nothing(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    mode(&house, false, false).await;
    let answer = house.asked("pushes", paid(&order)).await;
    assert_eq!(
        answer,
        json!({"status": 503, "accepted": false}),
        "its signature does not cover its body, and WeChat knows of no payment"
    );
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
    assert_eq!(house.callbacks("push", "again").await, 1);
    // What it claims is not believed even then: WeChat's own word is.
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    house.advance(3);
    let mut lying = paid(&order);
    lying["GoodsInfo"]["ActualPrice"] = json!(1);
    assert_eq!(
        house.asked("pushes", lying).await,
        json!({"status": 200, "accepted": true})
    );
    assert_eq!(bob.purse().await, (60, 0));
    house.audit().await;
}

async fn an_encrypted_push_must_fit_its_order(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    for (pointer, value) in [
        ("/OpenId", json!("sandbox-alice")),
        ("/Env", json!(0)),
        ("/GoodsInfo/ProductId", json!("gold_10")),
        ("/GoodsInfo/Quantity", json!(2)),
        ("/GoodsInfo/OrigPrice", json!(500)),
        ("/GoodsInfo/ActualPrice", json!(599)),
    ] {
        let mut told = paid(&order);
        *told.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            house.asked("pushes", told).await["status"],
            400,
            "{pointer}"
        );
    }
    assert_eq!(house.callbacks("push", "unfit").await, 6);
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
    assert_eq!(house.asked("pushes", paid(&order)).await["accepted"], true);
    assert_eq!(bob.purse().await, (60, 0));
    house.audit().await;
}

async fn what_is_forged_moves_nothing_and_is_counted(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let now = house.clock.now().secs();
    for query in [
        String::new(),
        format!("?signature=0&timestamp={now}&nonce=1"),
        format!("?signature={}&timestamp={now}&nonce=1", "0".repeat(40)),
        format!(
            "?encrypt_type=aes&msg_signature={}&timestamp={now}&nonce=1",
            "0".repeat(40)
        ),
    ] {
        for body in [
            paid(&order).to_string(),
            json!({"Encrypt": "AAAA"}).to_string(),
            "<xml>".into(),
            "x".into(),
        ] {
            let url = format!("{}{query}", house.at("wx_notify/"));
            assert_eq!(
                house
                    .http
                    .post(url)
                    .body(body)
                    .send()
                    .await
                    .unwrap()
                    .status(),
                401,
                "{query}"
            );
        }
    }
    assert_eq!(house.callbacks("push", "forged").await, 16);
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "created")
    );
}

async fn nobody_waits_for_goods_whose_money_went_back(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    house
        .fault(json!({"path": "/xpay/notify_provide_goods", "errcode": 268_490_013}))
        .await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    house.advance(11);
    eventually("the sweeper asks", || async {
        bob.purse().await == (60, 0)
    })
    .await;
    let calls = || async {
        house.outside().await["calls"]["/xpay/notify_provide_goods"]
            .as_u64()
            .unwrap_or(0)
    };
    eventually("WeChat is told", || async { calls().await == 1 }).await;
    let no = order["out_trade_no"].as_str().unwrap();
    assert_eq!(
        house
            .control(&format!("pay/{no}/refund"), json!({"fen": 600}))
            .await,
        204
    );
    house.advance(130);
    eventually("nothing is due", || async {
        !house.parts.payments.order(no).await.unwrap().provision_due
    })
    .await;
    // Once or twice, as the money went back before WeChat was asked why it does not hear, or after.
    let told = calls().await;
    assert!(told <= 2, "{told}");
    house.advance(1_300);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(calls().await, told, "it is left in peace");
    house.audit().await;
}

async fn goods_of_a_lost_push_are_told_to_be_provided(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    house
        .fault(json!({"path": "/xpay/notify_provide_goods", "errcode": -1, "times": 1}))
        .await;
    house.advance(11);
    eventually("the sweeper asks", || async {
        bob.purse().await == (60, 0)
    })
    .await;
    // WeChat did not hear it the first time; until it has, it is told again.
    let calls = || async {
        house.outside().await["calls"]["/xpay/notify_provide_goods"]
            .as_u64()
            .unwrap_or(0)
    };
    eventually("WeChat is told", || async { calls().await == 1 }).await;
    house.advance(31);
    eventually("WeChat is told again", || async { calls().await == 2 }).await;
    house.advance(700);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(calls().await, 2, "once it has heard, it is left in peace");
    house.audit().await;
}

/// The push came, but no answer of ours got through: at WeChat the goods are still to be provided.
async fn goods_whose_push_was_never_acknowledged_are_told_when_asked(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    assert_eq!(house.asked("pushes", paid(&order)).await["accepted"], true);
    assert_eq!(bob.purse().await, (60, 0));
    let calls = || async {
        house.outside().await["calls"]["/xpay/notify_provide_goods"]
            .as_u64()
            .unwrap_or(0)
    };
    assert_eq!(calls().await, 0);
    house
        .parts
        .payments
        .query(house.operator(), order["out_trade_no"].as_str().unwrap())
        .await
        .unwrap();
    eventually("WeChat is told", || async { calls().await == 1 }).await;
    house.audit().await;
}

async fn sixteen_pushes_at_once_credit_once(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    let push = json!({"Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob", "Env": 1,
        "OutTradeNo": order["out_trade_no"], "WeChatPayInfo": {"TransactionId": "t1", "PaidTime": 1},
        "GoodsInfo": {"ProductId": "gold_60", "Quantity": 1, "OrigPrice": 600, "ActualPrice": 600}});
    for answer in join_all((0..16).map(|_| house.asked("pushes", push.clone()))).await {
        assert_eq!(answer["status"], 200);
    }
    assert_eq!(bob.purse().await, (60, 0));
    assert_eq!(
        (
            house.callbacks("push", "taken").await,
            house.callbacks("push", "known").await
        ),
        (1, 15)
    );
    house.audit().await;
}

async fn a_slow_question_is_answered_later(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    mode(&house, false, false).await;
    let order = bob.order(1).await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    house
        .fault(json!({"path": "/xpay/query_order", "latency_ms": 2_500, "times": 1}))
        .await;
    let push = json!({"Event": "xpay_goods_deliver_notify", "OpenId": "sandbox-bob", "Env": 1,
        "OutTradeNo": order["out_trade_no"]});
    assert_eq!(
        house.asked("pushes", push.clone()).await["status"],
        503,
        "WeChat does not wait for its own answer"
    );
    // The clock stands still for the sweeper: it is the question of the push that finds it paid.
    eventually("it is credited", || async { bob.purse().await == (60, 0) }).await;
    assert_eq!(house.asked("pushes", push).await["status"], 200);
}

async fn complaints_are_recorded_once(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let mut complaint = json!({"MsgType": "event", "Event": "xpay_complaint_notify", "OpenId": "sandbox-bob", "WxOrderId": "w",
        "MchOrderId": order["out_trade_no"], "ComplaintTime": "2026-11-24T10:00:00+08:00", "RetryTimes": 0, "RequestId": "c-1"});
    for _ in 0..2 {
        assert_eq!(
            house.asked("pushes", complaint.clone()).await["accepted"],
            true
        );
    }
    assert_eq!(
        (
            house.callbacks("push", "taken").await,
            house.callbacks("push", "known").await
        ),
        (1, 1)
    );
    let listed = house
        .parts
        .payments
        .complaints(qlive_types::Page::FIRST)
        .await
        .unwrap();
    let no = order["out_trade_no"].as_str().unwrap();
    assert_eq!(
        (
            listed.len(),
            listed[0].out_trade_no.as_str(),
            listed[0].openid.as_str()
        ),
        (1, no, "sandbox-bob")
    );
    // In plain mode anybody may have written it: it counts only about an order of that buyer.
    mode(&house, false, false).await;
    complaint["RequestId"] = json!("c-2");
    complaint["OpenId"] = json!("sandbox-eve");
    assert_eq!(house.asked("pushes", complaint).await["accepted"], true);
    assert_eq!(
        house
            .parts
            .payments
            .complaints(qlive_types::Page::FIRST)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn what_is_unknown_is_accepted_and_counted(db: TestDb) {
    let house = virtual_house(db).await;
    let order = json!({"out_trade_no": "Q-of-nobody"});
    assert_eq!(house.asked("pushes", paid(&order)).await["accepted"], true);
    assert_eq!(
        house
            .asked("pushes", json!({"Event": "wxa_media_check"}))
            .await["accepted"],
        true
    );
    assert_eq!(
        (
            house.callbacks("push", "unknown").await,
            house.callbacks("push", "unhandled").await
        ),
        (1, 1)
    );
}
