//! The comparison of WeChat Pay's bill with the orders, the refunds and the ledger.

use qlive_payments::{Difference, PaymentsError};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, fen, order_number, wait_until};
use qlive_types::Gender;
use serde_json::json;

on_both!(
    matching_day_has_no_differences,
    each_difference_of_an_order_is_reported,
    each_difference_of_a_refund_is_reported,
    contradictions_of_open_and_returned_refunds_are_reported,
    coins_missing_in_the_ledger_are_reported,
    bill_from_a_file_is_accepted_and_half_a_bill_is_refused,
    bill_that_is_tampered_or_not_ready_is_refused,
    order_paid_twice_is_reported,
);

fn today(app: &TestApp) -> String {
    app.clock.now().shanghai()[..10].to_owned()
}

async fn reconcile(app: &TestApp, bill: Option<String>) -> Vec<Difference> {
    let payments = &app.services.payments;
    payments.reconcile(&today(app), bill).await.unwrap()
}

/// The names of the differences from a bill.
async fn difference_kinds(app: &TestApp, bill: &str) -> Vec<&'static str> {
    let differences = reconcile(app, Some(bill.to_owned())).await;
    let names = differences.iter().map(|difference| difference.kind.name());
    names.collect()
}

/// Today's bill as WeChat Pay has it now.
async fn bill(app: &TestApp) -> String {
    let payments = &app.services.payments;
    payments.fetch_bill(&today(app)).await.unwrap().unwrap()
}

/// The amounts of a difference in fen: in the bill, and recorded here.
fn amounts(difference: &Difference) -> (Option<i64>, Option<i64>) {
    (
        difference.bill.map(|fen| fen.get()),
        difference.recorded.map(|fen| fen.get()),
    )
}

async fn matching_day_has_no_differences(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let empty_day = app
        .services
        .payments
        .fetch_bill(&today(&app))
        .await
        .unwrap();
    assert_eq!(empty_day, None, "a day without payments has no bill");
    assert_eq!(reconcile(&app, None).await, []);
    let (bob, order) = app.buyer("bob", blocks::SIXTY).await;
    app.buyer("carl", blocks::TEN).await;
    app.refund(&order, None).await.unwrap();
    app.wait_for_refunds(&order, &[(600, "done")]).await;
    let (_, doras_order) = app.buyer("dora", blocks::SIXTY).await;
    app.refund_at_platform(&doras_order, 100).await;
    bob.create_order(blocks::SIXTY).await;
    assert_eq!(reconcile(&app, None).await, []);
    assert_eq!(bill(&app).await.matches("`SUCCESS,`OTHERS").count(), 3);
}

async fn bill_that_is_tampered_or_not_ready_is_refused(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    app.buyer("bob", blocks::SIXTY).await;
    let request = "/v3/bill/tradebill";
    for fault in [
        json!({"path": "/v3/billdownload/file", "times": 1, "tampered": true}),
        json!({"path": request, "times": 1, "tampered": true}),
        json!({"path": request, "times": 1, "status": 400, "errcode": "STATEMENT_CREATING"}),
    ] {
        app.add_fault(fault.clone()).await;
        let refused = app.services.payments.reconcile(&today(&app), None).await;
        assert!(
            matches!(refused, Err(PaymentsError::ProviderSilent(_))),
            "{fault}: {refused:?}"
        );
    }
}

async fn order_paid_twice_is_reported(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let (_, order) = app.buyer("bob", blocks::SIXTY).await;
    let number = order_number(&order);
    let bill = bill(&app).await;
    let line = bill.lines().find(|line| line.contains(number)).unwrap();
    // A second line with another transaction id.
    let at = line.find("`42000").unwrap();
    let second_payment = format!("{}`42999{}", &line[..at], &line[at + 6..]);
    let bill = bill.replace(line, &format!("{line}\r\n{second_payment}"));
    let differences = reconcile(&app, Some(bill)).await;
    let reported: Vec<_> = differences
        .iter()
        .map(|difference| (difference.kind.name(), difference.number.as_str()))
        .collect();
    assert_eq!(reported, [("paid_twice", number)]);
}

async fn each_difference_of_an_order_is_reported(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let (_, matching) = app.buyer("bob", blocks::SIXTY).await;
    let carl = app.guest("carl", Gender::Male).await;
    let uncredited = carl.create_order(blocks::TEN).await;
    app.pay_without_notice(&uncredited).await;
    let (_, other_amount) = app.buyer("dora", blocks::SIXTY).await;
    let (_, missing) = app.buyer("emil", blocks::SIXTY).await;
    let (_, refunded) = app.buyer("finn", blocks::SIXTY).await;
    app.lose_next_notice("/pay_notify/").await;
    app.refund_at_platform(&refunded, 100).await;
    let unknown = "of-another-seller";
    let changed: Vec<String> = bill(&app)
        .await
        .lines()
        .filter(|line| !line.contains(order_number(&missing)))
        .map(|line| {
            if line.contains(order_number(&other_amount)) {
                line.replace("`6.00", "`5.00")
            } else if line.contains(order_number(&matching)) {
                let of_another_seller = line.replace(order_number(&matching), unknown);
                format!("{line}\r\n{of_another_seller}")
            } else {
                line.to_owned()
            }
        })
        .collect();
    let differences = reconcile(&app, Some(changed.join("\r\n"))).await;
    let mut found: Vec<_> = differences
        .iter()
        .map(|one| (one.kind.name(), one.number.as_str(), amounts(one)))
        .collect();
    found.sort_unstable();
    let refund = found.iter().find(|row| row.0 == "unknown_refund").unwrap();
    let refund = refund.1;
    assert!(refund.starts_with("platform"), "{refund}");
    let expected = [
        (
            "amount_differs",
            order_number(&other_amount),
            (Some(500), Some(600)),
        ),
        (
            "not_credited",
            order_number(&uncredited),
            (Some(100), Some(100)),
        ),
        ("not_in_bill", order_number(&missing), (None, Some(600))),
        ("unknown_order", unknown, (Some(600), None)),
        ("unknown_refund", refund, (Some(100), None)),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        carl.balances().await,
        (0, 0),
        "the comparison changes nothing"
    );
    app.audit().await;
}

async fn bill_from_a_file_is_accepted_and_half_a_bill_is_refused(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    app.buyer("bob", blocks::SIXTY).await;
    let payments = &app.services.payments;
    let bill = bill(&app).await;
    assert_eq!(reconcile(&app, Some(bill.clone())).await, []);
    let half: String = bill.chars().take(bill.chars().count() / 2).collect();
    let refused = payments.reconcile(&today(&app), Some(half)).await;
    assert!(
        matches!(refused, Err(PaymentsError::Bill(_))),
        "{refused:?}"
    );
    let not_a_day = payments.reconcile("yesterday", Some(bill)).await;
    assert!(
        matches!(not_a_day, Err(PaymentsError::Bill(_))),
        "{not_a_day:?}"
    );
}

/// Buys a block and refunds 2 yuan of it; returns the number of the refund.
async fn finished_refund(app: &TestApp) -> String {
    let (_, order) = app.buyer("bob", blocks::SIXTY).await;
    let number = app.refund(&order, Some(fen(200))).await.unwrap();
    app.wait_for_refunds(&order, &[(200, "done")]).await;
    number
}

async fn each_difference_of_a_refund_is_reported(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let number = finished_refund(&app).await;
    let bill = bill(&app).await;
    let other_amount = bill.replace("`2.00", "`1.00");
    let failed = bill.replace("`ORIGINAL,`SUCCESS", "`ORIGINAL,`FAIL");
    let missing: String = bill
        .lines()
        .filter(|line| !line.contains(&number))
        .map(|line| format!("{line}\r\n"))
        .collect();
    for (bill, kind, expected_amounts) in [
        (
            other_amount,
            "refund_amount_differs",
            (Some(100), Some(200)),
        ),
        (failed, "refund_failed", (Some(200), Some(200))),
        (missing, "refund_not_in_bill", (None, Some(200))),
    ] {
        let differences = reconcile(&app, Some(bill)).await;
        let [one] = differences.as_slice() else {
            panic!("{kind}: {differences:?}")
        };
        assert_eq!(
            (one.kind.name(), one.number.as_str()),
            (kind, number.as_str())
        );
        assert_eq!(amounts(one), expected_amounts, "{kind}");
    }
}

async fn contradictions_of_open_and_returned_refunds_are_reported(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    finished_refund(&app).await;
    app.hold_refunds().await;
    let (carl, order) = app.buyer("carl", blocks::SIXTY).await;
    let number = app.refund(&order, None).await.unwrap();
    wait_until("the refund is in the bill", || async {
        bill(&app).await.contains(&number)
    })
    .await;
    let open = bill(&app).await;
    let successful = open.replace("`PROCESSING", "`SUCCESS");
    let closed = open.replace("`PROCESSING", "`CLOSED");
    assert_eq!(
        difference_kinds(&app, &successful).await,
        ["refund_not_settled"]
    );
    assert_eq!(
        difference_kinds(&app, &closed).await,
        ["refund_not_settled"]
    );
    assert!(app.finish_refund(&number, "closed").await);
    carl.wait_for_balances(60, 0).await;
    assert_eq!(
        difference_kinds(&app, &successful).await,
        ["refund_taken_back"]
    );
    assert_eq!(difference_kinds(&app, &closed).await, [""; 0]);
}

async fn coins_missing_in_the_ledger_are_reported(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    finished_refund(&app).await;
    app.execute_sql("UPDATE orders SET gold = 61").await;
    let differences = reconcile(&app, None).await;
    assert_eq!(differences[0].kind.name(), "not_in_ledger");
}
