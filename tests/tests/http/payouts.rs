//! `qlive_user/withdraw/` and `qlive_user/withdrawals/`

use futures_util::future::join_all;
use qlive_payments::PaymentsError;
use qlive_store::audit::Operator;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, Phone, eventually};
use qlive_types::{EntryId, Gender};
use serde_json::{Value, json};

use crate::recharge::buyer;

on_both!(
    income_is_held_at_once_and_paid_when_confirmed,
    income_must_be_old_enough,
    what_is_too_little_or_too_much_is_refused,
    nothing_is_paid_out_while_there_is_debt,
    debt_that_comes_later_holds_a_payout_back,
    a_request_id_withdraws_once,
    a_rejected_withdrawal_comes_back,
    above_the_limit_two_operators_approve,
    withdrawals_are_ones_own,
    withdrawals_at_once_never_take_more_than_there_is,
    young_income_is_not_withdrawn_by_many_at_once,
    a_hosts_share_is_young_income_too,
    young_income_that_was_taken_back_keeps_nothing_here,
    without_payouts_nothing_is_withdrawn,
);

/// Somebody with so much income, old enough to be withdrawn.
pub(crate) async fn earner(house: &House, income: i64) -> Phone {
    let (alice, bob) = (
        house.guest("alice", Gender::Female).await,
        house.guest("bob", Gender::Male).await,
    );
    house.configure("EXCHANGE_RATE", "1").await;
    house.grant(&bob, income).await;
    let gift = house.gift("fortune", income).await;
    bob.give(&alice, gift, 1, json!({})).await.ok();
    house.advance(8 * 86_400);
    alice
}

pub(crate) async fn withdraw(phone: &Phone, income: i64, id: &str) -> Value {
    phone
        .post(
            "qlive_user/withdraw/",
            json!({"income": income, "request_id": id}),
        )
        .await
        .ok()
}

fn named(name: &str) -> Operator {
    Operator {
        name: name.into(),
        reason: "a test".into(),
    }
}

pub(crate) async fn approve(house: &House, withdrawal: &Value) {
    let id = withdrawal["id"].as_i64().unwrap();
    assert!(
        house
            .parts
            .payments
            .approve(named("olga"), id)
            .await
            .unwrap()
    );
}

/// One's own withdrawal, once it is in this state.
pub(crate) async fn becomes(phone: &Phone, withdrawal: &Value, state: &str) -> Value {
    let id = json!({"id": withdrawal["id"]});
    let seen = || async { phone.get("qlive_user/withdrawals/", id.clone()).await.ok() };
    eventually(&format!("it is {state}"), || async {
        seen().await["state"] == state
    })
    .await;
    seen().await
}

/// What WeChat knows of the only transfer: its number and itself.
pub(crate) async fn transfer(house: &House) -> (String, Value) {
    let transfers = house.outside().await["transfers"].clone();
    let all = transfers.as_object().unwrap();
    assert_eq!(all.len(), 1, "one number, one transfer");
    all.iter()
        .map(|(no, transfer)| (no.clone(), transfer.clone()))
        .next()
        .unwrap()
}

pub(crate) async fn held(house: &House, phone: &Phone) -> i64 {
    house
        .parts
        .users
        .purse(phone.id())
        .await
        .unwrap()
        .held
        .get()
}

async fn income_is_held_at_once_and_paid_when_confirmed(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let asked = withdraw(&alice, 400, "w1").await;
    assert_eq!(
        (
            &asked["income"],
            &asked["fen"],
            &asked["state"],
            &asked["expires_at"]
        ),
        (&json!(400), &json!(4000), &json!("review"), &json!(null))
    );
    assert!(asked.get("package_info").is_none() && asked.get("mch_id").is_none());
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 600), 400)
    );
    approve(&house, &asked).await;
    let waits = becomes(&alice, &asked, "confirm").await;
    assert_eq!(
        (&waits["mch_id"], &waits["app_id"]),
        (&json!("1900000001"), &json!(qlive_tests::APP))
    );
    assert!(waits["package_info"].as_str().unwrap().starts_with("affff"));
    let left = waits["expires_at"].as_i64().unwrap() - house.clock.now().millis();
    assert!((86_300_000..=86_400_000).contains(&left), "{left}");
    let (no, known) = transfer(&house).await;
    assert_eq!((&known["fen"], &known["name"]), (&json!(4000), &json!("")));
    assert!(
        no.bytes().all(|b| b.is_ascii_alphanumeric()) && no.len() <= 32,
        "{no}"
    );
    assert_eq!(
        house
            .control(&format!("transfers/{no}"), json!({"do": "confirm"}))
            .await,
        204
    );
    let paid = becomes(&alice, &asked, "paid").await;
    assert!(paid.get("package_info").is_none());
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 600), 0)
    );
    assert_eq!(house.audit().await.systems[2], ("paid_out", 400));
    let wallet = alice.get("qlive_user/wallet/", json!({})).await.ok();
    let told: Vec<Value> = wallet["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["kind"], row["amount"], row["income"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["withdraw", -400, 600]),
            json!(["gift_received", 1000, 1000])
        ]
    );
}

async fn income_must_be_old_enough(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let (bob, _) = buyer(&house, "carl", 3).await;
    bob.give(&alice, 7, 0x1, json!({})).await.ok();
    assert_eq!(alice.purse().await, (0, 1000), "he could not afford it");
    bob.give(&alice, 6, 3, json!({})).await.ok();
    assert_eq!(alice.purse().await, (0, 1297));
    let ask = |income: i64, id: &'static str| {
        alice.post(
            "qlive_user/withdraw/",
            json!({"income": income, "request_id": id}),
        )
    };
    ask(1001, "w1").await.refused(409, "not_withdrawable");
    assert_eq!(ask(1000, "w2").await.ok()["state"], "review");
    ask(3, "w3").await.refused(409, "not_withdrawable");
    house.advance(7 * 86_400 - 60);
    ask(297, "w4").await.refused(409, "not_withdrawable");
    house.advance(61);
    assert_eq!(ask(297, "w4").await.ok()["state"], "review", "seven days");
    house.audit().await;
}

async fn what_is_too_little_or_too_much_is_refused(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let ask = |body: Value| alice.post("qlive_user/withdraw/", body);
    assert_eq!(
        ask(json!({"income": 2, "request_id": "a"}))
            .await
            .refused(400, "too_little")["field"],
        "income"
    );
    ask(json!({"income": 1001, "request_id": "b"}))
        .await
        .refused(409, "not_withdrawable");
    for wrong in [json!(0), json!(-5), json!("x"), json!(1_i64 << 53)] {
        assert_eq!(
            ask(json!({"income": wrong, "request_id": "c"}))
                .await
                .refused(400, "invalid")["field"],
            "income"
        );
    }
    ask(json!({"income": 100})).await.refused(400, "missing");
    ask(json!({"income": 100, "request_id": "a b"}))
        .await
        .refused(400, "invalid");
    house.configure("WITHDRAW_RATE", "0.0333").await;
    house.advance(2);
    assert_eq!(
        ask(json!({"income": 100, "request_id": "d"})).await.ok()["fen"],
        333,
        "100 × 3.33 fen, rounded down"
    );
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 900), 100)
    );
}

async fn nothing_is_paid_out_while_there_is_debt(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let order = alice.order(1).await;
    house.pay(&order).await;
    let bob = Phone::login(&house, "bob").await;
    alice.give(&bob, 5, 1, json!({})).await.ok();
    let no = order["out_trade_no"].as_str().unwrap();
    house
        .parts
        .payments
        .refund(house.operator(), no, None)
        .await
        .unwrap();
    alice
        .post(
            "qlive_user/withdraw/",
            json!({"income": 100, "request_id": "a"}),
        )
        .await
        .refused(409, "in_debt");
    let order = alice.order(1).await;
    house.pay(&order).await;
    withdraw(&alice, 100, "a").await;
    house.audit().await;
}

async fn debt_that_comes_later_holds_a_payout_back(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let order = alice.order(1).await;
    house.pay(&order).await;
    let (early, late) = (
        withdraw(&alice, 100, "early").await,
        withdraw(&alice, 100, "late").await,
    );
    // One is approved in time, but WeChat takes it not.
    let path = "/v3/fund-app/mch-transfer/transfer-bills";
    house.fault(json!({"path": path, "exact": true, "status": 500, "errcode": "SYSTEM_ERROR", "times": 1})).await;
    approve(&house, &early).await;
    let calls = || async { house.outside().await["calls"][path].as_u64().unwrap_or(0) };
    eventually("it is tried", || async { calls().await == 1 }).await;
    let bob = Phone::login(&house, "bob").await;
    alice.give(&bob, 5, 1, json!({})).await.ok();
    house
        .parts
        .payments
        .refund(
            house.operator(),
            order["out_trade_no"].as_str().unwrap(),
            None,
        )
        .await
        .unwrap();
    let refused = house
        .parts
        .payments
        .approve(named("olga"), late["id"].as_i64().unwrap())
        .await;
    assert!(matches!(refused, Err(PaymentsError::InDebt)), "{refused:?}");
    house.advance(130);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(
        (calls().await, held(&house, &alice).await),
        (1, 200),
        "it waits"
    );
    let order = alice.order(1).await;
    house.pay(&order).await;
    house.advance(130);
    becomes(&alice, &early, "confirm").await;
    approve(&house, &late).await;
    house.audit().await;
}

async fn a_request_id_withdraws_once(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let first = withdraw(&alice, 100, "one").await;
    assert_eq!(withdraw(&alice, 100, "one").await, first);
    alice
        .post(
            "qlive_user/withdraw/",
            json!({"income": 200, "request_id": "one"}),
        )
        .await
        .refused(409, "idempotency_key_reused");
    let named = json!({"income": 100, "request_id": "one", "real_name": "somebody else"});
    alice
        .post("qlive_user/withdraw/", named)
        .await
        .refused(409, "idempotency_key_reused");
    for answer in join_all((0..10).map(|_| withdraw(&alice, 200, "two"))).await {
        assert_eq!(answer["income"], 200);
    }
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 700), 300)
    );
    let gift = house.gift("another fortune", 300).await;
    let carl = house.guest("carl", Gender::Male).await;
    alice.give(&carl, gift, 1, json!({})).await.ok();
    house.advance(8 * 86_400);
    assert_eq!(
        withdraw(&carl, 50, "one").await["income"],
        50,
        "an id is the user's own"
    );
    house.audit().await;
}

async fn a_rejected_withdrawal_comes_back(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let asked = withdraw(&alice, 1000, "w").await;
    let id = asked["id"].as_i64().unwrap();
    house
        .parts
        .payments
        .reject(named("olga"), id)
        .await
        .unwrap();
    becomes(&alice, &asked, "rejected").await;
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 1000), 0)
    );
    assert!(matches!(
        house.parts.payments.approve(named("olga"), id).await,
        Err(PaymentsError::Decided)
    ));
    assert!(matches!(
        house.parts.payments.reject(named("olga"), id).await,
        Err(PaymentsError::Decided)
    ));
    withdraw(&alice, 1000, "w2").await;
    house.audit().await;
}

async fn above_the_limit_two_operators_approve(db: TestDb) {
    let house = House::open_with(db, |settings| {
        settings.payouts.second_operator_above_fen = 1_000
    })
    .await;
    let alice = earner(&house, 1000).await;
    let (small, large) = (
        withdraw(&alice, 100, "a").await,
        withdraw(&alice, 101, "b").await,
    );
    approve(&house, &small).await;
    let id = large["id"].as_i64().unwrap();
    let approve = |name: &'static str| house.parts.payments.approve(named(name), id);
    assert!(!approve("olga").await.unwrap(), "it takes another");
    assert!(matches!(
        approve("olga").await,
        Err(PaymentsError::SameOperator)
    ));
    becomes(&alice, &large, "review").await;
    assert!(approve("pavel").await.unwrap());
    becomes(&alice, &large, "confirm").await;
    assert!(matches!(
        approve("quinn").await,
        Err(PaymentsError::Decided)
    ));
}

async fn young_income_is_not_withdrawn_by_many_at_once(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 300).await;
    let carl = house.guest("carl", Gender::Male).await;
    house.grant(&carl, 700).await;
    let gift = house.gift("young", 700).await;
    carl.give(&alice, gift, 1, json!({})).await.ok();
    let tries = join_all((0..10).map(|number| {
        alice.post(
            "qlive_user/withdraw/",
            json!({"income": 300, "request_id": format!("w{number}")}),
        )
    }))
    .await;
    assert!(
        tries
            .iter()
            .all(|answer| answer.status == 200 || answer.status == 409)
    );
    let won = tries.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((won, held(&house, &alice).await), (1, 300));
}

async fn a_hosts_share_is_young_income_too(db: TestDb) {
    let house = House::open(db).await;
    let host = house.host().await;
    let (bob, alice) = (
        house.guest("bob", Gender::Male).await,
        house.guest("alice", Gender::Female).await,
    );
    house.configure("HOST_RATE", "0.5").await;
    house.grant(&bob, 1000).await;
    let room = host.open_room().await;
    bob.enter(&room["live_id"]).await.ok();
    alice.enter(&room["live_id"]).await.ok();
    let gift = house.gift("fortune", 1000).await;
    bob.give(&alice, gift, 1, json!({})).await.ok();
    assert_eq!(host.purse().await, (0, 500));
    host.post(
        "qlive_user/withdraw/",
        json!({"income": 3, "request_id": "a"}),
    )
    .await
    .refused(409, "not_withdrawable");
}

async fn young_income_that_was_taken_back_keeps_nothing_here(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 300).await;
    let carl = house.guest("carl", Gender::Male).await;
    house.grant(&carl, 700).await;
    let gift = house.gift("mistaken", 700).await;
    carl.give(&alice, gift, 1, json!({})).await.ok();
    let given = EntryId::new(house.last_entry().await);
    house
        .parts
        .users
        .reverse_entry(house.operator(), given)
        .await
        .unwrap();
    assert_eq!(
        (carl.purse().await, alice.purse().await),
        ((700, 0), (0, 300))
    );
    // What she gave of her own income, and has again, is no newer than it was.
    let small = house.gift("small", 100).await;
    alice.give(&carl, small, 1, json!({})).await.ok();
    let given = EntryId::new(house.last_entry().await);
    house
        .parts
        .users
        .reverse_entry(house.operator(), given)
        .await
        .unwrap();
    assert_eq!(withdraw(&alice, 300, "w").await["state"], "review");
}

async fn without_payouts_nothing_is_withdrawn(db: TestDb) {
    let house = House::open(db).await;
    let mut settings = house.settings.clone();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.payouts.transfer_scene_id.clear();
    let second = House::with_settings_at(settings, &house).await;
    let alice = earner(&house, 1000).await.at(&second);
    alice
        .post(
            "qlive_user/withdraw/",
            json!({"income": 100, "request_id": "a"}),
        )
        .await
        .refused(409, "payouts_off");
    second.close().await;
}

async fn withdrawals_are_ones_own(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let bob = Phone::login(&house, "bob").await;
    let asked = withdraw(&alice, 100, "w").await;
    bob.get("qlive_user/withdrawals/", json!({"id": asked["id"]}))
        .await
        .refused(404, "unknown_withdrawal");
    assert_eq!(
        bob.get("qlive_user/withdrawals/", json!({})).await.ok(),
        json!([])
    );
    assert_eq!(
        alice.get("qlive_user/withdrawals/", json!({})).await.ok(),
        json!([asked])
    );
}

async fn withdrawals_at_once_never_take_more_than_there_is(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let tries = join_all((0..10).map(|number| {
        alice.post(
            "qlive_user/withdraw/",
            json!({"income": 300, "request_id": format!("w{number}")}),
        )
    }))
    .await;
    let won = tries.iter().filter(|answer| answer.status == 200).count();
    assert!(
        tries
            .iter()
            .all(|answer| answer.status == 200 || answer.status == 409)
    );
    assert_eq!(
        (won, alice.purse().await, held(&house, &alice).await),
        (3, (0, 100), 900)
    );
    house.audit().await;
}
