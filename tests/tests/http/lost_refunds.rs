//! Refunds that the platform made by itself, and whose news got lost.

use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::House;
use qlive_types::Gender;
use serde_json::{Value, json};

use crate::pay_notify::notice;
use crate::recharge::{buyer, virtual_house};
use crate::refunds::{done, fen};

on_both!(
    a_lost_refund_of_wechat_pay_shows_and_is_recorded_by_its_number,
    a_lost_refund_of_virtual_payment_too,
    an_order_first_heard_of_after_its_refund_is_credited_and_shows,
    a_refund_of_a_second_payment_takes_no_coins,
);

/// The platform gives money back, and nobody tells us. Answers the order's number.
async fn refunded_untold(house: &House, order: &Value, fen: i64) -> String {
    let no = order["out_trade_no"].as_str().unwrap().to_owned();
    for path in ["/pay_notify/", "/wx_notify/"] {
        house
            .fault(json!({"path": path, "notice": "lost", "times": 1}))
            .await;
    }
    assert_eq!(
        house
            .control(&format!("pay/{no}/refund"), json!({"fen": fen}))
            .await,
        204
    );
    house.no_faults().await;
    no
}

/// The number under which WeChat has the only refund.
async fn number(house: &House) -> String {
    let known = house.outside().await["refunds"].clone();
    known.as_object().unwrap().keys().next().unwrap().clone()
}

async fn shows(house: &House, no: &str) {
    let doubt = house
        .parts
        .payments
        .query(house.operator(), no)
        .await
        .unwrap_err()
        .to_string();
    assert!(doubt.contains("nothing is on record"), "{doubt}");
}

async fn a_lost_refund_of_wechat_pay_shows_and_is_recorded_by_its_number(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let (carl, other) = buyer(&house, "carl", 1).await;
    let no = refunded_untold(&house, &order, 300).await;
    let payments = &house.parts.payments;
    shows(&house, &no).await;
    let number = number(&house).await;
    let wrong = payments
        .query_refund(
            house.operator(),
            other["out_trade_no"].as_str().unwrap(),
            &number,
        )
        .await;
    assert!(
        matches!(wrong, Err(PaymentsError::NotRefundable(_))),
        "{wrong:?}"
    );
    let unknown = payments
        .query_refund(house.operator(), &no, "never-made")
        .await;
    assert!(
        matches!(unknown, Err(PaymentsError::ProviderSilent(_))),
        "{unknown:?}"
    );
    assert_eq!((bob.purse().await, carl.purse().await), ((60, 0), (60, 0)));
    for _ in 0..2 {
        payments
            .query_refund(house.operator(), &no, &number)
            .await
            .unwrap();
        assert_eq!(
            (bob.purse().await, done(&house, &order).await),
            ((30, 0), vec![(300, "done")])
        );
    }
    payments.query(house.operator(), &no).await.unwrap();
    let log = house.audit_log().await;
    assert_eq!(
        log.iter()
            .filter(|entry| format!("{entry:?}").contains("went back"))
            .count(),
        1,
        "{log:?}"
    );
    // Ours are asked about by themselves.
    let ours = payments
        .refund(house.operator(), &no, fen(100))
        .await
        .unwrap();
    qlive_tests::eventually("it is done", || async {
        done(&house, &order).await[1] == (100, "done")
    })
    .await;
    let again = payments.query_refund(house.operator(), &no, &ours).await;
    assert!(
        matches!(again, Err(PaymentsError::NotRefundable(_))),
        "{again:?}"
    );
    house.audit().await;
}

async fn a_lost_refund_of_virtual_payment_too(db: TestDb) {
    let house = virtual_house(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let payments = &house.parts.payments;
    let no = order["out_trade_no"].as_str().unwrap();
    let nothing = payments.query_refund(house.operator(), no, "xr-1").await;
    assert!(
        matches!(nothing, Err(PaymentsError::ProviderSilent(_))),
        "{nothing:?}"
    );
    refunded_untold(&house, &order, 300).await;
    shows(&house, no).await;
    let nameless = payments.query_refund(house.operator(), no, "").await;
    assert!(
        matches!(nameless, Err(PaymentsError::NotRefundable(_))),
        "{nameless:?}"
    );
    payments
        .query_refund(house.operator(), no, "xr-1")
        .await
        .unwrap();
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((30, 0), vec![(300, "done")])
    );
    payments.query(house.operator(), no).await.unwrap();
    // Its own push comes late, under the number that the operator did not know: it takes nothing more.
    let late = json!({"Event": "xpay_refund_notify", "OpenId": "sandbox-bob", "WxRefundId": "xr-true", "MchRefundId": "",
        "MchOrderId": no, "RefundFee": 300, "RetCode": 0});
    assert_eq!(house.asked("pushes", late).await["status"], 503);
    assert_eq!(bob.purse().await, (30, 0));
    // A number that is on record cannot stand for another one.
    let (carl, other) = buyer(&house, "carl", 1).await;
    let other = refunded_untold(&house, &other, 600).await;
    let taken = payments
        .query_refund(house.operator(), &other, "xr-1")
        .await;
    assert!(
        matches!(taken, Err(PaymentsError::NotRefundable(_))),
        "{taken:?}"
    );
    assert_eq!(carl.purse().await, (60, 0));
    house.audit().await;
}

async fn an_order_first_heard_of_after_its_refund_is_credited_and_shows(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    let no = refunded_untold(&house, &order, 600).await;
    shows(&house, &no).await;
    assert_eq!(bob.purse().await, (60, 0));
    house
        .parts
        .payments
        .query_refund(house.operator(), &no, &number(&house).await)
        .await
        .unwrap();
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "refunded")
    );
    house.audit().await;
}

async fn a_refund_of_a_second_payment_takes_no_coins(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let paid = house
        .parts
        .payments
        .order(order["out_trade_no"].as_str().unwrap())
        .await
        .unwrap()
        .transaction_id
        .unwrap();
    let told = |transaction: &str| {
        json!({"mchid": "1900000001", "out_trade_no": order["out_trade_no"], "out_refund_no": "console-1",
            "refund_id": "5031", "transaction_id": transaction, "refund_status": "SUCCESS",
            "amount": {"total": 600, "refund": 600}})
    };
    for another in ["4299-another", ""] {
        assert_eq!(
            notice(&house, "REFUND.SUCCESS", "refund", told(another), json!({})).await,
            400,
            "{another:?}"
        );
        assert_eq!(
            (bob.purse().await, done(&house, &order).await),
            ((60, 0), vec![])
        );
    }
    assert_eq!(
        notice(&house, "REFUND.SUCCESS", "refund", told(&paid), json!({})).await,
        204
    );
    assert_eq!(bob.purse().await, (0, 0));
    // It may overtake the news of the payment that brings the coins.
    let carl = house.guest("carl", Gender::Male).await;
    let order = carl.order(1).await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    let mut early = told("4299-another");
    early["out_trade_no"] = order["out_trade_no"].clone();
    early["refund_id"] = json!("5032");
    assert_eq!(
        notice(&house, "REFUND.SUCCESS", "refund", early, json!({})).await,
        400
    );
    assert_eq!(carl.purse().await, (60, 0));
    house.audit().await;
}
