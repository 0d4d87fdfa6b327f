//! The comparison with WeChat Pay's bill, in each form that a bill can have, and with texts of
//! other sellers in it.

use qlive_payments::{Difference, PaymentsError};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, blocks, fen, order_number, wait_until};
use qlive_types::Moment;
use serde_json::{Value, json};

on_both!(
    texts_of_other_sellers_do_not_end_the_comparison,
    missing_heading_is_named,
    row_of_an_unknown_state_is_reported_by_its_line,
    refund_is_sought_in_the_bill_of_the_day_on_which_it_was_accepted,
    refund_that_is_not_accepted_yet_is_not_missed,
    platform_refund_reported_after_midnight_is_not_missed,
);

/// The day in Shanghai now.
fn today(app: &TestApp) -> String {
    app.clock.now().shanghai()[..10].to_owned()
}

async fn set_bill_form(app: &TestApp, form: &Value) {
    let status = app.sandbox_post("bills", form.clone()).await;
    assert_eq!(status, 204, "{form}");
}

/// The differences of a day from a bill, or from the one that is fetched.
async fn differences(app: &TestApp, day: &str, bill: Option<String>) -> Vec<(String, String)> {
    let found: Vec<Difference> = app.services.payments.reconcile(day, bill).await.unwrap();
    found
        .into_iter()
        .map(|one| (one.kind.name().to_owned(), one.number))
        .collect()
}

async fn bill(app: &TestApp, day: &str) -> String {
    let payments = &app.services.payments;
    payments.fetch_bill(day).await.unwrap().unwrap()
}

/// The names of the differences.
fn kinds(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(kind, _)| kind.as_str()).collect()
}

async fn texts_of_other_sellers_do_not_end_the_comparison(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let (_, order) = app.buyer("bob", blocks::SIXTY).await;
    app.refund(&order, Some(fen(200))).await.unwrap();
    app.wait_for_refunds(&order, &[(200, "done")]).await;
    let texts = [
        ("红酒,半价", "uid=1,room=2"),
        ("say \"hi\"", "{\"a\":\"b\",\"c\":1}"),
        ("two\nlines", "three\r\n\r\nlines"),
        ("back`tick", "a,`b,`c,`d,`e,`f,`g"),
        ("\n`2026-11-23 10:00:00,`wx1", "\"`"),
        ("总交易单数,应结订单总金额", "\n总交易单数\n`1,`2"),
        (",", "\""),
    ];
    let sales: Vec<Value> = texts
        .iter()
        .map(|(name, attach)| json!({"description": name, "attach": attach}))
        .collect();
    let others = vec!["unknown_order"; texts.len()];
    for form in [
        json!({}),
        json!({"headings": "old"}),
        json!({"encoding": "gbk"}),
        json!({"quoted": true}),
        json!({"headings": "old", "encoding": "gbk", "quoted": true}),
    ] {
        set_bill_form(&app, &form).await;
        assert_eq!(differences(&app, &today(&app), None).await, [], "{form}");
        let mut with_others = form.clone();
        with_others["other_sales"] = json!(sales);
        set_bill_form(&app, &with_others).await;
        let found = differences(&app, &today(&app), None).await;
        assert_eq!(kinds(&found), others, "{form}");
        for (index, (_, number)) in found.iter().enumerate() {
            assert_eq!(number, &format!("other-{index}"), "{form}");
        }
        // Our own order is read beside them: another amount of it is found.
        let changed = bill(&app, &today(&app)).await.replace("`6.00", "`5.00");
        let found = differences(&app, &today(&app), Some(changed)).await;
        let ours = ("amount_differs".to_owned(), order_number(&order).to_owned());
        assert!(found.contains(&ours), "{form}: {found:?}");
    }
}

async fn missing_heading_is_named(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    app.buyer("bob", blocks::SIXTY).await;
    let payments = &app.services.payments;
    let current = bill(&app, &today(&app)).await;
    set_bill_form(&app, &json!({"headings": "old"})).await;
    let old = bill(&app, &today(&app)).await;
    let common = [
        "交易状态",
        "退款状态",
        "商户退款单号",
        "微信订单号",
        "商户订单号",
    ];
    for (bill, amounts) in [
        (current, ["订单金额", "申请退款金额"]),
        (old, ["总金额", "退款金额"]),
    ] {
        for heading in common.into_iter().chain(amounts) {
            let renamed = bill.replacen(&format!(",{heading},"), ",x,", 1);
            assert_ne!(renamed, bill, "{heading}");
            let refused = payments.reconcile(&today(&app), Some(renamed)).await;
            let Err(PaymentsError::Bill(error)) = refused else {
                panic!("{heading}: {refused:?}")
            };
            let named = if heading == "总金额" {
                "订单金额"
            } else {
                heading
            };
            assert!(error.contains(named), "{heading}: {error}");
        }
    }
}

async fn row_of_an_unknown_state_is_reported_by_its_line(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let (_, order) = app.buyer("bob", blocks::SIXTY).await;
    app.refund(&order, Some(fen(200))).await.unwrap();
    app.wait_for_refunds(&order, &[(200, "done")]).await;
    let bill = bill(&app, &today(&app)).await;
    let number = order_number(&order);
    let unknown = |line: u32| ("unknown_row".to_owned(), format!("line {line} ({number})"));
    let state = bill.replace("`JSAPI,`REFUND", "`JSAPI,`BORROWED");
    let found = differences(&app, &today(&app), Some(state)).await;
    assert_eq!(found[0], unknown(3));
    assert_eq!(kinds(&found), ["unknown_row", "refund_not_in_bill"]);
    let status = bill.replace("`ORIGINAL,`SUCCESS", "`ORIGINAL,`BORROWED");
    let found = differences(&app, &today(&app), Some(status)).await;
    assert_eq!(found, [unknown(3)]);
    let amount = bill.replace("`2.00", "`2,00");
    let payments = &app.services.payments;
    let refused = payments.reconcile(&today(&app), Some(amount)).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("line 3"), "{error}");
}

/// Drops the row with this number.
fn without_row(bill: &str, number: &str) -> String {
    let lines = bill.lines().filter(|line| !line.contains(number));
    lines.map(|line| format!("{line}\r\n")).collect()
}

async fn refund_is_sought_in_the_bill_of_the_day_on_which_it_was_accepted(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let (_, order) = app.buyer("bob", blocks::SIXTY).await;
    app.hold_refunds().await;
    let number = app.refund(&order, Some(fen(200))).await.unwrap();
    let yesterday = today(&app);
    wait_until("WeChat accepts the refund", || async {
        app.sandbox_state().await["refunds"][&number]["status"] == "PROCESSING"
    })
    .await;
    let midnight = Moment::parse_day(&yesterday).unwrap();
    let past_midnight = 86_400 + 60 - app.clock.now().since(midnight).as_secs();
    app.advance(past_midnight);
    assert_ne!(today(&app), yesterday);
    for is_done in [false, true] {
        if is_done {
            assert!(app.finish_refund(&number, "success").await);
            app.wait_for_refunds(&order, &[(200, "done")]).await;
        }
        // It is in yesterday's bill, in which it is not missed; today has no bill.
        assert_eq!(differences(&app, &yesterday, None).await, [], "{is_done}");
        assert_eq!(differences(&app, &today(&app), None).await, [], "{is_done}");
        let missing = without_row(&bill(&app, &yesterday).await, &number);
        let found = differences(&app, &yesterday, Some(missing)).await;
        let missed = ("refund_not_in_bill".to_owned(), number.clone());
        assert_eq!(found, [missed], "{is_done}");
    }
    app.audit().await;
}

async fn refund_that_is_not_accepted_yet_is_not_missed(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let (_, order) = app.buyer("bob", blocks::SIXTY).await;
    let path = "/v3/refund/domestic/refunds";
    let fault = json!({"path": path, "exact": true, "status": 500, "errcode": "SYSTEM_ERROR"});
    app.add_fault(fault).await;
    app.refund(&order, Some(fen(200))).await.unwrap();
    app.wait_for_sandbox_calls(path, 1).await;
    assert_eq!(differences(&app, &today(&app), None).await, []);
    let yesterday = today(&app);
    app.clear_faults().await;
    app.advance(86_400);
    app.wait_for_refunds(&order, &[(200, "done")]).await;
    // Requested yesterday, accepted and done today.
    assert_eq!(differences(&app, &yesterday, None).await, []);
    assert_eq!(differences(&app, &today(&app), None).await, []);
    app.audit().await;
}

async fn platform_refund_reported_after_midnight_is_not_missed(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let (_, order) = app.buyer("bob", blocks::SIXTY).await;
    let midnight = Moment::parse_day(&today(&app)).unwrap();
    app.advance(86_400 + 120 - app.clock.now().since(midnight).as_secs());
    // WeChat made it before midnight, so it is in no bill of today.
    app.refund_at_platform(&order, 200).await;
    let nothing = |bill: &str| -> String {
        let lines = bill.lines().filter(|line| !line.contains("REFUND"));
        lines.map(|line| format!("{line}\r\n")).collect()
    };
    let without_refund = nothing(&bill(&app, &today(&app)).await);
    let found = differences(&app, &today(&app), Some(without_refund)).await;
    assert_eq!(found, []);
    // One that is reported at noon was made today.
    app.advance(12 * 3_600);
    app.refund_at_platform(&order, 100).await;
    let without_refunds = nothing(&bill(&app, &today(&app)).await);
    let found = differences(&app, &today(&app), Some(without_refunds)).await;
    assert_eq!(kinds(&found), ["refund_not_in_bill"]);
}
