//! Refunds: ours and the platform's.

use futures_util::future::join_all;
use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone, eventually};
use qlive_types::{Fen, Gender};
use serde_json::{Value, json};

use crate::pay_notify::notice;
use crate::recharge::buyer;

on_both!(
    a_refund_takes_the_coins_at_once_and_is_asked_for_once,
    what_was_spent_becomes_debt_which_the_next_recharge_pays,
    bought_goes_before_granted_and_income_stays,
    coins_come_back_when_wechat_refuses,
    coins_come_back_when_wechat_closes_the_refund,
    an_abnormal_refund_stays_asked,
    an_unclear_answer_is_asked_again_under_the_same_number,
    the_platforms_refund_takes_its_part_once,
    a_refund_that_overtakes_its_payment_waits_for_it,
    parts_of_an_order_never_come_to_more_than_the_whole,
    what_is_anothers_moves_nothing,
    two_refunds_at_once_give_back_one_order,
    a_refund_and_a_recharge_at_once_leave_no_debt_beside_gold,
    refused_refunds_of_a_debtor_pay_his_debt,
);

pub(crate) fn fen(amount: i64) -> Option<Fen> {
    Some(Fen::new(amount).unwrap())
}

pub(crate) async fn refund(
    house: &House,
    order: &Value,
    part: Option<Fen>,
) -> Result<String, PaymentsError> {
    let no = order["out_trade_no"].as_str().unwrap();
    house
        .parts
        .payments
        .refund(house.operator(), no, part)
        .await
}

pub(crate) async fn done(house: &House, order: &Value) -> Vec<(i64, &'static str)> {
    let refunds = house
        .parts
        .payments
        .refunds_of(order["out_trade_no"].as_str().unwrap())
        .await
        .unwrap();
    let word = |state| match state {
        qlive_payments::refund::State::Asked => "asked",
        qlive_payments::refund::State::Done => "done",
        qlive_payments::refund::State::Refused => "refused",
    };
    refunds
        .iter()
        .map(|refund| (refund.fen.get(), word(refund.state)))
        .collect()
}

pub(crate) async fn owed(house: &House, phone: &Phone) -> i64 {
    house
        .parts
        .users
        .purse(phone.id())
        .await
        .unwrap()
        .owed
        .get()
}

async fn a_refund_takes_the_coins_at_once_and_is_asked_for_once(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    refund(&house, &order, fen(150)).await.unwrap();
    assert_eq!(bob.purse().await, (45, 0), "a quarter of 60");
    eventually("WeChat says it is done", || async {
        done(&house, &order).await == [(150, "done")]
    })
    .await;
    assert_eq!(
        bob.order_state(&order).await,
        "paid",
        "not all of it went back"
    );
    refund(&house, &order, None).await.unwrap();
    assert_eq!(bob.purse().await, (0, 0));
    eventually("the rest too", || async {
        done(&house, &order).await == [(150, "done"), (450, "done")]
    })
    .await;
    assert_eq!(bob.order_state(&order).await, "refunded");
    assert!(matches!(
        refund(&house, &order, None).await,
        Err(PaymentsError::NotRefundable(_))
    ));
    assert_eq!(
        house.outside().await["calls"]["/v3/refund/domestic/refunds"],
        2
    );
    assert_eq!(house.audit().await.systems[3], ("wechat_pay", 0));
    let wallet = bob.get("qlive_user/wallet/", json!({})).await.ok();
    let kinds: Vec<&Value> = wallet["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["kind"])
        .collect();
    assert_eq!(kinds, ["refund", "refund", "recharge"]);
}

async fn what_was_spent_becomes_debt_which_the_next_recharge_pays(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let alice = house.guest("alice", Gender::Female).await;
    bob.give(&alice, 5, 1, json!({})).await.ok();
    assert_eq!(bob.purse().await, (8, 0));
    refund(&house, &order, None).await.unwrap();
    assert_eq!((bob.purse().await, owed(&house, &bob).await), ((0, 0), 52));
    assert_eq!(alice.purse().await, (0, 26), "what she was given is hers");
    let next = bob.order(2).await;
    house.pay(&next).await;
    assert_eq!(
        (bob.purse().await, owed(&house, &bob).await),
        ((0, 0), 42),
        "all of it goes to the debt"
    );
    let next = bob.order(1).await;
    house.pay(&next).await;
    assert_eq!((bob.purse().await, owed(&house, &bob).await), ((18, 0), 0));
    house.audit().await;
}

async fn bought_goes_before_granted_and_income_stays(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let alice = house.guest("alice", Gender::Female).await;
    house.configure("EXCHANGE_RATE", "1").await;
    house.grant(&bob, 30).await;
    house.grant(&alice, 99).await;
    alice.give(&bob, 6, 1, json!({})).await.ok();
    bob.give(&alice, 5, 1, json!({})).await.ok();
    // 30 granted and 22 bought went; 38 bought are left.
    assert_eq!(bob.purse().await, (38, 99));
    house.grant(&bob, 10).await;
    refund(&house, &order, None).await.unwrap();
    assert_eq!(
        (bob.purse().await, owed(&house, &bob).await),
        ((0, 99), 12),
        "38 bought, 10 granted, 12 owed"
    );
    house.audit().await;
}

async fn coins_come_back_when_wechat_refuses(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let path = "/v3/refund/domestic/refunds";
    let fault = json!({"path": path, "exact": true, "status": 403, "errcode": "USER_ACCOUNT_ABNORMAL", "times": 1});
    house.fault(fault).await;
    refund(&house, &order, None).await.unwrap();
    eventually("the coins are back", || async {
        bob.purse().await == (60, 0)
    })
    .await;
    assert_eq!(
        (
            done(&house, &order).await,
            bob.order_state(&order).await.as_str()
        ),
        (vec![(600, "refused")], "paid")
    );
    refund(&house, &order, None).await.unwrap();
    eventually("the next one is done", || async {
        bob.order_state(&order).await == "refunded"
            && done(&house, &order).await.last() == Some(&(600, "done"))
    })
    .await;
    assert_eq!(bob.purse().await, (0, 0));
    house.audit().await;
}

async fn coins_come_back_when_wechat_closes_the_refund(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    house.control("refunds", json!({"hold": true})).await;
    let number = refund(&house, &order, None).await.unwrap();
    let known = || async {
        house.outside().await["calls"]["/v3/refund/domestic/refunds"]
            .as_u64()
            .unwrap_or(0)
            == 1
    };
    eventually("WeChat has it", known).await;
    assert_eq!(
        done(&house, &order).await,
        [(600, "asked")],
        "accepted is not refunded"
    );
    eventually("it is closed", || async {
        house
            .control(&format!("refunds/{number}"), json!({"do": "closed"}))
            .await
            == 204
    })
    .await;
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((60, 0), vec![(600, "refused")])
    );
    // Should the money have gone back all the same, that is not passed over.
    let told = json!({"mchid": "1900000001", "out_trade_no": order["out_trade_no"], "out_refund_no": number,
        "refund_id": "5030", "refund_status": "SUCCESS", "amount": {"total": 600, "refund": 600}});
    assert_eq!(
        notice(&house, "REFUND.SUCCESS", "refund", told, json!({})).await,
        400
    );
    assert_eq!(
        (bob.purse().await, house.callbacks("pay", "unfit").await),
        ((60, 0), 1)
    );
    house.audit().await;
}

async fn an_abnormal_refund_stays_asked(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    house.control("refunds", json!({"hold": true})).await;
    let number = refund(&house, &order, None).await.unwrap();
    let decided = |how: &'static str| {
        let (house, path) = (&house, format!("refunds/{number}"));
        async move { house.control(&path, json!({"do": how})).await == 204 }
    };
    eventually("the card does not take it", || decided("abnormal")).await;
    house.advance(700);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((0, 0), vec![(600, "asked")])
    );
    // The merchant sees to it in the console.
    assert!(decided("success").await);
    eventually("it is done", || async {
        done(&house, &order).await == [(600, "done")]
    })
    .await;
}

async fn an_unclear_answer_is_asked_again_under_the_same_number(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let path = "/v3/refund/domestic/refunds";
    // Lost on the way there; lost on the way back; WeChat's notice lost too.
    house.fault(json!({"path": path, "exact": true, "status": 500, "errcode": "SYSTEM_ERROR", "times": 1})).await;
    house
        .fault(json!({"path": path, "exact": true, "drop_answer": true, "times": 1}))
        .await;
    house
        .fault(json!({"path": "/pay_notify/", "notice": "lost"}))
        .await;
    let number = refund(&house, &order, None).await.unwrap();
    let asked = |times: u64| {
        let house = &house;
        async move { house.outside().await["calls"][path].as_u64().unwrap_or(0) == times }
    };
    eventually("it was asked for", || asked(1)).await;
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((0, 0), vec![(600, "asked")])
    );
    house
        .fault(json!({"path": format!("{path}/{number}"), "status": 500, "errcode": "SYSTEM_ERROR", "times": 1}))
        .await;
    house
        .with_time("a question finds it done", || async {
            done(&house, &order).await == [(600, "done")]
        })
        .await;
    assert!(
        asked(2).await,
        "asked for again, once, under the same number"
    );
    assert_eq!(bob.purse().await, (0, 0));
    house.audit().await;
}

async fn the_platforms_refund_takes_its_part_once(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    house
        .fault(json!({"path": "/pay_notify/", "notice": "doubled", "times": 1}))
        .await;
    let path = format!("pay/{}/refund", order["out_trade_no"].as_str().unwrap());
    assert_eq!(house.control(&path, json!({"fen": 1})).await, 204);
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((59, 0), vec![(1, "done")]),
        "a tenth of a coin is one"
    );
    eventually("the double came too", || async {
        house.callbacks("pay", "known").await == 1
    })
    .await;
    assert_eq!(house.control(&path, json!({"fen": 599})).await, 204);
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((0, 0), "refunded")
    );
    house.audit().await;
}

async fn a_refund_that_overtakes_its_payment_waits_for_it(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let order = bob.order(1).await;
    assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
    let path = format!("pay/{}/refund", order["out_trade_no"].as_str().unwrap());
    assert_eq!(house.control(&path, json!({"fen": 300})).await, 204);
    assert_eq!(
        (bob.purse().await, bob.order_state(&order).await.as_str()),
        ((30, 0), "paid"),
        "it was asked about first"
    );
    house.audit().await;
}

async fn parts_of_an_order_never_come_to_more_than_the_whole(db: TestDb) {
    let house = House::open(db).await;
    let block = qlive_payments::NewBlock {
        gold: qlive_types::Coins::new(10).unwrap(),
        price: Fen::new(3).unwrap(),
        product_id: None,
    };
    let block = house
        .parts
        .payments
        .add_block(house.operator(), block)
        .await
        .unwrap();
    let (bob, order) = buyer(&house, "bob", block).await;
    for left in [6, 2, 0] {
        refund(&house, &order, fen(1)).await.unwrap();
        assert_eq!(bob.purse().await, (left, 0));
    }
    assert!(matches!(
        refund(&house, &order, fen(1)).await,
        Err(PaymentsError::NotRefundable(_))
    ));
    // Where parts are rounded up so often that no coin is left, money still goes back.
    let (carl, order) = buyer(&house, "carl", 2).await;
    for _ in 0..11 {
        refund(&house, &order, fen(5)).await.unwrap();
    }
    assert_eq!((carl.purse().await, owed(&house, &carl).await), ((0, 0), 0));
    house.audit().await;
}

async fn what_is_anothers_moves_nothing(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    house.control("refunds", json!({"hold": true})).await;
    let number = refund(&house, &order, fen(300)).await.unwrap();
    let paid = house
        .parts
        .payments
        .order(order["out_trade_no"].as_str().unwrap())
        .await
        .unwrap()
        .transaction_id;
    let told = |number: &str| {
        json!({"mchid": "1900000001", "out_trade_no": order["out_trade_no"], "out_refund_no": number, "refund_id": "5030",
            "transaction_id": paid, "refund_status": "SUCCESS", "amount": {"total": 600, "refund": 300}})
    };
    for (pointer, value) in [
        ("/mchid", json!("1900000009")),
        ("/amount/total", json!(601)),
        ("/amount/refund", json!(299)),
    ] {
        let mut wrong = told(&number);
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            notice(&house, "REFUND.SUCCESS", "refund", wrong, json!({})).await,
            400,
            "{pointer}"
        );
    }
    // One of the platform's own that is more than the order has left.
    let mut more = told("platform-1");
    more["amount"]["refund"] = json!(301);
    assert_eq!(
        notice(&house, "REFUND.SUCCESS", "refund", more, json!({})).await,
        400
    );
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((30, 0), vec![(300, "asked")])
    );
    for _ in 0..2 {
        assert_eq!(
            notice(&house, "REFUND.SUCCESS", "refund", told(&number), json!({})).await,
            204
        );
    }
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((30, 0), vec![(300, "done")])
    );
    // What is done is not undone, and whoever says so is not passed over.
    let mut closed = told(&number);
    closed["refund_status"] = json!("CLOSED");
    assert_eq!(
        notice(&house, "REFUND.CLOSED", "refund", closed, json!({})).await,
        400
    );
    assert_eq!(
        (bob.purse().await, done(&house, &order).await),
        ((30, 0), vec![(300, "done")])
    );
    house.audit().await;
}

async fn a_refund_and_a_recharge_at_once_leave_no_debt_beside_gold(db: TestDb) {
    let house = House::open(db).await;
    let bob = house.guest("bob", Gender::Male).await;
    let alice = house.guest("alice", Gender::Female).await;
    let all = house.gift("all", 60).await;
    for _ in 0..25 {
        let (spent, next) = (bob.order(1).await, bob.order(1).await);
        house.pay(&spent).await;
        bob.give(&alice, all, 1, json!({})).await.ok();
        let refunded = async {
            // An operator tries again when somebody else was faster.
            while let Err(error) = refund(&house, &spent, None).await {
                assert!(
                    matches!(error, PaymentsError::Store(_) | PaymentsError::Ledger(_)),
                    "{error}"
                );
            }
        };
        tokio::join!(refunded, house.pay(&next));
        assert_eq!(
            (bob.purse().await, owed(&house, &bob).await),
            ((0, 0), 0),
            "the new gold pays the debt"
        );
    }
    house.audit().await;
}

async fn two_refunds_at_once_give_back_one_order(db: TestDb) {
    let house = House::open(db).await;
    let (bob, order) = buyer(&house, "bob", 1).await;
    let tries = join_all((0..8).map(|_| refund(&house, &order, fen(400)))).await;
    assert_eq!(tries.iter().filter(|tried| tried.is_ok()).count(), 1);
    assert_eq!(bob.purse().await, (20, 0));
    house.audit().await;
}

async fn refused_refunds_of_a_debtor_pay_his_debt(db: TestDb) {
    let house = House::open(db).await;
    let (bob, first) = buyer(&house, "bob", 1).await;
    let second = bob.order(2).await;
    house.pay(&second).await;
    let alice = house.guest("alice", Gender::Female).await;
    bob.give(&alice, 4, 7, json!({})).await.ok();
    house.control("refunds", json!({"hold": true})).await;
    let number = refund(&house, &second, None).await.unwrap();
    refund(&house, &first, None).await.unwrap();
    assert_eq!(owed(&house, &bob).await, 70);
    eventually("it is closed", || async {
        house
            .control(&format!("refunds/{number}"), json!({"do": "closed"}))
            .await
            == 204
    })
    .await;
    assert_eq!(
        (bob.purse().await, owed(&house, &bob).await),
        ((0, 0), 60),
        "its ten coins pay what is owed"
    );
    house.audit().await;
}
