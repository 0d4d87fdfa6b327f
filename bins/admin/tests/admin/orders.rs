//! `orders`.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, wait_until};
use qlive_types::Gender;
use serde_json::json;

use crate::process::{run, run_refused};

on_both!(
    order_is_queried_and_refunded_in_parts,
    difference_from_the_bill_is_shown_and_nothing_changes,
    bill_that_a_spreadsheet_saved_in_gbk_is_read,
);

async fn order_is_queried_and_refunded_in_parts(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(1).await;
    let no = order["out_trade_no"].as_str().unwrap();
    assert_eq!(
        run(&app, &["orders", "list", "--state", "created"]).await[0]["out_trade_no"],
        no
    );
    assert_eq!(
        run(&app, &["orders", "query", no]).await["state"],
        "created"
    );
    assert_eq!(app.pay_with(&order, json!({"told": false})).await, 200);
    let asked = run(&app, &["orders", "query", no]).await;
    assert_eq!(
        (&asked["state"], &asked["price"], bob.balances().await),
        (&json!("paid"), &json!("6"), (60, 0))
    );
    run_refused(
        &app,
        &["orders", "refund", no, "--amount", "6.01", "--reason", "r"],
    )
    .await;
    run(
        &app,
        &[
            "orders",
            "refund",
            no,
            "--amount",
            "1.50",
            "--reason",
            "the user asked",
        ],
    )
    .await;
    assert_eq!(bob.balances().await, (45, 0));
    wait_until("the server has refunded it at WeChat", || async {
        run(&app, &["orders", "show", no]).await["refunds"][0]["state"] == "done"
    })
    .await;
    let shown = run(&app, &["orders", "show", no]).await;
    assert_eq!(
        (&shown["state"], &shown["refunded"]),
        (&json!("paid"), &json!("1.5"))
    );
    run(&app, &["orders", "refund", no, "--reason", "the rest"]).await;
    assert_eq!(
        (
            bob.balances().await,
            &run(&app, &["orders", "show", no]).await["state"]
        ),
        ((0, 0), &json!("refunded"))
    );
    let listed = run(&app, &["orders", "list", "--user", &bob.user_id]).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(run(&app, &["orders", "complaints"]).await, json!([]));
}

async fn difference_from_the_bill_is_shown_and_nothing_changes(db: TestDb) {
    let app = TestApp::start(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(1).await;
    app.pay(&order).await;
    let day = app.clock.now().shanghai()[..10].to_owned();
    assert_eq!(
        run(&app, &["orders", "reconcile", "--date", &day]).await,
        json!([])
    );
    let lost = bob.create_order(2).await;
    assert_eq!(app.pay_with(&lost, json!({"told": false})).await, 200);
    let found = run(&app, &["orders", "reconcile", "--date", &day]).await;
    assert_eq!(
        (
            found.as_array().unwrap().len(),
            &found[0]["kind"],
            &found[0]["bill"]
        ),
        (1, &json!("not_credited"), &json!("1"))
    );
    assert!(found[0]["do"].as_str().unwrap().contains("orders query"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bill.csv");
    std::fs::write(
        &file,
        app.services
            .payments
            .fetch_bill(&day)
            .await
            .unwrap()
            .unwrap(),
    )
    .unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(
        run(
            &app,
            &["orders", "reconcile", "--date", &day, "--bill", path]
        )
        .await,
        found
    );
    std::fs::write(&file, "no bill").unwrap();
    run_refused(
        &app,
        &["orders", "reconcile", "--date", &day, "--bill", path],
    )
    .await;
    run_refused(&app, &["orders", "reconcile", "--date", "2026-13-01"]).await;
    assert_eq!(bob.balances().await, (60, 0), "reconcile changes nothing");
}

async fn bill_that_a_spreadsheet_saved_in_gbk_is_read(db: TestDb) {
    let app = TestApp::start_at_noon(db).await;
    let bob = app.guest("bob", Gender::Male).await;
    let order = bob.create_order(1).await;
    app.pay(&order).await;
    let day = app.clock.now().shanghai()[..10].to_owned();
    let form = json!({"headings": "old", "encoding": "gbk", "quoted": true,
        "other_sales": [{"description": "红酒,半价", "attach": "a\n`2026-11-23"}]});
    assert_eq!(app.sandbox_post("bills", form).await, 204);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bill.csv");
    // As the sandbox sends it: the bytes are not UTF-8.
    let payments = &app.services.payments;
    let text = payments.fetch_bill(&day).await.unwrap().unwrap();
    let (gbk, _, _) = encoding_rs::GBK.encode(&text);
    std::fs::write(&file, &gbk).unwrap();
    let path = file.to_str().unwrap();
    let arguments = ["orders", "reconcile", "--date", &day, "--bill", path];
    let found = run(&app, &arguments).await;
    assert_eq!(
        (
            found.as_array().unwrap().len(),
            &found[0]["kind"],
            &found[0]["number"]
        ),
        (1, &json!("unknown_order"), &json!("other-0"))
    );
    let renamed = text.replace("退款状态", "状态");
    let (gbk, _, _) = encoding_rs::GBK.encode(&renamed);
    std::fs::write(&file, &gbk).unwrap();
    let error = run_refused(&app, &arguments).await;
    assert!(error.contains("退款状态"), "{error}");
}
