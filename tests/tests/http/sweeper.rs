//! What nobody tells us of is found by asking.

use std::time::Duration;

use futures_util::future::join_all;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::{Value, json};

use crate::payouts::{approve, becomes, earner, withdraw};
use crate::recharge::{buyer, virtual_house};

on_both!(
    a_lost_notice_is_found_by_several_instances_once,
    what_was_never_paid_is_closed,
    a_virtual_order_that_was_never_paid_is_closed_and_looked_at_once_more,
    refunds_and_payouts_are_asked_for_by_one_instance_each,
    an_unclear_answer_decides_nothing,
    an_answer_that_is_not_wechats_decides_nothing,
    an_order_paid_in_its_last_second_is_not_closed,
    a_paid_order_is_asked_about_and_left_in_peace,
    a_slow_answer_puts_no_question_off,
    an_impatient_client_lengthens_no_wait,
);

async fn calls(house: &House, path: &str) -> u64 {
    house.outside().await["calls"][path].as_u64().unwrap_or(0)
}

async fn a_lost_notice_is_found_by_several_instances_once(db: TestDb) {
    let house = House::open(db).await;
    let (second, third) = (house.second().await, house.second().await);
    let bob = house.guest("bob", Gender::Male).await;
    let orders = join_all((0..12).map(|_| bob.order(1))).await;
    for order in &orders {
        assert_eq!(house.try_pay(order, json!({"told": false})).await, 200);
    }
    house.advance(11);
    eventually("all are credited", || async {
        bob.purse().await == (720, 0)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    for order in &orders {
        let path = format!(
            "/v3/pay/transactions/out-trade-no/{}",
            order["out_trade_no"].as_str().unwrap()
        );
        assert_eq!(
            calls(&house, &path).await,
            1,
            "each is asked about by one instance"
        );
    }
    house.audit().await;
    second.close().await;
    third.close().await;
}

async fn what_was_never_paid_is_closed(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    house.advance(11);
    let path = format!(
        "/v3/pay/transactions/out-trade-no/{}",
        order["out_trade_no"].as_str().unwrap()
    );
    eventually("it is asked about", || async {
        calls(&house, &path).await == 1
    })
    .await;
    assert_eq!(bob.order_state(&order).await, "created");
    house.advance(1_800);
    eventually("it is closed", || async {
        bob.order_state(&order).await == "closed"
    })
    .await;
    assert_eq!(calls(&house, &format!("{path}/close")).await, 1);
    house.advance(2 * 86_400);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(
        calls(&house, &path).await <= 4,
        "what is settled is not asked about for ever"
    );
    assert_eq!(bob.purse().await, (0, 0));
}

async fn a_virtual_order_that_was_never_paid_is_closed_and_looked_at_once_more(db: TestDb) {
    let house = virtual_house(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let (never, later) = (bob.order(1).await, bob.order(1).await);
    house.advance(1_900);
    for order in [&never, &later] {
        eventually("it is closed", || async {
            bob.order_state(order).await == "closed"
        })
        .await;
    }
    // Virtual payment has no call that closes: the client may still pay, and its push may get lost.
    assert_eq!(house.try_pay(&later, json!({"told": false})).await, 200);
    house.advance(86_500);
    eventually("a last look finds it", || async {
        bob.purse().await == (60, 0)
    })
    .await;
    assert_eq!(
        (
            bob.order_state(&never).await.as_str(),
            bob.order_state(&later).await.as_str()
        ),
        ("closed", "paid")
    );
    house.audit().await;
}

async fn refunds_and_payouts_are_asked_for_by_one_instance_each(db: TestDb) {
    let house = House::open(db).await;
    let (second, third) = (house.second().await, house.second().await);
    let alice = earner(&house, 1_000).await;
    let (mut refunds, mut payouts) = (Vec::new(), Vec::new());
    // Slow answers, so that each instance has time to look.
    house
        .fault(json!({"path": "/v3/refund/", "latency_ms": 1_500}))
        .await;
    house
        .fault(json!({"path": "/v3/fund-app/", "latency_ms": 1_500}))
        .await;
    for number in 0..4 {
        let (_, order) = buyer(&house, &format!("buyer{number}"), 2).await;
        refunds.push(order["out_trade_no"].as_str().unwrap().to_owned());
        payouts.push(withdraw(&alice, 100, &format!("w{number}")).await);
    }
    for (no, payout) in refunds.iter().zip(&payouts) {
        house
            .parts
            .payments
            .refund(house.operator(), no, None)
            .await
            .unwrap();
        approve(&house, payout).await;
    }
    for (no, payout) in refunds.iter().zip(&payouts) {
        eventually("it is refunded", || async {
            house
                .parts
                .payments
                .refunds_of(no)
                .await
                .unwrap()
                .iter()
                .all(|refund| refund.done_at.is_some())
        })
        .await;
        becomes(&alice, payout, "confirm").await;
    }
    assert_eq!(calls(&house, "/v3/refund/domestic/refunds").await, 4);
    assert_eq!(
        calls(&house, "/v3/fund-app/mch-transfer/transfer-bills").await,
        4
    );
    house.audit().await;
    second.close().await;
    third.close().await;
}

async fn an_unclear_answer_decides_nothing(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let no = order["out_trade_no"].as_str().unwrap().to_owned();
    let path = format!("/v3/pay/transactions/out-trade-no/{no}");
    for (asked, fault) in [
        json!({"status": 500, "errcode": "SYSTEM_ERROR"}),
        json!({"status": 429, "errcode": "FREQUENCY_LIMITED"}),
        json!({"status": 404}),
        json!({"drop_answer": true}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut fault = fault;
        fault.as_object_mut().unwrap().extend([
            ("path".into(), json!(path)),
            ("exact".into(), json!(true)),
            ("times".into(), json!(1)),
        ]);
        house.fault(fault).await;
        // Long past its offer, but nobody has said clearly that it is not paid.
        house.advance(1_900);
        let asked = u64::try_from(asked).unwrap() + 1;
        eventually("it is asked about", || async {
            calls(&house, &path).await == asked
        })
        .await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let state = house.parts.payments.order(&no).await.unwrap().state;
        assert_eq!(state, qlive_payments::order::State::Created);
    }
    assert_eq!(calls(&house, &format!("{path}/close")).await, 0);
    assert_eq!(
        house
            .try_pay(&order, json!({"told": false, "late": true}))
            .await,
        200
    );
    house.advance(1_900);
    eventually("it is credited", || async { bob.purse().await == (60, 0) }).await;
}

async fn an_answer_that_is_not_wechats_decides_nothing(db: TestDb) {
    let house = House::open(db).await;
    let (bob, carl) = (
        house.guest("bob", Gender::Male).await,
        house.guest("carl", Gender::Male).await,
    );
    let (paid, other) = (bob.order(1).await, carl.order(2).await);
    let path = |order: &Value| {
        format!(
            "/v3/pay/transactions/out-trade-no/{}",
            order["out_trade_no"].as_str().unwrap()
        )
    };
    house
        .fault(json!({"path": path(&paid), "tampered": true}))
        .await;
    assert_eq!(house.try_pay(&paid, json!({"told": false})).await, 200);
    house.advance(11);
    eventually("it is asked about", || async {
        calls(&house, &path(&paid)).await >= 1
    })
    .await;
    let said = house
        .parts
        .payments
        .query(house.operator(), paid["out_trade_no"].as_str().unwrap())
        .await;
    assert!(said.unwrap_err().to_string().contains("no clear answer"));
    assert_eq!(bob.purse().await, (0, 0), "anybody may have said so");
    house.no_faults().await;
    house.advance(700);
    eventually("it is credited", || async { bob.purse().await == (60, 0) }).await;
    // An order is not made on a stranger's word either.
    house
        .fault(json!({"path": "/v3/pay/transactions/jsapi", "tampered": true, "times": 1}))
        .await;
    carl.post("qlive_pay/", json!({"block_id": 2}))
        .await
        .refused(503, "provider_silent");
    house.pay(&other).await;
    house.audit().await;
}

async fn an_order_paid_in_its_last_second_is_not_closed(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    // It is paid between the question and the close: the close is refused, the next question tells.
    let no = order["out_trade_no"].as_str().unwrap().to_owned();
    house
        .fault(
            json!({"path": format!("/v3/pay/transactions/out-trade-no/{no}/close"), "latency_ms": 1_500, "times": 1}),
        )
        .await;
    house.advance(1_801);
    eventually("it is being closed", || async {
        calls(
            &house,
            &format!("/v3/pay/transactions/out-trade-no/{no}/close"),
        )
        .await
            == 1
    })
    .await;
    assert_eq!(
        house
            .try_pay(&order, json!({"told": false, "late": true}))
            .await,
        200
    );
    tokio::time::sleep(Duration::from_millis(2_000)).await;
    let state = house.parts.payments.order(&no).await.unwrap().state;
    assert_eq!(state, qlive_payments::order::State::Created);
    house.advance(700);
    eventually("it is credited", || async { bob.purse().await == (60, 0) }).await;
}

/// The next question counts from the last one, not from when its answer was taken in.
async fn a_slow_answer_puts_no_question_off(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1_000).await;
    let (_, sold) = buyer(&house, "buyer", 1).await;
    let order = house.guest("bob", Gender::Male).await.order(1).await;
    let withdrawal = withdraw(&alice, 100, "w").await;
    let no = sold["out_trade_no"].as_str().unwrap();
    let refund = "/v3/refund/domestic/refunds";
    let payout = "/v3/fund-app/mch-transfer/transfer-bills";
    let query = format!(
        "/v3/pay/transactions/out-trade-no/{}",
        order["out_trade_no"].as_str().unwrap()
    );
    for path in [refund, payout, &query] {
        let fault = json!({"path": path, "exact": true, "latency_ms": 700, "status": 500, "errcode": "SYSTEM_ERROR"});
        house.fault(fault).await;
    }
    house.advance(11);
    is_asked_in_time(&house, &query).await;
    house
        .parts
        .payments
        .refund(house.operator(), no, None)
        .await
        .unwrap();
    is_asked_in_time(&house, refund).await;
    approve(&house, &withdrawal).await;
    is_asked_in_time(&house, payout).await;
}

async fn an_impatient_client_lengthens_no_wait(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    let path = format!(
        "/v3/pay/transactions/out-trade-no/{}",
        order["out_trade_no"].as_str().unwrap()
    );
    for asked in 1..=6 {
        house.advance(3);
        assert_eq!(bob.order_state(&order).await, "created");
        assert!(calls(&house, &path).await >= asked);
    }
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    house.advance(31);
    eventually("it is credited", || async { bob.purse().await == (60, 0) }).await;
}

/// Puts the clock forward while answers are still on their way, by what has to pass between questions.
async fn is_asked_in_time(house: &House, path: &str) {
    let asked = |times| async move { calls(house, path).await >= times };
    for (times, wait) in [(1, 21), (2, 31)] {
        eventually(&format!("{path} is asked"), || asked(times)).await;
        house.advance(wait);
    }
    eventually(&format!("{path} is asked once more"), || asked(3)).await;
}

async fn a_paid_order_is_asked_about_and_left_in_peace(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = crate::recharge::buyer(&house, "bob", 1).await;
    let no = order["out_trade_no"].as_str().unwrap();
    let path = format!("/v3/pay/transactions/out-trade-no/{no}");
    assert_eq!(
        house
            .parts
            .payments
            .query(house.operator(), no)
            .await
            .unwrap()
            .shown_state(),
        "paid"
    );
    assert_eq!(calls(&house, &path).await, 1, "WeChat was asked");
    house.advance(700);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        (calls(&house, &path).await, bob.purse().await),
        (1, (60, 0))
    );
}
