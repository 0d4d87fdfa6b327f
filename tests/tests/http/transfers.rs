//! Payouts at WeChat: what becomes of an approved one.

use qlive_payments::PaymentsError;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use serde_json::{Value, json};

use crate::pay_notify::notice;
use crate::payouts::{approve, becomes, earner, held, transfer, withdraw};

on_both!(
    what_is_not_confirmed_in_time_comes_back,
    what_fails_or_is_cancelled_comes_back,
    a_lost_answer_never_pays_twice,
    what_wechat_forgot_is_never_sent_again,
    a_refused_transfer_comes_back,
    an_empty_merchant_account_is_tried_again,
    what_wechat_never_took_can_be_rejected,
    what_wechat_took_is_not_rejected,
    a_large_one_carries_the_sealed_name,
    what_is_anothers_moves_nothing,
);

async fn what_is_not_confirmed_in_time_comes_back(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let asked = withdraw(&alice, 400, "w").await;
    approve(&house, &asked).await;
    becomes(&alice, &asked, "confirm").await;
    // Nobody tells us; asking does.
    house.advance(86_500);
    becomes(&alice, &asked, "expired").await;
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 1000), 0)
    );
    house.audit().await;
}

async fn what_fails_or_is_cancelled_comes_back(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    for (outcome, state) in [
        ("fail", "failed"),
        ("cancel", "failed"),
        ("expire", "expired"),
    ] {
        let asked = withdraw(&alice, 400, outcome).await;
        approve(&house, &asked).await;
        becomes(&alice, &asked, "confirm").await;
        let id = asked["id"].as_i64().unwrap();
        let no = house
            .parts
            .payments
            .withdrawal_of(alice.id(), id)
            .await
            .unwrap()
            .out_bill_no;
        assert_eq!(
            house
                .control(&format!("transfers/{no}"), json!({"do": outcome}))
                .await,
            204
        );
        becomes(&alice, &asked, state).await;
        assert_eq!(
            (alice.purse().await, held(&house, &alice).await),
            ((0, 1000), 0)
        );
        // What came back is old income: it may go again at once.
    }
    house.audit().await;
}

async fn a_lost_answer_never_pays_twice(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let path = "/v3/fund-app/mch-transfer/transfer-bills";
    let asked = withdraw(&alice, 400, "w").await;
    // The request got lost; then the next one's answer; and the questions in between.
    house.fault(json!({"path": path, "exact": true, "status": 500, "errcode": "SYSTEM_ERROR", "times": 1})).await;
    house
        .fault(json!({"path": path, "exact": true, "drop_answer": true, "times": 1}))
        .await;
    house
        .fault(json!({"path": format!("{path}/out-bill-no"), "status": 503, "times": 2}))
        .await;
    approve(&house, &asked).await;
    let calls = || async { house.outside().await["calls"][path].as_u64().unwrap_or(0) };
    eventually("it was asked for", || async { calls().await == 1 }).await;
    let id = json!({"id": asked["id"]});
    let waits = || async {
        assert_eq!(
            held(&house, &alice).await,
            400,
            "while nothing is clear, nothing comes back"
        );
        alice.get("qlive_user/withdrawals/", id.clone()).await.ok()["state"] == "confirm"
    };
    house.with_time("it waits for its user", waits).await;
    // The lost answer had what the client confirms with: the same request is answered with it again.
    let shown = || async { alice.get("qlive_user/withdrawals/", id.clone()).await.ok() };
    house
        .with_time("it can be confirmed", || async {
            shown().await["package_info"].is_string()
        })
        .await;
    assert_eq!(
        calls().await,
        3,
        "asked for again under the same number, and no more once it is known"
    );
    let (no, _) = transfer(&house).await;
    assert_eq!(
        house
            .control(
                &format!("transfers/{no}"),
                json!({"do": "confirm", "told": false})
            )
            .await,
        204
    );
    house.advance(700);
    becomes(&alice, &asked, "paid").await;
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 600), 0)
    );
    assert_eq!(house.audit().await.systems[2], ("paid_out", 400));
}

async fn what_wechat_forgot_is_never_sent_again(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let path = "/v3/fund-app/mch-transfer/transfer-bills";
    let asked = withdraw(&alice, 400, "w").await;
    approve(&house, &asked).await;
    becomes(&alice, &asked, "confirm").await;
    let question = format!("{path}/out-bill-no");
    house
        .fault(json!({"path": question, "status": 404, "errcode": "NOT_FOUND"}))
        .await;
    let calls = |path: String| {
        let house = &house;
        async move {
            let calls = house.outside().await["calls"].clone();
            let calls = calls
                .as_object()
                .unwrap()
                .iter()
                .filter(|(asked, _)| asked.starts_with(&path));
            calls.map(|(_, times)| times.as_u64().unwrap()).sum::<u64>()
        }
    };
    house.advance(700);
    eventually("it is asked about", || async {
        calls(question.clone()).await >= 1
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(
        house.outside().await["calls"][path],
        1,
        "it may be paid yet"
    );
    becomes(&alice, &asked, "confirm").await;
    assert_eq!(held(&house, &alice).await, 400);
}

async fn a_refused_transfer_comes_back(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let path = "/v3/fund-app/mch-transfer/transfer-bills";
    house.fault(json!({"path": path, "exact": true, "status": 400, "errcode": "INVALID_REQUEST", "times": 1})).await;
    let asked = withdraw(&alice, 400, "w").await;
    approve(&house, &asked).await;
    becomes(&alice, &asked, "failed").await;
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 1000), 0)
    );
    house.audit().await;
}

async fn an_empty_merchant_account_is_tried_again(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let path = "/v3/fund-app/mch-transfer/transfer-bills";
    house.fault(json!({"path": path, "exact": true, "status": 403, "errcode": "NOT_ENOUGH", "times": 1})).await;
    let asked = withdraw(&alice, 400, "w").await;
    approve(&house, &asked).await;
    let calls = || async { house.outside().await["calls"][path].as_u64().unwrap_or(0) };
    eventually("it was asked for", || async { calls().await == 1 }).await;
    becomes(&alice, &asked, "paying").await;
    house.advance(60);
    becomes(&alice, &asked, "confirm").await;
    transfer(&house).await;
}

async fn what_wechat_never_took_can_be_rejected(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let path = "/v3/fund-app/mch-transfer/transfer-bills";
    house
        .fault(json!({"path": path, "exact": true, "status": 403, "errcode": "NOT_ENOUGH"}))
        .await;
    let asked = withdraw(&alice, 400, "w").await;
    approve(&house, &asked).await;
    let calls = || async { house.outside().await["calls"][path].as_u64().unwrap_or(0) };
    eventually("it was asked for", || async { calls().await == 1 }).await;
    let reject = || {
        house
            .parts
            .payments
            .reject(house.operator(), asked["id"].as_i64().unwrap())
    };
    assert!(
        matches!(reject().await, Err(PaymentsError::UnderWay)),
        "its request may be on its way"
    );
    assert_eq!(held(&house, &alice).await, 400);
    house
        .with_time("it is rejected", || async { reject().await.is_ok() })
        .await;
    assert_eq!(
        becomes(&alice, &asked, "rejected").await["state"],
        "rejected"
    );
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 1000), 0)
    );
    assert!(matches!(reject().await, Err(PaymentsError::Decided)));
    let before = calls().await;
    house.no_faults().await;
    house.advance(1_300);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(calls().await, before, "nobody asks for it any more");
    house.audit().await;
}

async fn what_wechat_took_is_not_rejected(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let path = "/v3/fund-app/mch-transfer/transfer-bills";
    // The answer got lost, and so did those to the questions that followed.
    house
        .fault(json!({"path": path, "exact": true, "drop_answer": true, "times": 1}))
        .await;
    house
        .fault(json!({"path": format!("{path}/out-bill-no"), "status": 503}))
        .await;
    let asked = withdraw(&alice, 400, "w").await;
    approve(&house, &asked).await;
    let calls = || async { house.outside().await["calls"][path].as_u64().unwrap_or(0) };
    eventually("it was asked for", || async { calls().await == 1 }).await;
    let reject = || {
        house
            .parts
            .payments
            .reject(house.operator(), asked["id"].as_i64().unwrap())
    };
    house
        .with_time("WeChat is asked, in vain", || async {
            matches!(reject().await, Err(PaymentsError::ProviderSilent(_)))
        })
        .await;
    house.no_faults().await;
    house
        .with_time("it is WeChat's", || async {
            let refused = reject().await.unwrap_err();
            assert!(
                !matches!(refused, PaymentsError::ProviderSilent(_)),
                "{refused}"
            );
            matches!(refused, PaymentsError::Decided)
        })
        .await;
    becomes(&alice, &asked, "confirm").await;
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 600), 400)
    );
    house.audit().await;
}

async fn a_large_one_carries_the_sealed_name(db: TestDb) {
    let house = House::open_with(db, |settings| {
        settings.payouts.second_operator_above_fen = 1_000_000
    })
    .await;
    let alice = earner(&house, 50_000).await;
    let ask = |body: Value| alice.post("qlive_user/withdraw/", body);
    let missing = ask(json!({"income": 20_000, "request_id": "a"}))
        .await
        .refused(400, "missing");
    assert_eq!(missing["field"], "real_name");
    let asked = ask(json!({"income": 20_000, "request_id": "a", "real_name": "爱丽丝"}))
        .await
        .ok();
    assert_eq!(asked["fen"], 200_000);
    approve(&house, &asked).await;
    becomes(&alice, &asked, "confirm").await;
    let (no, known) = transfer(&house).await;
    assert_eq!(known["name"], "爱丽丝", "WeChat could open it");
    assert!(
        !known["asked"].to_string().contains("爱丽丝"),
        "and nobody on the way"
    );
    assert_eq!(
        house
            .control(&format!("transfers/{no}"), json!({"do": "confirm"}))
            .await,
        204
    );
    becomes(&alice, &asked, "paid").await;
    ask(json!({"income": 100, "request_id": "b", "real_name": "x".repeat(65)}))
        .await
        .refused(400, "invalid");
}

async fn what_is_anothers_moves_nothing(db: TestDb) {
    let house = House::open(db).await;
    let alice = earner(&house, 1000).await;
    let asked = withdraw(&alice, 400, "w").await;
    approve(&house, &asked).await;
    becomes(&alice, &asked, "confirm").await;
    let (no, _) = transfer(&house).await;
    let told = json!({"mch_id": "1900000001", "out_bill_no": no, "state": "SUCCESS", "transfer_amount": 4000});
    for (key, value) in [
        ("mch_id", json!("1900000009")),
        ("transfer_amount", json!(3999)),
        ("transfer_amount", json!(null)),
    ] {
        let mut wrong = told.clone();
        wrong[key] = value;
        assert_eq!(
            notice(
                &house,
                "MCHTRANSFER.BILL.FINISHED",
                "mch_payment",
                wrong,
                json!({})
            )
            .await,
            400,
            "{key}"
        );
    }
    let mut unknown = told.clone();
    unknown["out_bill_no"] = json!("W1");
    assert_eq!(
        notice(
            &house,
            "MCHTRANSFER.BILL.FINISHED",
            "mch_payment",
            unknown,
            json!({})
        )
        .await,
        204
    );
    assert_eq!(
        (
            held(&house, &alice).await,
            becomes(&alice, &asked, "confirm").await["state"].clone()
        ),
        (400, json!("confirm"))
    );
    for _ in 0..2 {
        assert_eq!(
            notice(
                &house,
                "MCHTRANSFER.BILL.FINISHED",
                "mch_payment",
                told.clone(),
                json!({})
            )
            .await,
            204
        );
    }
    becomes(&alice, &asked, "paid").await;
    let mut failed = told;
    failed["state"] = json!("FAIL");
    assert_eq!(
        notice(
            &house,
            "MCHTRANSFER.BILL.FINISHED",
            "mch_payment",
            failed,
            json!({})
        )
        .await,
        204
    );
    assert_eq!(
        (alice.purse().await, held(&house, &alice).await),
        ((0, 600), 0),
        "what is paid stays paid"
    );
    // One that nobody approved is not sent off by a notice.
    let review = withdraw(&alice, 50, "review").await;
    let no = house
        .parts
        .payments
        .withdrawal_of(alice.id(), review["id"].as_i64().unwrap())
        .await
        .unwrap()
        .out_bill_no;
    let paid = json!({"mch_id": "1900000001", "out_bill_no": no, "state": "SUCCESS", "transfer_amount": 500});
    assert_eq!(
        notice(
            &house,
            "MCHTRANSFER.BILL.FINISHED",
            "mch_payment",
            paid,
            json!({})
        )
        .await,
        400
    );
    house.advance(1_300);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(becomes(&alice, &review, "review").await["state"], "review");
    assert_eq!(held(&house, &alice).await, 50);
    // One that failed here and is paid there after all is not passed over.
    let late = withdraw(&alice, 100, "late").await;
    approve(&house, &late).await;
    becomes(&alice, &late, "confirm").await;
    let no = house
        .parts
        .payments
        .withdrawal_of(alice.id(), late["id"].as_i64().unwrap())
        .await
        .unwrap()
        .out_bill_no;
    assert_eq!(
        house
            .control(&format!("transfers/{no}"), json!({"do": "fail"}))
            .await,
        204
    );
    let before = house.callbacks("pay", "unfit").await;
    let paid = json!({"mch_id": "1900000001", "out_bill_no": no, "state": "SUCCESS", "transfer_amount": 1000});
    assert_eq!(
        notice(
            &house,
            "MCHTRANSFER.BILL.FINISHED",
            "mch_payment",
            paid,
            json!({})
        )
        .await,
        400
    );
    assert_eq!(house.callbacks("pay", "unfit").await, before + 1);
    house.audit().await;
}
