//! WeChat's bill against our orders and the ledger.

use qlive_payments::{Difference, PaymentsError};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{House, eventually};
use qlive_types::Gender;
use serde_json::json;

use crate::recharge::buyer;

on_both!(
    a_day_in_order_has_no_differences,
    every_difference_is_a_row,
    refunds_that_differ_are_rows_too,
    a_bill_from_a_file_is_read_too,
    a_bill_that_was_changed_or_is_not_there_yet_is_not_read,
    an_order_that_was_paid_twice_is_a_row
);

fn today(house: &House) -> String {
    house.clock.now().shanghai()[..10].to_owned()
}

async fn reconcile(house: &House, bill: Option<String>) -> Vec<Difference> {
    house
        .parts
        .payments
        .reconcile(&today(house), bill)
        .await
        .unwrap()
}

/// The bill as WeChat has it now.
async fn bill(house: &House) -> String {
    house
        .parts
        .payments
        .bill(&today(house))
        .await
        .unwrap()
        .unwrap()
}

async fn a_day_in_order_has_no_differences(db: TestDb) {
    let house = House::open_at_noon(db).await;
    assert_eq!(
        house.parts.payments.bill(&today(&house)).await.unwrap(),
        None,
        "nothing was traded"
    );
    assert_eq!(reconcile(&house, None).await, []);
    let (bob, order) = buyer(&house, "bob", 1).await;
    buyer(&house, "carl", 2).await;
    let no = order["out_trade_no"].as_str().unwrap();
    house
        .parts
        .payments
        .refund(house.operator(), no, None)
        .await
        .unwrap();
    eventually("it is refunded", || async {
        house.parts.payments.refunds_of(no).await.unwrap()[0]
            .done_at
            .is_some()
    })
    .await;
    house
        .control(
            &format!(
                "pay/{}/refund",
                buyer(&house, "dora", 1).await.1["out_trade_no"]
                    .as_str()
                    .unwrap()
            ),
            json!({"fen": 100}),
        )
        .await;
    bob.order(1).await;
    assert_eq!(reconcile(&house, None).await, []);
    assert_eq!(bill(&house).await.matches("`SUCCESS,`OTHERS").count(), 3);
}

async fn a_bill_that_was_changed_or_is_not_there_yet_is_not_read(db: TestDb) {
    let house = House::open_at_noon(db).await;
    buyer(&house, "bob", 1).await;
    for fault in [
        json!({"path": "/v3/billdownload/file", "times": 1, "tampered": true}),
        json!({"path": "/v3/bill/tradebill", "times": 1, "tampered": true}),
        json!({"path": "/v3/bill/tradebill", "times": 1, "status": 400, "errcode": "STATEMENT_CREATING"}),
    ] {
        house.fault(fault.clone()).await;
        let refused = house.parts.payments.reconcile(&today(&house), None).await;
        assert!(
            matches!(refused, Err(PaymentsError::ProviderSilent(_))),
            "{fault}: {refused:?}"
        );
    }
}

async fn an_order_that_was_paid_twice_is_a_row(db: TestDb) {
    let house = House::open_at_noon(db).await;
    let (_, order) = buyer(&house, "bob", 1).await;
    let no = order["out_trade_no"].as_str().unwrap();
    let bill = bill(&house).await;
    let line = bill.lines().find(|line| line.contains(no)).unwrap();
    let at = line.find("`42000").unwrap();
    let again = format!("{}`42999{}", &line[..at], &line[at + 6..]);
    let differences = reconcile(
        &house,
        Some(bill.replace(line, &format!("{line}\r\n{again}"))),
    )
    .await;
    let shown: Vec<_> = differences
        .iter()
        .map(|one| (one.kind.name(), one.number.as_str()))
        .collect();
    assert_eq!(shown, [("paid_twice", no)]);
}

async fn every_difference_is_a_row(db: TestDb) {
    let house = House::open_at_noon(db).await;
    let (_, fine) = buyer(&house, "bob", 1).await;
    let (carl, lost) = {
        let carl = house.guest("carl", Gender::Male).await;
        let order = carl.order(2).await;
        assert_eq!(house.try_pay(&order, json!({"told": false})).await, 200);
        (carl, order)
    };
    let (_, dear) = buyer(&house, "dora", 1).await;
    let (_, gone) = buyer(&house, "emil", 1).await;
    let (_, back) = buyer(&house, "finn", 1).await;
    house
        .fault(json!({"path": "/pay_notify/", "notice": "lost", "times": 1}))
        .await;
    let no = |order: &serde_json::Value| order["out_trade_no"].as_str().unwrap().to_owned();
    house
        .control(&format!("pay/{}/refund", no(&back)), json!({"fen": 100}))
        .await;
    let mut told = bill(&house).await;
    // What the bill says is changed: an order of somebody else, another amount, one order left out.
    let lines: Vec<String> = told
        .lines()
        .map(|line| {
            if line.contains(&no(&dear)) {
                line.replace("`6.00", "`5.00")
            } else if line.contains(&no(&fine)) {
                format!("{line}\r\n{}", line.replace(&no(&fine), "of-somebody-else"))
            } else {
                line.to_owned()
            }
        })
        .filter(|line| !line.contains(&no(&gone)))
        .collect();
    told = lines.join("\r\n");
    let mut found: Vec<(String, String, Option<i64>, Option<i64>)> = reconcile(&house, Some(told))
        .await
        .into_iter()
        .map(|one| {
            (
                one.kind.name().to_owned(),
                one.number,
                one.bill.map(|fen| fen.get()),
                one.ours.map(|fen| fen.get()),
            )
        })
        .collect();
    found.sort();
    let platform = found
        .iter()
        .find(|row| row.0 == "unknown_refund")
        .unwrap()
        .1
        .clone();
    assert!(platform.starts_with("platform"), "{platform}");
    let mut expected = vec![
        ("amount_differs".to_owned(), no(&dear), Some(500), Some(600)),
        ("not_credited".to_owned(), no(&lost), Some(100), Some(100)),
        ("not_in_bill".to_owned(), no(&gone), None, Some(600)),
        (
            "unknown_order".to_owned(),
            "of-somebody-else".to_owned(),
            Some(600),
            None,
        ),
        ("unknown_refund".to_owned(), platform, Some(100), None),
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(carl.purse().await, (0, 0), "nothing is mended silently");
    house.audit().await;
}

async fn a_bill_from_a_file_is_read_too(db: TestDb) {
    let house = House::open_at_noon(db).await;
    buyer(&house, "bob", 1).await;
    let told = bill(&house).await;
    assert_eq!(reconcile(&house, Some(told.clone())).await, []);
    let half: String = told.chars().take(told.chars().count() / 2).collect();
    let refused = house
        .parts
        .payments
        .reconcile(&today(&house), Some(half))
        .await;
    assert!(
        matches!(refused, Err(PaymentsError::Bill(_))),
        "half a bill is none"
    );
    let refused = house
        .parts
        .payments
        .reconcile("yesterday", Some(told))
        .await;
    assert!(matches!(refused, Err(PaymentsError::Bill(_))));
}

async fn refunds_that_differ_are_rows_too(db: TestDb) {
    let house = House::open_at_noon(db).await;
    let (_, order) = buyer(&house, "bob", 1).await;
    let no = order["out_trade_no"].as_str().unwrap();
    let payments = &house.parts.payments;
    let number = payments
        .refund(house.operator(), no, qlive_types::Fen::new(200).ok())
        .await
        .unwrap();
    eventually("it is done", || async {
        payments.refunds_of(no).await.unwrap()[0].done_at.is_some()
    })
    .await;
    let told = bill(&house).await;
    let without: String = told
        .lines()
        .filter(|line| !line.contains(&number))
        .map(|line| format!("{line}\r\n"))
        .collect();
    for (bill, kind, amounts) in [
        (
            told.replace("`2.00", "`1.00"),
            "refund_amount_differs",
            (Some(100), Some(200)),
        ),
        (
            told.replace("`ORIGINAL,`SUCCESS", "`ORIGINAL,`FAIL"),
            "refund_failed",
            (Some(200), Some(200)),
        ),
        (without, "refund_not_in_bill", (None, Some(200))),
    ] {
        let found = reconcile(&house, Some(bill)).await;
        let [one] = found.as_slice() else {
            panic!("{kind}: {found:?}")
        };
        assert_eq!(
            (one.kind.name(), one.number.as_str()),
            (kind, number.as_str())
        );
        assert_eq!(
            (one.bill.map(|fen| fen.get()), one.ours.map(|fen| fen.get())),
            amounts,
            "{kind}"
        );
    }
    contradictions(&house).await;
    // Coins that were paid for, but are not in the books.
    house.sql("UPDATE orders SET gold = 61").await;
    assert_eq!(
        reconcile(&house, None).await[0].kind.name(),
        "not_in_ledger"
    );
}

/// What the bill says of a refund that is still asked for here, and of one whose coins came back.
async fn contradictions(house: &House) {
    house.control("refunds", json!({"hold": true})).await;
    let (carl, order) = buyer(house, "carl", 1).await;
    let no = order["out_trade_no"].as_str().unwrap();
    let payments = &house.parts.payments;
    let number = payments.refund(house.operator(), no, None).await.unwrap();
    eventually("it is asked for", || async {
        bill(house).await.contains(&number)
    })
    .await;
    let says = |word: &str| {
        let word = format!("`{word}");
        async move { bill(house).await.replace("`PROCESSING", &word) }
    };
    let (done, failed) = (says("SUCCESS").await, says("CLOSED").await);
    let kinds = async |bill: &String| -> Vec<&str> {
        reconcile(house, Some(bill.clone()))
            .await
            .iter()
            .map(|one| one.kind.name())
            .collect()
    };
    assert_eq!(kinds(&done).await, ["refund_not_settled"]);
    assert_eq!(kinds(&failed).await, ["refund_not_settled"]);
    assert_eq!(
        house
            .control(&format!("refunds/{number}"), json!({"do": "closed"}))
            .await,
        204
    );
    eventually("the coins are back", || async {
        carl.purse().await == (60, 0)
    })
    .await;
    assert_eq!(kinds(&done).await, ["refund_taken_back"]);
    assert_eq!(kinds(&failed).await, [""; 0]);
}
